"""Permits on their way: whatever is lost, doubled or old, doors end where they should.

A registry with a history, a real Sync, Permits, State and Delivery, and two smart
doors that apply, refuse, forget and go away.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.encoding import digest_of
from controller.session import (
    ApplyPermits,
    Command,
    CommandFailed,
    Event,
    Offline,
    Online,
    PermitsApplied,
)
from controller.uplink.messages import PermitDelta, PermitRequest, PermitSnapshot
from controller.vocabulary import (
    ControllerId,
    DoorId,
    GatewayId,
    Permit,
    PermitId,
    Revision,
)
from gateway import delivery
from gateway.clock import Clock
from gateway.delivery import Delivery
from gateway.doors import Doors
from gateway.errors import UplinkFailed
from gateway.permits import NOTHING, Permits
from gateway.site import Site
from gateway.store.state import State
from gateway.sync import Sync
from gateway.uplink import Uplink
from tests.support.gateway_site import DECIDES_ALONE, DECIDES_NOTHING, door, permit

GATEWAY = GatewayId("gateway-1")
FRONT = DoorId("front")
LOCKS = {ControllerId("lock-1"): DoorId("back"), ControllerId("lock-2"): DoorId("side")}
LOCK = st.sampled_from(sorted(LOCKS))
Held = dict[PermitId, Permit]
Answer = PermitDelta | PermitSnapshot


@dataclass
class FakeLock:
    """A door that holds permits; commands wait until it takes them."""

    name: ControllerId
    revision: Revision = NOTHING
    held: Held = field(default_factory=dict)
    older: list[tuple[Revision, Held]] = field(default_factory=list)
    inbox: list[ApplyPermits] = field(default_factory=list)
    online: bool = False

    def apply(self, command: ApplyPermits) -> PermitsApplied:
        self.older.append((self.revision, self.held))
        kept = {} if command.snapshot else dict(self.held)
        for gone in command.removed:
            kept.pop(gone, None)
        self.held = kept | {each.id: each for each in command.put}
        self.revision = command.revision
        return PermitsApplied(self.name, self.revision, digest_of(self.held.values()))


class FakeRegistry:
    """Every revision there ever was; `choose` picks what to answer."""

    def __init__(self) -> None:
        self.history: list[Held] = [{}]
        self.deltas: list[PermitDelta] = []
        self.answers: list[Answer] = []

    @property
    def revision(self) -> Revision:
        return Revision(len(self.history) - 1)

    def publish(self, removed: Iterable[int], put: Iterable[Permit]) -> None:
        gone, new = tuple(map(PermitId, removed)), tuple(put)
        held = dict(self.history[-1])
        for identity in gone:
            held.pop(identity, None)
        held |= {each.id: each for each in new}
        base = self.revision
        self.history.append(held)
        digest = digest_of(held.values())
        self.deltas.append(PermitDelta(GATEWAY, base, self.revision, gone, new, digest))

    def answer(self, request: PermitRequest) -> Answer:
        held = self.history[request.after]
        if request.after and request.digest == digest_of(held.values()):
            if request.after < self.revision:
                return self.deltas[request.after]
            now = self.revision
            return PermitDelta(GATEWAY, now, now, (), (), request.digest)
        everything = tuple(self.history[-1].values())
        return PermitSnapshot(GATEWAY, self.revision, everything, digest_of(everything))

    def at(self, revision: int, place: DoorId) -> set[Permit]:
        held = self.history[revision].values()
        return {each for each in held if each.door == place}


class Line:
    """The only way to the registry, with whatever happens on it."""

    def __init__(self, registry: FakeRegistry) -> None:
        self.registry = registry
        self.fate: Callable[[Answer], Answer] = lambda answer: answer

    async def ask(self, request: PermitRequest, *_: type, wait: float) -> Answer:
        del wait
        answer = self.registry.answer(request)
        self.registry.answers.append(answer)
        return self.fate(answer)


class PermitsMachine(RuleBasedStateMachine):
    """What each door holds beside what the gateway says of it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.home = tempfile.TemporaryDirectory()
        self.retry, delivery.RETRY = delivery.RETRY, 0.0
        self.registry = FakeRegistry()
        self.line = Line(self.registry)
        self.locks = {name: FakeLock(name) for name in LOCKS}
        self.state = State(Path(self.home.name) / "state.db")
        self.start()
        self.registry.publish((), [permit(1), permit(2, DoorId("back"))])

    def teardown(self) -> None:
        self.settle()
        self.state.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.home.cleanup()
        delivery.RETRY = self.retry

    def settle(self) -> None:
        """With nothing in the way any more, everything comes to be as wanted."""
        self.line.fate = lambda answer: answer
        for name in LOCKS:
            if not self.locks[name].online:
                self.come_online(name)
        for _ in range(self.registry.revision + 6):
            self.poll()
            for name in LOCKS:
                while self.locks[name].inbox:
                    self.take(name)
        wanted = self.registry.revision
        assert {
            each.id: each.acknowledged for each in self.site.doors
        } == dict.fromkeys([FRONT, *LOCKS.values()], wanted)
        for name, place in LOCKS.items():
            held = set(self.locks[name].held.values())
            assert held == self.registry.at(wanted, place)

    def start(self) -> None:
        acknowledged = self.state.acknowledged()
        doors = [door(FRONT, ControllerId("reader-1"), DECIDES_NOTHING)]
        doors += [door(LOCKS[name], name, DECIDES_ALONE) for name in LOCKS]
        for each in doors:
            each.acknowledged = acknowledged.get(each.id, Revision(0))
        self.site = Site(GATEWAY, Doors(doors), Clock())
        self.permits = Permits(self.state)
        self.delivery = Delivery(self.site, self.permits, self.state, self.send)
        uplink = cast("Uplink", self.line)
        self.sync = Sync(self.site, self.permits, uplink, self.delivery, lambda: None)

    def send(self, command: Command) -> None:
        assert isinstance(command, ApplyPermits)
        lock = self.locks[command.controller]
        assert lock.online, "nothing is sent to a door that is away"
        lock.inbox.append(command)

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        async def and_what_it_leads_to() -> None:
            await work
            await asyncio.sleep(0.001)

        self.loop.run_until_complete(and_what_it_leads_to())

    def tell(self, event: Event) -> None:
        async def happen() -> None:
            self.delivery.handle(event)

        self.do(happen())

    @rule(
        removed=st.sets(st.integers(1, 9), max_size=3),
        put=st.lists(
            st.builds(
                permit,
                st.integers(1, 9),
                st.sampled_from([FRONT, *LOCKS.values()]),
                st.integers(1, 3),
            ),
            max_size=3,
            unique_by=lambda each: each.id,
        ),
    )
    def publish(self, removed: set[int], put: list[Permit]) -> None:
        self.registry.publish(removed, put)

    @rule()
    def poll(self) -> None:
        async def ask() -> None:
            try:
                await self.sync.once(0)
            except UplinkFailed:
                return

        self.do(ask())

    @rule(data=st.data())
    def poll_badly(self, data: st.DataObject) -> None:
        """An answer is lost on its way, or one from long ago arrives instead."""

        def fate(answer: Answer) -> Answer:
            chosen = data.draw(st.sampled_from([None, *self.registry.answers[-6:]]))
            if chosen is None:
                raise UplinkFailed("lost")
            return chosen if data.draw(st.booleans()) else answer

        self.line.fate = fate
        self.poll()
        self.line.fate = lambda answer: answer

    @rule(name=LOCK)
    def take(self, name: ControllerId) -> None:
        lock = self.locks[name]
        if lock.inbox:
            self.tell(lock.apply(lock.inbox.pop(0)))

    @rule(name=LOCK)
    def refuse(self, name: ControllerId) -> None:
        lock = self.locks[name]
        if lock.inbox:
            self.tell(CommandFailed(name, lock.inbox.pop(0), "no room"))

    @rule(name=LOCK)
    def come_online(self, name: ControllerId) -> None:
        lock = self.locks[name]
        lock.inbox.clear()
        lock.online = self.site.doors.of(name).online = True
        digest = digest_of(lock.held.values())
        self.tell(Online(name, True, lock.revision, digest))

    @rule(name=LOCK)
    def go_away(self, name: ControllerId) -> None:
        lock = self.locks[name]
        lock.inbox.clear()
        lock.online = self.site.doors.of(name).online = False
        self.tell(Offline(name, "power cut"))

    @rule(name=LOCK, data=st.data())
    def return_older(self, name: ControllerId, data: st.DataObject) -> None:
        """Come back after a power cut with what the flash held a while ago."""
        lock = self.locks[name]
        self.go_away(name)
        if lock.older:
            place = data.draw(st.integers(0, len(lock.older) - 1))
            lock.revision, lock.held = lock.older[place]
            del lock.older[place:]
        self.come_online(name)

    @rule()
    def restart(self) -> None:
        self.start()
        for name, lock in self.locks.items():
            lock.inbox.clear()
            if lock.online:
                self.come_online(name)

    @invariant()
    def no_door_is_said_to_hold_more_than_it_does(self) -> None:
        durable = self.state.acknowledged()
        for name, place in LOCKS.items():
            said = self.site.doors.of(name).acknowledged
            assert said == durable.get(place, 0)
            held = set(self.locks[name].held.values())
            later = range(said, len(self.registry.history))
            assert any(held == self.registry.at(each, place) for each in later)

    @invariant()
    def the_gateway_decides_by_what_it_says(self) -> None:
        revision = self.permits.revision
        assert {
            each.id: each for each in self.permits.table.permits()
        } == self.registry.history[revision]
        front = self.site.doors.of(ControllerId("reader-1"))
        assert front.acknowledged == revision


PermitsMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None
)
TestPermits = PermitsMachine.TestCase
