"""Every message as a row: its kind, its fields and their order on the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controller.cbor import Row, Value, microseconds
from controller.encoding import (
    DIGEST_SIZE,
    DIRECTIONS,
    LARGEST_COUNT,
    REASONS,
    permit_row,
    read_card,
    read_permit,
)
from controller.errors import MessageRefused
from controller.protocols.smart_door import messages
from controller.protocols.smart_door.messages import Message, Record
from controller.protocols.smart_door.topics import Direction
from controller.vocabulary import CardNumber, PermitId, Revision

NONCE_SIZE = 16
MOST_RECORDS = 20
MOST_PARTS = 128
MOST_ITEMS = 4096
"""Permits or removals in one part; the limit in bytes is reached before."""
LONGEST_OPENING = 60_000
RECORD_FIELDS = ("at", "granted", "reason", "card", "permit", "direction")


@dataclass(frozen=True, slots=True)
class Field:
    """How a field goes onto the wire and comes back."""

    write: Callable[[Any], Value]
    read: Callable[[Row, str], object]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of message; the fields stand in the order of the wire."""

    kind: int
    type: Callable[..., Message]
    fields: dict[str, Field]


def _same(value: Value) -> Value:
    return value


def _integer(largest: int, smallest: int = 0) -> Field:
    def read(row: Row, name: str) -> int:
        value = row.integer(name, largest)
        if value < smallest:
            raise MessageRefused(f"{name} must be at least {smallest}")
        return value

    return Field(_same, read)


def _octets(size: int) -> Field:
    return Field(_same, lambda row, name: row.octets(name, size))


def _read_nonce(row: Row, name: str) -> bytes | None:
    holder = row.maybe(name)
    return None if holder is None else holder.octets(name, NONCE_SIZE)


def _record_row(record: Record) -> list[Value]:
    return [
        microseconds(record.at),
        record.granted,
        REASONS.index(record.reason),
        None if record.card is None else record.card.value,
        record.permit,
        DIRECTIONS.index(record.direction),
    ]


def _read_record(value: Value) -> Record:
    row = Row(value, "record", len(RECORD_FIELDS))
    return Record(
        at=row.moment("at"),
        granted=row.flag("granted"),
        reason=REASONS[row.integer("reason", len(REASONS) - 1)],
        card=_read_card(row.maybe("card")),
        permit=_read_permit_id(row.maybe("permit")),
        direction=DIRECTIONS[row.integer("direction", len(DIRECTIONS) - 1)],
    )


def _read_card(holder: Row | None) -> CardNumber | None:
    return None if holder is None else read_card(holder, "card")


def _read_permit_id(holder: Row | None) -> PermitId | None:
    return None if holder is None else PermitId(holder.integer("id", LARGEST_COUNT))


def _read_records(row: Row, name: str) -> tuple[Record, ...]:
    items = row.items(name, MOST_RECORDS)
    if not items:
        raise MessageRefused(f"{name} must not be empty")
    return tuple(map(_read_record, items))


def _read_removed(row: Row, name: str) -> tuple[PermitId, ...]:
    return tuple(
        PermitId(Row([item], name, 1).integer("id", LARGEST_COUNT))
        for item in row.items(name, MOST_ITEMS)
    )


NUMBER = _integer(LARGEST_COUNT)
INDEX = _integer(LARGEST_COUNT, 1)
REVISION = Field(_same, lambda row, name: Revision(row.integer(name, LARGEST_COUNT)))
NONCE = _octets(NONCE_SIZE)
DIGEST = _octets(DIGEST_SIZE)
FLAG = Field(_same, Row.flag)
TEXT = Field(_same, Row.text)
MOMENT = Field(microseconds, Row.moment)
ANSWER = Field(_same, _read_nonce)
RECORDS = Field(lambda records: [_record_row(r) for r in records], _read_records)
REMOVED = Field(list, _read_removed)
PUT = Field(
    lambda permits: [permit_row(permit) for permit in permits],
    lambda row, name: tuple(map(read_permit, row.items(name, MOST_ITEMS))),
)

UP = (
    Format(
        1,
        messages.Hello,
        {
            "heard": NUMBER,
            "epoch": NUMBER,
            "acknowledged": NUMBER,
            "last": NUMBER,
            "revision": REVISION,
            "digest": DIGEST,
            "clock": MOMENT,
            "opened": FLAG,
            "tampered": FLAG,
            "firmware": TEXT,
        },
    ),
    Format(
        2,
        messages.Events,
        {"epoch": NUMBER, "oldest": INDEX, "first": INDEX, "records": RECORDS},
    ),
    Format(
        3,
        messages.Applied,
        {"command": NUMBER, "revision": REVISION, "digest": DIGEST},
    ),
    Format(4, messages.Challenge, {"command": NUMBER, "nonce": NONCE}),
    Format(5, messages.Result, {"command": NUMBER, "ok": FLAG, "cause": TEXT}),
    Format(
        6,
        messages.Status,
        {"answers": ANSWER, "clock": MOMENT, "opened": FLAG, "tampered": FLAG},
    ),
)
DOWN = (
    Format(
        17,
        messages.Permits,
        {
            "command": NUMBER,
            "part": _integer(MOST_PARTS - 1),
            "parts": _integer(MOST_PARTS, 1),
            "base": REVISION,
            "revision": REVISION,
            "snapshot": FLAG,
            "removed": REMOVED,
            "put": PUT,
        },
    ),
    Format(18, messages.Acknowledge, {"epoch": NUMBER, "upto": NUMBER}),
    Format(19, messages.ChallengeRequest, {"command": NUMBER}),
    Format(
        20,
        messages.Open,
        {
            "command": NUMBER,
            "nonce": NONCE,
            "milliseconds": _integer(LONGEST_OPENING, 1),
        },
    ),
    Format(21, messages.SetClock, {"command": NUMBER, "at": MOMENT}),
    Format(22, messages.Ping, {"nonce": NONCE}),
)
FORMATS = {Direction.UP: UP, Direction.DOWN: DOWN}
