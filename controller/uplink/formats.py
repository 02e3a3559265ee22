"""The body of each uplink message as a row, and back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controller.cbor import Row, Value, microseconds
from controller.encoding import DIGEST_SIZE, LARGEST_COUNT, permit_row, read_permit
from controller.errors import MessageRefused
from controller.uplink.commissioning import LARGEST_RECORD
from controller.uplink.messages import (
    HASH_SIZE,
    LONGEST_ORDER,
    NONCE_SIZE,
    CommissioningReceipt,
    CommissioningReport,
    DoorOrder,
    DoorOrders,
    DoorReport,
    DoorRuleBook,
    Heartbeat,
    Message,
    OrderOutcome,
    OrderRequest,
    OrderResult,
    PassageBatch,
    PermitDelta,
    PermitRequest,
    PermitSnapshot,
    Receipt,
    RulesRequest,
)
from controller.uplink.rule_rows import (
    MOST_DOORS,
    RULES_LIMIT,
    read_rule_book,
    rule_book_row,
)
from controller.vocabulary import DoorId, GatewayId, Permit, PermitId, Revision

LONGEST_ENTRY = 640
"""Bytes; the longest names in the longest encoding take fewer."""
MOST_ENTRIES = 500
MOST_PERMITS = 200_000
MOST_ORDERS = 200
LONGEST_WAIT = 60
LARGEST_OFFSET = 10**15
"""Microseconds; a clock some thirty years off is as wrong as a clock can be."""
PERMIT_SIZE = 128
"""Bytes an average permit takes at most."""


# Their order is on the wire: new members go to the end.
OUTCOMES = tuple(OrderOutcome)


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of message is numbered, bounded, written and read."""

    kind: int
    limit: int
    fields: int
    write: Callable[[Any], list[Value]]
    read: Callable[[Row], Message]


def _write_batch(batch: PassageBatch) -> list[Value]:
    return [
        batch.gateway,
        batch.epoch,
        batch.first,
        batch.previous,
        list(batch.entries),
        batch.after_loss,
    ]


def _entry(item: Value) -> bytes:
    if isinstance(item, bytes) and len(item) <= LONGEST_ENTRY:
        return item
    return Row([item], "entries", 1).sealed("entry", LONGEST_ENTRY)


def _read_batch(row: Row) -> PassageBatch:
    gateway = _gateway(row)
    epoch, first = (
        row.integer("epoch", LARGEST_COUNT),
        row.integer("first", LARGEST_COUNT, 1),
    )
    previous = row.octets("previous", HASH_SIZE)
    entries = tuple(map(_entry, row.items("entries", MOST_ENTRIES)))
    if not entries:
        raise MessageRefused("entries must not be empty")
    return PassageBatch(
        gateway, epoch, first, previous, entries, row.flag("after_loss")
    )


def _write_receipt(receipt: Receipt) -> list[Value]:
    return [receipt.gateway, receipt.epoch, receipt.upto, receipt.chain]


def _read_receipt(row: Row) -> Receipt:
    return Receipt(
        _gateway(row),
        row.integer("epoch", LARGEST_COUNT),
        row.integer("upto", LARGEST_COUNT),
        row.octets("chain", HASH_SIZE),
    )


def _write_request(request: PermitRequest) -> list[Value]:
    return [request.gateway, request.after, request.digest, request.wait]


def _read_request(row: Row) -> PermitRequest:
    return PermitRequest(
        _gateway(row),
        _revision(row, "after"),
        row.octets("digest", DIGEST_SIZE),
        row.integer("wait", LONGEST_WAIT),
    )


def _write_delta(delta: PermitDelta) -> list[Value]:
    return [
        delta.gateway,
        delta.base,
        delta.revision,
        list(delta.removed),
        [permit_row(permit) for permit in delta.put],
        delta.digest,
    ]


def _read_delta(row: Row) -> PermitDelta:
    return PermitDelta(
        _gateway(row),
        _revision(row, "base"),
        _revision(row, "revision"),
        tuple(
            PermitId(Row([item], "removed", 1).integer("permit", LARGEST_COUNT))
            for item in row.items("removed", MOST_PERMITS)
        ),
        _permits(row, "put"),
        row.octets("digest", DIGEST_SIZE),
    )


def _write_snapshot(snapshot: PermitSnapshot) -> list[Value]:
    permits: list[Value] = [permit_row(permit) for permit in snapshot.permits]
    return [snapshot.gateway, snapshot.revision, permits, snapshot.digest]


def _read_snapshot(row: Row) -> PermitSnapshot:
    return PermitSnapshot(
        _gateway(row),
        _revision(row, "revision"),
        _permits(row, "permits"),
        row.octets("digest", DIGEST_SIZE),
    )


def _write_heartbeat(heartbeat: Heartbeat) -> list[Value]:
    return [
        heartbeat.gateway,
        heartbeat.number,
        microseconds(heartbeat.at),
        heartbeat.software,
        heartbeat.outbox,
        [_door_row(report) for report in heartbeat.doors],
    ]


def _read_heartbeat(row: Row) -> Heartbeat:
    return Heartbeat(
        _gateway(row),
        row.integer("number", LARGEST_COUNT),
        row.moment("at"),
        row.text("software"),
        row.integer("outbox", LARGEST_COUNT),
        tuple(_read_door(item) for item in row.items("doors", MOST_DOORS)),
    )


