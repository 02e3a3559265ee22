"""Doors opened from afar: once, in time, recorded, and their end told for certain."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from controller.session import (
    Command,
    CommandFailed,
    Event,
    OpenDoor,
    PassageReported,
    PassageSeen,
)
from controller.upkeep import RelayChanged
from controller.uplink.codec import encode
from controller.uplink.messages import DoorOrder, DoorOrders, OrderOutcome
from controller.vocabulary import Direction, GatewayId, Reason
from gateway import backoff, orders
from gateway.clock import Clock
from gateway.doors import Door
from gateway.errors import UplinkFailed
from gateway.orders import Orders
from tests.support.gateway_registry import GATEWAY, Registry
from tests.support.gateway_site import BACK, FRONT, LOCK, READER, site
from tests.support.gateway_store import NOON
from tests.support.waiting import until

OPEN_LOCK, OPEN_READER = OpenDoor(LOCK, 4.0), OpenDoor(READER, 4.0)
NONCE = bytes(16)


class Guard:
    """Orders of a gateway whose two doors are online; a reader's disk always writes."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.seconds = 5.0
        self.site = replace(site(), clock=Clock(NOON.timestamp, lambda: self.seconds))
        for door in self.site.doors:
            door.online = True
        self.opened: list[Command] = []
        self.answers: list[Event] = [
            RelayChanged(READER, 0, active=True),
            PassageReported(
                LOCK, 1, 1, NOON, True, Reason.REMOTE_OPEN, None, None, Direction.ENTRY
            ),
        ]
        self.records: Callable[[Door, float], Awaitable[bool]] = self.record

    async def carry(self, door: Door, until: float) -> bool:
        return await self.records(door, until)

    async def record(self, door: Door, until: float) -> bool:
        assert until >= self.seconds
        self.send(OpenDoor(door.controller, door.unlock_seconds))
        return True

    def send(self, command: Command) -> None:
        self.opened.append(command)
        for event in self.answers:
            if event.controller == command.controller:
                self.orders.handle(event)

    @asynccontextmanager
    async def on_duty(self, *, running: bool = True) -> AsyncIterator[Orders]:
        async with self.registry.uplink() as uplink:
            self.orders = Orders(self.site, uplink, self.carry, self.send)
            task = asyncio.create_task(self.orders.run() if running else _idle())
            try:
                yield self.orders
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def outcome(self, door: str, lives: int = 5) -> OrderOutcome:
        nonce = await self.registry.order(door, lives)
        await until(lambda: nonce in self.registry.outcomes)
        return self.registry.outcomes[nonce]


async def _idle() -> None:
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LONGEST", 0.02)
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)
    monkeypatch.setattr(orders, "PATIENCE", 30.0)


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    async with Registry() as registry:
        yield Guard(registry)


async def test_doors_of_both_kinds_open_and_say_so(guard: Guard) -> None:
    async with guard.on_duty():
        assert await guard.outcome(FRONT) is OrderOutcome.DONE
        assert await guard.outcome(BACK) is OrderOutcome.DONE
        assert await guard.outcome(FRONT) is OrderOutcome.DONE
    assert guard.opened == [OPEN_READER, OPEN_LOCK, OPEN_READER]


async def test_a_lock_that_is_only_seen_to_open_is_done(guard: Guard) -> None:
    guard.answers = [
        PassageSeen(LOCK, True, Reason.PERMIT, None, None, Direction.ENTRY, None),
        PassageSeen(LOCK, True, Reason.REMOTE_OPEN, None, None, Direction.ENTRY, None),
    ]
    async with guard.on_duty():
        assert await guard.outcome(BACK) is OrderOutcome.DONE


async def test_a_lock_that_says_nothing_did_what_it_was_told(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "PATIENCE", 0.01)
    guard.answers = []
    async with guard.on_duty():
        assert await guard.outcome(FRONT) is OrderOutcome.DONE


