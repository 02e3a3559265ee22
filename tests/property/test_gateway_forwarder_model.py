"""Both lanes against a registry whose questions and answers get lost or repeat."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.uplink.messages import PassageBatch, Receipt
from gateway import forwarder
from gateway.errors import UplinkFailed
from gateway.forwarder import Forwarder
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from gateway.uplink import Uplink
from tests.support.gateway_registry import Registry
from tests.support.gateway_site import site
from tests.support.gateway_store import NOON, entries, open_outbox

T = TypeVar("T")
FATES = ["well", "question lost", "answer lost", "asked twice", "old answer"]


class Disk:
    """The recorder without its thread."""

    def run(self, action: Callable[[], T]) -> asyncio.Future[T]:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        done.set_result(action())
        return done


class Line:
    """The way to a registry's ingest, and what becomes of each question on it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.fate = "well"
        self.receipts: list[Receipt] = []
        self.largest = 0

    async def ask(self, batch: PassageBatch, *_: type) -> Receipt:
        self.largest = max(self.largest, len(batch.entries))
        if self.fate == "question lost":
            raise UplinkFailed(self.fate)
        receipt = self.accept(batch)
        if self.fate == "asked twice":
            receipt = self.accept(batch)
        if self.fate == "answer lost":
            raise UplinkFailed(self.fate)
        if self.fate == "old answer":
            return self.receipts[len(self.receipts) // 2]
        return receipt

    def accept(self, batch: PassageBatch) -> Receipt:
        receipt = self.registry.accept(batch)
        assert receipt is not None, "an honest gateway never forks"
        self.receipts.append(receipt)
        return receipt


class ForwarderMachine(RuleBasedStateMachine):
    """The outbox on one side, the registry's records on the other."""

    def __init__(self) -> None:
        super().__init__()
        self.most, forwarder.MOST_ENTRIES = forwarder.MOST_ENTRIES, 4
        self.large, forwarder.LARGE_BACKLOG = forwarder.LARGE_BACKLOG, 6
        self.loop = asyncio.new_event_loop()
        self.home = Path(tempfile.mkdtemp())
        self.now, self.appended = NOON.timestamp(), 0
        self.line = Line(Registry())
        self.expected: dict[int, list[bytes]] = {}
        self.start()

    def teardown(self) -> None:
        self.line.fate = "well"
        while self.outbox.depth:
            self.send_live()
            self.send_backlog()
        records = self.line.registry.records
        assert {epoch: record.entries for epoch, record in records.items()} == (
            self.expected
        )
        assert len(list((self.home / "outbox").glob("*.db"))) == 1
        assert self.line.largest <= forwarder.MOST_ENTRIES
        self.outbox.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.home)
        forwarder.MOST_ENTRIES, forwarder.LARGE_BACKLOG = self.most, self.large

    def start(self) -> None:
        self.outbox: Outbox = open_outbox(self.home, lambda: self.now)
        self.site = site()
        recorder = cast("Recorder", Disk())
        uplink = cast("Uplink", self.line)
        self.forwarder = Forwarder(self.site, self.outbox, recorder, uplink)

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        async def as_a_lane_would() -> None:
            try:
                await work
            except UplinkFailed:
                self.forwarder.failed()

        self.loop.run_until_complete(as_a_lane_would())

    @rule(count=st.integers(1, 9))
    def append(self, count: int) -> None:
        new = entries(self.appended, count)
        self.appended += count
        self.outbox.append(new, {})
        self.expected.setdefault(self.outbox.active, []).extend(new)

    @rule(fate=st.sampled_from(FATES))
    def fortune_changes(self, fate: str) -> None:
        self.line.fate = fate

    @rule()
    def send_live(self) -> None:
        epoch = self.forwarder._live()
        if epoch is not None:
            self.do(self.forwarder.forward(epoch))

    @rule()
    def send_backlog(self) -> None:
        epoch = self.outbox.backlog()
        if epoch is not None:
            assert epoch != self.outbox.active
            self.do(self.forwarder.forward(epoch))

    @rule()
    def send_both_at_once(self) -> None:
        epochs = self.outbox.epochs()

        async def both() -> None:
            sent = [self.forwarder.forward(epoch) for epoch in epochs]
            results = await asyncio.gather(*sent, return_exceptions=True)
            assert all(r is None or isinstance(r, UplinkFailed) for r in results)

        self.do(both())

    @rule()
    def send_one_epoch_from_two_lanes(self) -> None:
        epoch = self.outbox.active

        async def both() -> None:
            sent = [self.forwarder.forward(epoch) for _ in range(2)]
            results = await asyncio.gather(*sent, return_exceptions=True)
            assert all(r is None or isinstance(r, UplinkFailed) for r in results)

        self.do(both())

    @rule()
    def make_way(self) -> None:
        before, large = self.outbox.active, self.outbox.pending(self.outbox.active)
        self.do(self.forwarder.make_way())
        assert (self.outbox.active > before) is (large > forwarder.LARGE_BACKLOG)

    @rule(seconds=st.sampled_from([1, 50_000, 100_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.start()

    @invariant()
    def what_has_a_receipt_is_at_the_registry_and_only_that_is_gone(self) -> None:
        records = self.line.registry.records
        for epoch, all_of_it in self.expected.items():
            held = records[epoch].entries if epoch in records else []
            assert held == all_of_it[: len(held)]
            pending = self.outbox.pending(epoch)
            assert len(all_of_it) - pending <= len(held)

    @invariant()
    def nothing_is_set_aside(self) -> None:
        assert self.outbox.set_aside_count == 0


ForwarderMachine.TestCase.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None
)
TestForwarder = ForwarderMachine.TestCase