def _door_row(report: DoorReport) -> list[Value]:
    offset = report.clock_offset
    return [
        report.door,
        report.online,
        report.secure,
        report.acknowledged,
        None if report.open is None else [report.open],
        report.tampered,
        None
        if offset is None
        else [offset < 0, min(round(abs(offset) * 1_000_000), LARGEST_OFFSET)],
    ]


def _read_door(value: Value) -> DoorReport:
    row = Row(value, "door", 7)
    door = DoorId(row.text("door"))
    online, secure = row.flag("online"), row.flag("secure")
    acknowledged = _revision(row, "acknowledged")
    contact = row.maybe("open")
    opened = None if contact is None else contact.row("open", 1).flag("open")
    tampered = row.flag("tampered")
    clock = row.maybe("clock_offset")
    offset = None if clock is None else _read_offset(clock.row("clock_offset", 2))
    return DoorReport(door, online, secure, acknowledged, opened, tampered, offset)


def _read_offset(row: Row) -> float:
    sign = -1 if row.flag("behind") else 1
    return sign * row.integer("microseconds", LARGEST_OFFSET) / 1_000_000


def _write_rules_request(request: RulesRequest) -> list[Value]:
    return [request.gateway, request.after, request.wait]


def _read_rules_request(row: Row) -> RulesRequest:
    return RulesRequest(
        _gateway(row), _revision(row, "after"), row.integer("wait", LONGEST_WAIT)
    )


def _write_rule_book(message: DoorRuleBook) -> list[Value]:
    return [message.gateway, rule_book_row(message.book)]


def _read_rule_book(row: Row) -> DoorRuleBook:
    return DoorRuleBook(_gateway(row), read_rule_book(row))


def _write_order_request(request: OrderRequest) -> list[Value]:
    results: list[Value] = [
        [result.nonce, OUTCOMES.index(result.outcome)] for result in request.results
    ]
    return [request.gateway, request.nonce, request.wait, results]


def _read_order_request(row: Row) -> OrderRequest:
    gateway, nonce = _gateway(row), row.octets("nonce", NONCE_SIZE)
    wait = row.integer("wait", LONGEST_WAIT)
    results = [Row(item, "results", 2) for item in row.items("results", MOST_ORDERS)]
    return OrderRequest(
        gateway,
        nonce,
        wait,
        tuple(
            OrderResult(
                result.octets("nonce", NONCE_SIZE),
                OUTCOMES[result.integer("outcome", len(OUTCOMES) - 1)],
            )
            for result in results
        ),
    )


def _write_orders(message: DoorOrders) -> list[Value]:
    orders: list[Value] = [
        [order.nonce, order.door, order.lives] for order in message.orders
    ]
    return [message.gateway, message.nonce, orders]


def _read_orders(row: Row) -> DoorOrders:
    gateway, nonce = _gateway(row), row.octets("nonce", NONCE_SIZE)
    orders = [Row(item, "orders", 3) for item in row.items("orders", MOST_ORDERS)]
    return DoorOrders(
        gateway,
        nonce,
        tuple(
            DoorOrder(
                order.octets("nonce", NONCE_SIZE),
                DoorId(order.text("door")),
                order.integer("lives", LONGEST_ORDER),
            )
            for order in orders
        ),
    )


def _write_commissioning(report: CommissioningReport) -> list[Value]:
    return [report.gateway, report.record]


def _read_commissioning(row: Row) -> CommissioningReport:
    return CommissioningReport(_gateway(row), row.sealed("record", LARGEST_RECORD))


def _write_commissioned(receipt: CommissioningReceipt) -> list[Value]:
    return [receipt.gateway, receipt.digest]


def _read_commissioned(row: Row) -> CommissioningReceipt:
    return CommissioningReceipt(_gateway(row), row.octets("digest", HASH_SIZE))


def _gateway(row: Row) -> GatewayId:
    return GatewayId(row.text("gateway"))


def _revision(row: Row, field: str) -> Revision:
    return Revision(row.integer(field, LARGEST_COUNT))


def _permits(row: Row, field: str) -> tuple[Permit, ...]:
    return tuple(read_permit(item) for item in row.items(field, MOST_PERMITS))


KIB = 1024
PERMITS_LIMIT = MOST_PERMITS * PERMIT_SIZE

FORMATS: dict[type, Format] = {
    PassageBatch: Format(1, 320 * KIB, 6, _write_batch, _read_batch),
    Receipt: Format(2, KIB, 4, _write_receipt, _read_receipt),
    PermitRequest: Format(3, KIB, 4, _write_request, _read_request),
    PermitDelta: Format(4, PERMITS_LIMIT, 6, _write_delta, _read_delta),
    PermitSnapshot: Format(5, PERMITS_LIMIT, 4, _write_snapshot, _read_snapshot),
    Heartbeat: Format(6, 1536 * KIB, 6, _write_heartbeat, _read_heartbeat),
    RulesRequest: Format(7, KIB, 3, _write_rules_request, _read_rules_request),
    DoorRuleBook: Format(8, RULES_LIMIT, 2, _write_rule_book, _read_rule_book),
    OrderRequest: Format(9, 8 * KIB, 4, _write_order_request, _read_order_request),
    DoorOrders: Format(10, 64 * KIB, 3, _write_orders, _read_orders),
    CommissioningReport: Format(
        11, 2 * KIB, 2, _write_commissioning, _read_commissioning
    ),
    CommissioningReceipt: Format(12, KIB, 2, _write_commissioned, _read_commissioned),
}
