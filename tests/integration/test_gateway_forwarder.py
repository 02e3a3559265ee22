"""Passages reach a registry that loses, doubles, delays and forgets."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from controller.uplink.codec import encode
from controller.uplink.messages import GENESIS, Receipt, chain
from controller.vocabulary import GatewayId
from gateway import backoff, forwarder
from gateway.forwarder import Forwarder
from gateway.site import Site
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from tests.support.gateway_registry import Record, Registry
from tests.support.gateway_site import site
from tests.support.gateway_store import (
    NOON,
    entries,
    entry,
    open_outbox,
    spoil,
)
from tests.support.waiting import until

EPOCH = int(NOON.timestamp())


class Rig:
    def __init__(self, registry: Registry, outbox: Outbox, recorder: Recorder) -> None:
        self.registry, self.outbox, self.recorder = registry, outbox, recorder
        self.site: Site = site()
        self.sent = 0

    @asynccontextmanager
    async def forwarding(self) -> AsyncIterator[None]:
        async with self.registry.uplink() as uplink:
            forwarder = Forwarder(self.site, self.outbox, self.recorder, uplink)
            self.recorder.on_commit = forwarder.wake
            task = asyncio.create_task(forwarder.run())
            yield
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def record(self, count: int) -> None:
        await self.recorder.append(entries(self.sent, count), {})
        self.sent += count

    async def drained(self) -> None:
        await until(lambda: not self.outbox.depth)

    def received(self) -> list[bytes]:
        records = self.registry.records
        return [body for epoch in sorted(records) for body in records[epoch].entries]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LONGEST", 0.02)
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with Registry() as registry:
        outbox = open_outbox(tmp_path)
        recorder = Recorder(outbox)
        yield Rig(registry, outbox, recorder)
        await recorder.close()
        outbox.close()


async def test_everything_arrives_once_in_order_and_leaves_the_outbox(rig: Rig) -> None:
    async with rig.forwarding():
        await rig.record(3)
        await rig.drained()
        await rig.record(1200)
        await rig.drained()
    assert rig.received() == entries(0, 1203)
    assert max(len(batch.entries) for batch in rig.registry.batches) == 500
    assert rig.site.counters.last_receipt == NOON.timestamp()


async def test_lost_and_delayed_answers_cost_nothing(rig: Rig) -> None:
    chance = random.Random(3)  # noqa: S311 - a test repeats itself

    def fault(answer: web.Response) -> web.Response:
        return chance.choice([answer, web.Response(status=503), web.Response(body=b"")])

    rig.registry.fault = fault
    async with rig.forwarding():
        for _ in range(30):
            await rig.record(chance.randint(1, 40))
            await asyncio.sleep(0.003)
        await rig.drained()
    assert rig.received() == entries(0, rig.sent)
    assert rig.site.counters.uplink_failures > 0


@pytest.mark.parametrize(
    "forgery",
    [
        {"upto": 10**6},
        {"chain": b"x" * 32},
        {"upto": 2, "chain": GENESIS},
    ],
)
async def test_a_receipt_that_is_not_about_our_record_deletes_nothing(
    rig: Rig, forgery: dict[str, object]
) -> None:
    genuine = Receipt(GatewayId("gateway-1"), EPOCH, 3, chain(GENESIS, entries(0, 3)))
    forged = encode(replace(genuine, **forgery), rig.registry.signer)  # type: ignore[arg-type]  # fields by name
    rig.registry.fault = lambda _: web.Response(body=forged)
    await rig.record(3)
    async with rig.forwarding():
        await until(lambda: rig.outbox.set_aside_count)
    assert (rig.outbox.active, rig.outbox.set_aside_count) == (EPOCH + 1, 1)


@pytest.mark.parametrize("what", ["signature", "gateway", "epoch"])
async def test_a_receipt_of_someone_else_is_no_receipt(rig: Rig, what: str) -> None:
    whole = chain(GENESIS, entries(0, 3))
    receipt = Receipt(GatewayId("gateway-1"), EPOCH, 3, whole)
    foreign = {
        "signature": encode(receipt, replace(rig.registry.signer, name="gateway-1")),
        "gateway": encode(
            replace(receipt, gateway=GatewayId("gateway-2")), rig.registry.signer
        ),
        "epoch": encode(replace(receipt, epoch=EPOCH - 1), rig.registry.signer),
    }
    rig.registry.fault = lambda _: web.Response(body=foreign[what])
    await rig.record(3)
    async with rig.forwarding():
        await until(lambda: rig.site.counters.uplink_failures >= 3)
        assert (rig.outbox.depth, rig.outbox.active) == (3, EPOCH)
        rig.registry.fault = lambda answer: answer
        await rig.drained()
    assert rig.received() == entries(0, 3)


async def test_a_registry_that_holds_another_record_ends_the_epoch(rig: Rig) -> None:
    rig.registry.records[EPOCH] = Record(GENESIS, [b"not ours"])
    await rig.record(2)
    async with rig.forwarding():
        await until(lambda: rig.outbox.active > EPOCH)
        await rig.record(1)
        await rig.drained()
    assert rig.registry.records[EPOCH].entries == [b"not ours"]
    assert rig.registry.records[EPOCH + 1].entries == [entry(2)]
    assert rig.site.counters.forks == 1


async def test_a_registry_that_forgot_is_told_what_is_gone(rig: Rig) -> None:
    async with rig.forwarding():
        await rig.record(3)
        await rig.drained()
        rig.registry.records.clear()
        await rig.record(2)
        await rig.drained()
    record = rig.registry.records[EPOCH]
    assert (record.lost, record.entries) == (3, entries(3, 2))
    assert rig.registry.batches[-1].after_loss


async def test_a_damaged_row_is_reported_as_a_hole(rig: Rig, tmp_path: Path) -> None:
    await rig.record(6)
    path = tmp_path / "outbox" / f"{EPOCH}.db"
    spoil(path, "UPDATE entry SET body = x'00' WHERE seq IN (2, 3)")
    async with rig.forwarding():
        await rig.drained()
    record = rig.registry.records[EPOCH]
    assert (record.lost, record.entries) == (3, entries(3, 3))


@pytest.mark.parametrize(("count", "segments"), [(1000, 1), (1001, 2)])
async def test_a_start_on_a_large_backlog_makes_way(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, count: int, segments: int
) -> None:
    monkeypatch.setattr(forwarder, "LARGE_BACKLOG", 1000)
    await rig.record(count)
    async with rig.forwarding():
        await rig.drained()
    assert rig.outbox.active == EPOCH + segments - 1
    assert rig.received() == entries(0, count)


async def test_live_passages_do_not_wait_for_a_large_backlog(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "LARGE_BACKLOG", 1000)
    down = True

    def fault(answer: web.Response) -> web.Response:
        return web.Response(status=503) if down else answer

    rig.registry.fault = fault
    await rig.record(20_000)
    async with rig.forwarding():
        await until(lambda: rig.site.counters.uplink_failures)
        down = False
        await until(lambda: rig.outbox.active > EPOCH)
        await rig.record(1)
        await until(lambda: not rig.outbox.pending(rig.outbox.active))
        assert rig.outbox.pending(EPOCH) > 0, "the backlog is still under way"
        await rig.drained()
    assert rig.received() == entries(0, 20_001)
    assert rig.registry.records[EPOCH + 1].entries == [entry(20_000)]