async def test_why_a_door_did_not_open(
    guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    async with guard.on_duty():
        assert await guard.outcome("nowhere") is OrderOutcome.FAILED
        guard.site.doors.of(READER).online = False
        assert await guard.outcome(FRONT) is OrderOutcome.OFFLINE
        assert guard.opened == []
        guard.answers = [CommandFailed(LOCK, OPEN_LOCK, "no")]
        assert await guard.outcome(BACK) is OrderOutcome.FAILED
        guard.site.doors.of(READER).online = True
        guard.records = _raise
        assert await guard.outcome(FRONT) is OrderOutcome.FAILED
    assert "an order could not be carried out" in caplog.text


async def _raise(door: Door, until: float) -> bool:
    raise RuntimeError(f"{door.id} {until}")


async def test_a_record_that_fails_or_takes_too_long_opens_nothing(
    guard: Guard,
) -> None:
    async def slow(_door: Door, until: float) -> bool:
        guard.seconds = until + 1.0
        return False

    async def fails(_door: Door, _until: float) -> bool:
        return False

    async with guard.on_duty():
        guard.records = fails
        assert await guard.outcome(FRONT) is OrderOutcome.FAILED
        guard.records = slow
        assert await guard.outcome(FRONT, lives=2) is OrderOutcome.LATE
    assert guard.opened == []


async def test_an_order_is_counted_from_its_arrival(guard: Guard) -> None:
    async with guard.on_duty(running=False) as desk:
        nonce = await guard.registry.order(BACK, lives=2)
        await desk.once(0)
        guard.seconds += 2.5
        await until(lambda: desk._results)
        await desk.once(0)
    assert guard.registry.outcomes == {nonce: OrderOutcome.LATE}
    assert guard.opened == []


async def test_an_order_that_comes_twice_counts_once(guard: Guard) -> None:
    async with guard.on_duty(running=False) as desk:
        for _ in range(3):
            guard.registry.orders = [DoorOrder(NONCE, BACK, 5)] * 2
            await desk.once(0)
            await until(lambda: desk._results)
        assert guard.opened == [OPEN_LOCK]
        await desk.once(0)
        assert guard.registry.outcomes == {NONCE: OrderOutcome.DONE}
        assert desk._results == {}


@pytest.mark.parametrize(
    "change", [{"nonce": bytes(16)}, {"gateway": GatewayId("gateway-2")}], ids=str
)
async def test_an_answer_to_another_question_opens_nothing(
    guard: Guard, change: dict[str, object]
) -> None:
    heard: list[DoorOrders] = []
    ask = guard.registry._answer

    def answer(message: object) -> web.StreamResponse:
        assert isinstance(message, DoorOrders)
        heard.append(message)
        return ask(replace(message, **change))  # type: ignore[arg-type]  # fields by name

    guard.registry._answer = answer  # type: ignore[method-assign]  # it lies from now on
    async with guard.on_duty(running=False) as desk:
        await guard.registry.order(BACK)
        with pytest.raises(UplinkFailed, match="not ours"):
            await desk.once(0)
        await asyncio.sleep(0)
    assert len(heard[0].orders) == 1
    assert guard.opened == []


async def test_an_old_answer_opens_nothing(guard: Guard) -> None:
    order = DoorOrder(NONCE, BACK, 5)
    body = encode(DoorOrders(GATEWAY, bytes(16), (order,)), guard.registry.signer)
    guard.registry.fault = lambda _: web.Response(body=body)
    async with guard.on_duty(running=False) as desk:
        with pytest.raises(UplinkFailed):
            await desk.once(0)
    assert guard.opened == []


async def test_results_are_told_again_until_somebody_heard_them(guard: Guard) -> None:
    failures = [503] * 3

    def fault(answer: web.Response) -> web.StreamResponse:
        if not guard.opened or not failures:
            return answer
        return web.Response(status=failures.pop())

    guard.registry.fault = fault
    async with guard.on_duty():
        nonce = await guard.registry.order(BACK)
        await until(lambda: not failures and nonce in guard.registry.outcomes)
        await until(lambda: not guard.orders._results)
    assert guard.opened == [OPEN_LOCK]


async def test_what_is_remembered_is_bounded(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "MOST_REMEMBERED", 3)
    async with guard.on_duty(running=False) as desk:
        for _ in range(4):
            for _ in range(2):
                await guard.registry.order("nowhere")
            await desk.once(0)
            await until(lambda: not desk._under_way)
        assert len(desk._taken) == 3
        assert len(desk._results) <= 3
