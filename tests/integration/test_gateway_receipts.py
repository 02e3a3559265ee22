"""What a receipt may and may not do to the record, one question at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp import web

from controller.uplink.codec import encode
from controller.uplink.messages import GENESIS, Receipt, chain
from controller.vocabulary import GatewayId
from gateway import backoff, forwarder
from gateway.errors import ChainForked, UplinkFailed
from gateway.forwarder import Forwarder, Lane
from gateway.site import Site
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from tests.support.gateway_registry import Registry
from tests.support.gateway_site import site
from tests.support.gateway_store import NOON, entries, open_outbox, pending
from tests.support.waiting import until

EPOCH = int(NOON.timestamp())
GATEWAY = GatewayId("gateway-1")
TEN = entries(0, 10)


@dataclass
class Desk:
    registry: Registry
    site: Site
    outbox: Outbox
    recorder: Recorder
    forwarder: Forwarder

    def answer(self, upto: int, chain_: bytes, epoch: int = EPOCH) -> None:
        """Let the registry say this from now on."""
        receipt = Receipt(GATEWAY, epoch, upto, chain_)
        body = encode(receipt, self.registry.signer)
        self.registry.fault = lambda _: web.Response(body=body)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Registry() as registry, registry.uplink() as uplink:
        outbox, place = open_outbox(tmp_path), site()
        recorder = Recorder(outbox)
        way = Forwarder(place, outbox, recorder, uplink)
        yield Desk(registry, place, outbox, recorder, way)
        await recorder.close()
        outbox.close()


@pytest.mark.parametrize("upto", [1, 4, 9])
async def test_a_receipt_of_a_part_leaves_the_rest(desk: Desk, upto: int) -> None:
    await desk.recorder.append(TEN, {})
    desk.answer(upto, chain(GENESIS, TEN[:upto]))
    await desk.forwarder.forward(EPOCH)
    assert desk.outbox.receipted(EPOCH) == upto
    assert pending(desk.outbox, EPOCH) == TEN[upto:]
    assert desk.site.counters.receipts == 1
    desk.registry.fault = lambda answer: answer
    await desk.forwarder.forward(EPOCH)
    assert desk.registry.batches[-1].previous == chain(GENESIS, TEN[:upto])
    assert desk.outbox.depth == 0


async def test_a_registry_that_takes_nothing_is_a_failure(desk: Desk) -> None:
    await desk.recorder.append(TEN, {})
    desk.answer(0, GENESIS)
    with pytest.raises(UplinkFailed, match="took nothing"):
        await desk.forwarder.forward(EPOCH)
    assert (desk.outbox.depth, desk.site.counters.receipts) == (10, 0)


async def test_a_registry_that_asks_for_what_is_gone_is_told_so_once(
    desk: Desk,
) -> None:
    await desk.recorder.append(TEN, {})
    desk.answer(4, chain(GENESIS, TEN[:4]))
    await desk.forwarder.forward(EPOCH)
    desk.answer(2, chain(GENESIS, TEN[:2]))
    await desk.forwarder.forward(EPOCH)
    assert desk.outbox.depth == 6
    with pytest.raises(UplinkFailed, match="the registry insists on 3"):
        await desk.forwarder.forward(EPOCH)
    assert [batch.after_loss for batch in desk.registry.batches] == [
        False,
        False,
        True,
    ]
    desk.answer(10, chain(GENESIS, TEN))
    await desk.forwarder.forward(EPOCH)
    await desk.recorder.append(entries(10, 1), {})
    desk.answer(11, chain(GENESIS, entries(0, 11)))
    await desk.forwarder.forward(EPOCH)
    assert not desk.registry.batches[-1].after_loss, "the loss is told and over"


@pytest.mark.parametrize(
    ("upto", "hash_"),
    [(10, chain(GENESIS, TEN[:9])), (11, chain(GENESIS, TEN)), (5, bytes(32))],
)
async def test_a_receipt_for_another_record_is_a_fork(
    desk: Desk, upto: int, hash_: bytes
) -> None:
    await desk.recorder.append(TEN, {})
    desk.answer(upto, hash_)
    with pytest.raises(ChainForked, match=f"at {upto} the registry's chain"):
        await desk.forwarder.forward(EPOCH)
    assert pending(desk.outbox, EPOCH) == TEN
    assert desk.site.counters.last_receipt is None


@pytest.mark.parametrize("change", [{"epoch": EPOCH + 1}, {"gateway": "gateway-2"}])
async def test_a_receipt_of_somebody_else_changes_nothing(
    desk: Desk, change: dict[str, object]
) -> None:
    await desk.recorder.append(TEN, {})
    receipt = Receipt(GATEWAY, EPOCH, 10, chain(GENESIS, TEN))
    body = encode(replace(receipt, **change), desk.registry.signer)  # type: ignore[arg-type]  # fields by name
    desk.registry.fault = lambda _: web.Response(body=body)
    with pytest.raises(UplinkFailed, match="another record"):
        await desk.forwarder.forward(EPOCH)
    assert desk.outbox.depth == 10


async def test_nothing_is_asked_when_nothing_is_left(desk: Desk) -> None:
    await desk.forwarder.forward(EPOCH)
    await desk.forwarder.forward(EPOCH - 1)
    assert desk.registry.batches == []
    assert (desk.outbox.active, desk.outbox.set_aside_count) == (EPOCH, 0)


@pytest.mark.parametrize(
    ("count", "segments"), [(1500, 1), (1501, 2)], ids=["small", "large"]
)
async def test_a_backlog_grown_at_work_makes_way_when_the_registry_returns(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, count: int, segments: int
) -> None:
    """One batch of 500 is taken; what is left decides."""
    monkeypatch.setattr(forwarder, "LARGE_BACKLOG", 1000)
    monkeypatch.setattr(backoff, "LONGEST", 0.02)
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)
    await desk.recorder.append(entries(0, count), {})
    desk.registry.fault = lambda answer: (
        web.Response(status=503) if len(desk.registry.batches) == 1 else answer
    )
    picked = iter([EPOCH, EPOCH, None])
    lane = Lane(desk.forwarder, lambda: next(picked, None))
    await _until_idle(lane)
    assert desk.site.counters.uplink_failures == 1
    assert desk.outbox.epochs() == tuple(EPOCH + n for n in range(segments))
    assert desk.outbox.depth == count - 500


async def _until_idle(lane: Lane) -> None:
    """Run a lane until it waits for something to send."""
    lane.wake()
    task = asyncio.create_task(lane.run())
    await until(lambda: not lane._wake.is_set())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
