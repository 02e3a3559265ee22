"""Doors opened from afar: each order once, at once or never, and its end is told."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from itertools import islice

from controller.session import (
    Command,
    CommandFailed,
    Event,
    OpenDoor,
    PassageReported,
    PassageSeen,
)
from controller.upkeep import RelayChanged
from controller.uplink.messages import (
    NONCE_SIZE,
    DoorOrder,
    DoorOrders,
    OrderOutcome,
    OrderRequest,
    OrderResult,
)
from controller.vocabulary import ControllerId, Reason
from gateway.doors import Door
from gateway.errors import UplinkFailed
from gateway.polling import WAIT, keep_asking
from gateway.site import Site
from gateway.uplink import Uplink

PATIENCE = 6.0
"""Seconds after which a lock that was not reported to fail did what it was told."""
MOST_REMEMBERED = 1_000
MOST_RESULTS = 200
"""Results in one request; the rest wait for the next."""
LOG = logging.getLogger(__name__)


class Orders:
    """Asks for orders, has them carried out, and tells what became of them.

    An answer counts only if it repeats the nonce of our question, and an order only
    if its own nonce is new: what somebody recorded opens nothing later.
    """

    def __init__(
        self,
        site: Site,
        uplink: Uplink,
        record_and_open: Callable[[Door, float], Awaitable[bool]],
        send: Callable[[Command], None],
    ) -> None:
        """`record_and_open` is for doors we decide for; `send` is for all others."""
        self._gateway, self._clock = site.gateway, site.clock
        self._doors = {door.id: door for door in site.doors}
        self._uplink = uplink
        self._record_and_open = record_and_open
        self._send = send
        self._taken: dict[bytes, OrderResult | None] = {}
        self._results: dict[bytes, OrderResult] = {}
        self._news = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._awaited: dict[ControllerId, list[asyncio.Future[bool]]] = {}

    async def run(self) -> None:
        """Ask until cancelled, and tell results without waiting for an answer."""
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_asking("orders", lambda: self.once(WAIT)))
            group.create_task(keep_asking("results", self._tell))

    async def once(self, wait: int) -> None:
        """Ask once, tell what is to be told, and begin what is ordered."""
        nonce = os.urandom(NONCE_SIZE)
        results = tuple(islice(self._results.values(), MOST_RESULTS))
        request = OrderRequest(self._gateway, nonce, 0 if results else wait, results)
        answer = await self._uplink.ask(request, DoorOrders, wait=wait)
        if (answer.gateway, answer.nonce) != (self._gateway, nonce):
            raise UplinkFailed("the orders answer a question that is not ours")
        arrived = self._clock.monotonic()
        for result in results:
            self._results.pop(result.nonce, None)
        if not self._results:
            self._news.clear()
        for order in answer.orders:
            self._take(order, arrived)

    def handle(self, event: Event) -> None:
        """Take what a controller says of its lock."""
        match event:
            case CommandFailed(command=OpenDoor()):
                self._settle(event.controller, opened=False)
            case RelayChanged(relay=0, active=True):
                self._settle(event.controller, opened=True)
            case PassageReported(granted=True, reason=Reason.REMOTE_OPEN):
                self._settle(event.controller, opened=True)
            case PassageSeen(granted=True, reason=Reason.REMOTE_OPEN):
                self._settle(event.controller, opened=True)

    async def _tell(self) -> None:
        await self._news.wait()
        await self.once(0)

    def _take(self, order: DoorOrder, arrived: float) -> None:
        if order.nonce in self._taken:
            LOG.warning("door=%s: an order came twice and counts once", order.door)
            if result := self._taken[order.nonce]:
                self._note(result)
            return
        self._remember(order.nonce, None)
        task = asyncio.create_task(self._carry_out(order, arrived))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _carry_out(self, order: DoorOrder, arrived: float) -> None:
        outcome = OrderOutcome.FAILED
        try:
            outcome = await self._open(order, arrived + order.lives)
        except Exception:
            LOG.exception("door=%s: an order could not be carried out", order.door)
        LOG.info("door=%s remote open: %s", order.door, outcome)
        result = OrderResult(order.nonce, outcome)
        self._remember(order.nonce, result)
        self._note(result)

    async def _open(self, order: DoorOrder, until: float) -> OrderOutcome:
        door = self._doors.get(order.door)
        if door is None:
            return OrderOutcome.FAILED
        if not door.online:
            return OrderOutcome.OFFLINE
        if self._clock.monotonic() > until:
            return OrderOutcome.LATE
        opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = self._awaited.setdefault(door.controller, [])
        waiting.append(opened)
        try:
            if door.capabilities.decides:
                self._send(OpenDoor(door.controller, door.unlock_seconds))
            elif not await self._record_and_open(door, until):
                late = self._clock.monotonic() > until
                return OrderOutcome.LATE if late else OrderOutcome.FAILED
            async with asyncio.timeout(PATIENCE):
                return OrderOutcome.DONE if await opened else OrderOutcome.FAILED
        except TimeoutError:
            return OrderOutcome.DONE
        finally:
            waiting.remove(opened)

    def _settle(self, controller: ControllerId, *, opened: bool) -> None:
        for waiting in self._awaited.get(controller, ()):
            if not waiting.done():
                waiting.set_result(opened)

    def _note(self, result: OrderResult) -> None:
        self._results[result.nonce] = result
        self._news.set()

    def _remember(self, nonce: bytes, result: OrderResult | None) -> None:
        self._taken[nonce] = result
        while len(self._taken) > MOST_REMEMBERED:
            forgotten = next(iter(self._taken))
            del self._taken[forgotten]
            self._results.pop(forgotten, None)
