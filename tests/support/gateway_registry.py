"""A registry small enough to see through: real HTTP, real signatures, many faults."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from controller.cose import Signer
from controller.door_rules import CardPin, DoorRules, RuleBook
from controller.encoding import digest_of
from controller.permit_table import PermitTable
from controller.uplink.codec import decode, encode
from controller.uplink.commissioning import digest_of_record
from controller.uplink.messages import (
    GENESIS,
    NONCE_SIZE,
    CommissioningReceipt,
    CommissioningReport,
    DoorOrder,
    DoorOrders,
    DoorRuleBook,
    Heartbeat,
    Message,
    OrderOutcome,
    OrderRequest,
    PassageBatch,
    PermitDelta,
    PermitRequest,
    PermitSnapshot,
    Receipt,
    RulesRequest,
    chain,
)
from controller.vocabulary import DoorId, GatewayId, Permit, PermitId, Revision
from gateway.uplink import Uplink

GATEWAY = GatewayId("gateway-1")


@dataclass
class Record:
    """What is held of one epoch: where it begins, and the entries."""

    start: bytes
    entries: list[bytes] = field(default_factory=list)
    lost: int = 0

    @property
    def upto(self) -> int:
        """The last line, those lost for good included."""
        return self.lost + len(self.entries)

    @property
    def chain(self) -> bytes:
        """The chain hash after the last line."""
        return chain(self.start, self.entries)


class Registry:
    """Used as an asynchronous context; `fault` may replace any answer."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.device = Ed25519PrivateKey.generate()
        self.device_public = self.device.public_key()
        self.signer = Signer(self.key, "registry")
        self.records: dict[int, Record] = {}
        self.batches: list[PassageBatch] = []
        self.heartbeats: list[Heartbeat] = []
        self.commissioned: list[bytes] = []
        self.requests: list[PermitRequest] = []
        self.permits: list[Permit] = []
        self.revision = Revision(0)
        self.changes: list[PermitDelta] = []
        self.changed = asyncio.Condition()
        self.book = RuleBook()
        self.rule_requests: list[RulesRequest] = []
        self.orders: list[DoorOrder] = []
        self.outcomes: dict[bytes, OrderOutcome] = {}
        self.fault: Callable[[web.Response], web.StreamResponse] = lambda answer: answer

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.post("/api/gateways/passages", self._passages),
                web.post("/api/gateways/permits", self._permits),
                web.post("/api/gateways/heartbeat", self._heartbeat),
                web.post("/api/gateways/rules", self._rules),
                web.post("/api/gateways/orders", self._orders),
                web.post("/api/gateways/commissioning", self._commissioning),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    def uplink(self, name: str = "gateway-1") -> Uplink:
        """Return a gateway's way here."""
        return Uplink(self.url, Signer(self.device, name), self.key.public_key())

    async def publish(
        self, removed: tuple[int, ...] = (), put: tuple[Permit, ...] = ()
    ) -> None:
        """Change the permits of the gateway."""
        table = PermitTable(self.permits)
        gone = tuple(map(PermitId, removed))
        table.apply(gone, put)
        self.permits = list(table.permits())
        base, self.revision = self.revision, Revision(self.revision + 1)
        digest = table.digest
        self.changes.append(
            PermitDelta(GATEWAY, base, self.revision, gone, put, digest)
        )
        await self._announce()

    async def rule(self, *doors: DoorRules, pins: tuple[CardPin, ...] = ()) -> None:
        """Change the rules of the gateway's doors."""
        self.book = RuleBook(Revision(self.book.revision + 1), doors, pins=pins)
        await self._announce()

    async def order(self, door: str, lives: int = 5) -> bytes:
        """Order a door open; the order's nonce finds its end in `outcomes`."""
        order = DoorOrder(os.urandom(NONCE_SIZE), DoorId(door), lives)
        self.orders.append(order)
        await self._announce()
        return order.nonce

    def accept(self, batch: PassageBatch) -> Receipt | None:
        """Do what the registry's ingest does; None is a fork."""
        record = self.records.setdefault(
            batch.epoch, Record(batch.previous if batch.first == 1 else GENESIS)
        )
        if batch.first > record.upto + 1 and batch.after_loss:
            record = self.records[batch.epoch] = Record(
                batch.previous, lost=batch.first - 1
            )
        if batch.first <= record.upto + 1:
            held = record.upto + 1 - batch.first
            if chain(batch.previous, batch.entries[:held]) != record.chain:
                return None
            record.entries += batch.entries[held:]
        return Receipt(batch.gateway, batch.epoch, record.upto, record.chain)

    async def _passages(self, request: web.Request) -> web.StreamResponse:
        _, batch = decode(await request.read(), self._key_of, PassageBatch)
        self.batches.append(batch)
        receipt = self.accept(batch)
        if receipt is None:
            return web.Response(status=409, text="forked")
        return self._answer(receipt)

    async def _permits(self, request: web.Request) -> web.StreamResponse:
        _, question = decode(await request.read(), self._key_of, PermitRequest)
        self.requests.append(question)
        deltas = {delta.base: delta for delta in self.changes}
        if question.after == self.revision and question.digest == digest_of(
            self.permits
        ):
            try:
                async with asyncio.timeout(question.wait), self.changed:
                    await self.changed.wait()
            except TimeoutError:
                pass
            deltas = {delta.base: delta for delta in self.changes}
            if question.after not in deltas:
                now, digest = self.revision, question.digest
                return self._answer(PermitDelta(GATEWAY, now, now, (), (), digest))
        delta = deltas.get(question.after)
        if delta is None or question.after == 0:
            held = tuple(self.permits)
            return self._answer(
                PermitSnapshot(GATEWAY, self.revision, held, digest_of(held))
            )
        return self._answer(delta)

    async def _rules(self, request: web.Request) -> web.StreamResponse:
        _, question = decode(await request.read(), self._key_of, RulesRequest)
        self.rule_requests.append(question)
        await self._wait(lambda: self.book.revision != question.after, question.wait)
        return self._answer(DoorRuleBook(GATEWAY, self.book))

    async def _orders(self, request: web.Request) -> web.StreamResponse:
        _, question = decode(await request.read(), self._key_of, OrderRequest)
        results = {result.nonce: result.outcome for result in question.results}
        await self._wait(lambda: bool(self.orders), question.wait)
        orders, self.orders = tuple(self.orders), []
        answer = self._answer(DoorOrders(GATEWAY, question.nonce, orders))
        self.outcomes |= results
        return answer

    async def _wait(self, holds: Callable[[], bool], seconds: int) -> None:
        """Keep a question open until something holds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(holds)

    async def _announce(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _heartbeat(self, request: web.Request) -> web.StreamResponse:
        _, heartbeat = decode(await request.read(), self._key_of, Heartbeat)
        self.heartbeats.append(heartbeat)
        return web.Response(status=204)

    async def _commissioning(self, request: web.Request) -> web.StreamResponse:
        _, report = decode(await request.read(), self._key_of, CommissioningReport)
        self.commissioned.append(report.record)
        digest = digest_of_record(report.record)
        return self._answer(CommissioningReceipt(report.gateway, digest))

    def _answer(self, message: Message) -> web.StreamResponse:
        body = encode(message, self.signer)
        return self.fault(web.Response(body=body, content_type="application/cose"))

    def _key_of(self, name: str) -> Ed25519PublicKey | None:
        return self.device_public if name == GATEWAY else None
