"""The outbox goes to the registry in two lanes; only its receipts empty it."""

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable

from controller.uplink.messages import PassageBatch, Receipt
from gateway.backoff import Backoff
from gateway.errors import ChainForked, StoreFailed, UplinkFailed
from gateway.site import Site
from gateway.store.outbox import FORKED, Outbox
from gateway.store.recorder import Recorder
from gateway.store.segment import Slice
from gateway.uplink import Uplink

MOST_ENTRIES = 500
LINGER = 0.005
"""Seconds a batch waits for company."""
LARGE_BACKLOG = 5_000
"""Entries; with more of them live passages get a lane of their own."""
LOG = logging.getLogger(__name__)


class Lane:
    """Sends one epoch after another, one batch at a time."""

    def __init__(self, forwarder: "Forwarder", pick: Callable[[], int | None]) -> None:
        """`pick` names the epoch to send from, or None when there is nothing."""
        self._forwarder = forwarder
        self._pick = pick
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look whether there is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        backoff = Backoff()
        while True:
            epoch = self._pick()
            if epoch is None:
                self._wake.clear()
                await self._wake.wait()
                await asyncio.sleep(LINGER)
                continue
            try:
                await self._forwarder.forward(epoch)
            except ChainForked as error:
                await self._forwarder.fork(epoch, error)
            except (UplinkFailed, StoreFailed, sqlite3.Error) as error:
                LOG.warning("passages of epoch %d wait: %s", epoch, error)
                self._forwarder.failed()
                await asyncio.sleep(backoff.pause())
            else:
                if backoff.failing:
                    await self._forwarder.make_way()
                backoff.reset()


class Forwarder:
    """Batches out, receipts in."""

    def __init__(
        self, site: Site, outbox: Outbox, recorder: Recorder, uplink: Uplink
    ) -> None:
        """Read from the outbox; every change to it goes through the recorder."""
        self._gateway, self._counters = site.gateway, site.counters
        self._clock = site.clock
        self._outbox = outbox
        self._recorder = recorder
        self._uplink = uplink
        self._lost: set[int] = set()
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._lanes = (Lane(self, self._live), Lane(self, outbox.backlog))

    def wake(self) -> None:
        """Say that there is something new to send."""
        for lane in self._lanes:
            lane.wake()

    async def run(self) -> None:
        """Send until cancelled."""
        await self.make_way()
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())

    async def forward(self, epoch: int) -> None:
        """Send one batch of an epoch and take its receipt."""
        async with self._turns[epoch]:
            await self._forward(epoch)

    async def _forward(self, epoch: int) -> None:
        slice_ = await asyncio.to_thread(self._outbox.read, epoch, MOST_ENTRIES)
        if slice_ is None:
            await self._recorder.run(lambda: self._outbox.give_up_unreadable(epoch))
            return
        after_loss = slice_.after_loss or epoch in self._lost
        batch = PassageBatch(
            self._gateway,
            epoch,
            slice_.first,
            slice_.previous,
            slice_.entries,
            after_loss,
        )
        receipt = await self._uplink.ask(batch, Receipt)
        await self._take(epoch, slice_, receipt)

    async def fork(self, epoch: int, error: ChainForked) -> None:
        """Stop an epoch the registry knows otherwise; its rows are kept aside."""
        LOG.critical("epoch %d is forked and set aside: %s", epoch, error)
        self._counters.forks += 1
        await self._recorder.run(lambda: self._outbox.set_aside(epoch, FORKED))

    def failed(self) -> None:
        """Count a failure."""
        self._counters.uplink_failures += 1

    async def make_way(self) -> None:
        """Give live passages a lane of their own when the backlog is large."""
        active = self._outbox.active
        if self._outbox.pending(active) > LARGE_BACKLOG:
            await self._recorder.run(self._outbox.roll_over)
            self.wake()

    def _live(self) -> int | None:
        active = self._outbox.active
        return active if self._outbox.pending(active) else None

    async def _take(self, epoch: int, slice_: Slice, receipt: Receipt) -> None:
        """Believe a receipt only as far as its chain is ours."""
        if (receipt.gateway, receipt.epoch) != (self._gateway, epoch):
            raise UplinkFailed("the receipt is for another record")
        held_after = slice_.first - 1
        if receipt.upto < held_after:
            if epoch in self._lost:
                raise UplinkFailed(f"the registry insists on {receipt.upto + 1}")
            LOG.error(
                "epoch %d: the registry asks for %d, we hold from %d on",
                epoch,
                receipt.upto + 1,
                slice_.first,
            )
            self._lost.add(epoch)
            return
        if receipt.upto == held_after:
            raise UplinkFailed("the registry took nothing")
        ours = await asyncio.to_thread(self._outbox.chain_at, epoch, receipt.upto)
        if ours != receipt.chain:
            raise ChainForked(f"at {receipt.upto} the registry's chain is not ours")
        self._lost.discard(epoch)
        await self._recorder.run(
            lambda: self._outbox.settle(epoch, receipt.upto, receipt.chain)
        )
        self._counters.receipts += 1
        self._counters.last_receipt = self._clock.wall()
