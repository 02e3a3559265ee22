"""Random schedules: nothing recorded is lost or doubled, permits converge."""

import copy
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.encoding import digest_of
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import Record
from controller.session import ApplyPermits, Online, OpenDoor, PermitsApplied
from controller.vocabulary import CardNumber, Permit, PermitId, Revision
from tests.support.smart_door_line import LOCK, Line, misfortune, permit


@dataclass
class Owner:
    """The gateway around the session: it wants permits and corrects differences."""

    line: Line
    wanted: dict[PermitId, Permit] = field(default_factory=dict)
    revision: Revision = Revision(0)  # noqa: RUF009 - a number by another name
    read: int = 0

    def change(self, removed: list[int], put: list[int]) -> None:
        """Want something else, and tell the door what changed."""
        gone = tuple(map(PermitId, removed))
        new = tuple(permit(n, card=n + self.revision) for n in put)
        for identity in gone:
            self.wanted.pop(identity, None)
        self.wanted |= {p.id: p for p in new}
        self.revision = Revision(self.revision + 1)
        order = ApplyPermits(LOCK, self.revision, gone, new)
        self.line.gateway.send(order, self.line.now)

    def correct(self) -> None:
        """Send everything to a door that holds something else."""
        news, self.read = self.line.events[self.read :], len(self.line.events)
        for event in news:
            if isinstance(event, Online | PermitsApplied) and (
                event.revision != self.revision or event.digest != self.digest
            ):
                put = tuple(self.wanted.values())
                order = ApplyPermits(LOCK, self.revision, (), put, snapshot=True)
                self.line.gateway.send(order, self.line.now)

    @property
    def digest(self) -> bytes:
        return digest_of(self.wanted.values())


permit_numbers = st.lists(st.integers(1, 12), max_size=5)
actions = {
    "tap": st.integers(1, 30),
    "exit_request": st.none(),
    "wait": st.sampled_from([0, 0.5, 3, 11, 45]),
    "change": st.tuples(permit_numbers, permit_numbers),
    "open": st.none(),
    "set_broker": st.booleans(),
    "set_store": st.booleans(),
    "cut_power": st.none(),
    "reconnect": st.none(),
    "restart_gateway": st.none(),
}
steps = st.sampled_from(sorted(actions)).flatmap(
    lambda name: st.tuples(st.just(name), actions[name])
)


class Run:
    """One schedule played out, with a list of everything the door recorded."""

    def __init__(self, seed: int, capacity: int) -> None:
        memory = DoorMemory(epoch=7, capacity=capacity)
        self.line = Line(memory, faults=misfortune(seed))
        self.owner = Owner(self.line)
        self.recorded: dict[int, Record] = {}

    def play(self, name: str, value: object) -> None:
        """Do one step by its name and let everyone answer."""
        step = getattr(self, name)
        if value is None:
            step()
        else:
            step(value)
        self.note()
        self.line.settle()
        self.owner.correct()

    def tap(self, times: int) -> None:
        for n in range(times):
            self.line.door.tap(CardNumber(n % 13 + 1), self.line.now, self.line.wall)
            self.note()

    def exit_request(self) -> None:
        self.line.door.exit_request(self.line.now, self.line.wall)

    def wait(self, seconds: float) -> None:
        self.line.run(seconds)

    def change(self, numbers: tuple[list[int], list[int]]) -> None:
        self.owner.change(*numbers)

    def open(self) -> None:
        self.line.gateway.send(OpenDoor(LOCK, 2), self.line.now)

    def set_broker(self, up: bool) -> None:
        self.line.broker_up = up

    def set_store(self, working: bool) -> None:
        self.line.acknowledging = working

    def cut_power(self) -> None:
        self.line.unlocks += self.line.door.outputs()
        self.line.start_door()

    def reconnect(self) -> None:
        self.line.reconnect()

    def restart_gateway(self) -> None:
        self.line.start_gateway()

    def note(self) -> None:
        """Remember what the door recorded last."""
        memory = self.line.memory
        self.recorded |= dict(enumerate(copy.copy(memory.records), memory.oldest))

    def heal(self) -> None:
        """End all faults and let time pass."""
        self.line.faults = None
        self.line.broker_up = self.line.acknowledging = True
        for _ in range(20):
            self.line.run(10)
            self.owner.correct()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    schedule=st.lists(steps, max_size=25),
    seed=st.integers(0, 2**32),
    capacity=st.sampled_from([15, 10_000]),
)
def test_every_record_arrives_once_and_permits_converge(
    schedule: list[tuple[str, object]], seed: int, capacity: int
) -> None:
    run = Run(seed, capacity)
    for name, value in schedule:
        run.play(name, value)
    run.heal()
    line, memory, store = run.line, run.line.memory, run.line.store

    kept = {index for _, index in store.passages}
    lost = {index for _, index in store.lost}
    assert kept | lost == set(range(1, memory.last + 1))
    assert not kept & lost
    assert not memory.records
    assert capacity == 15 or not lost
    for (epoch, index), passage in store.passages.items():
        record = run.recorded.get(index)
        assert epoch == 7
        if record is not None:
            assert (record.at, record.card) == (passage.controller_at, passage.card)

    moves = [p.index for p in store.passages.values() if p.granted]
    assert set(moves) <= {unlock.index for unlock in line.unlocks}
    assert len(line.unlocks) == len({unlock.index for unlock in line.unlocks})

    assert memory.revision == run.owner.revision
    assert memory.permits.digest == run.owner.digest
