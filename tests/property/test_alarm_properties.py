"""Whatever a door goes through, its alarms begin once and end once, in order."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from controller.alarms import AlarmLimits, AlarmSignal, DoorAlarms
from controller.session import Contact
from controller.vocabulary import AlarmKind

LIMITS = AlarmLimits(held_open=20.0, lost=10.0, unlock=5.0, patience=1.0)


@dataclass(frozen=True)
class Step:
    """Something that happens a while after what was before."""

    pause: float
    what: str
    active: bool = True


steps = st.builds(
    Step,
    st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0, 7.0, 10.0, 20.0, 400.0]),
    st.sampled_from(
        [*Contact, "grant", "past", "online", "offline", "free", "help", "nothing"]
    ),
    st.booleans(),
)
lives = st.lists(steps, max_size=40)
kinds = st.sets(st.sampled_from(AlarmKind))


def happen(door: DoorAlarms, step: Step, now: float) -> None:
    match step.what:
        case "grant":
            door.explain(now, now + 5.0, now)
        case "past":
            door.hear_of_the_past(now)
        case "online":
            door.online(now)
        case "offline":
            door.offline(now)
        case "free":
            door.free(now, now + 10.0 * step.active)
        case "help":
            door.notice(AlarmKind.DURESS, now, raised=True)
        case "nothing":
            door.on_timeout(now)
        case contact:
            door.contact(Contact(contact), now, active=step.active)


def live(door: DoorAlarms, life: list[Step], ticks: int = 0) -> list[AlarmSignal]:
    """Live a life, with some looks at the clock between the steps."""
    now = 0.0
    signals: list[AlarmSignal] = []
    for step in life:
        for tick in range(1, ticks + 1):
            door.on_timeout(now + step.pause * tick / (ticks + 1))
            signals += door.signals()
        now += step.pause
        happen(door, step, now)
        signals += door.signals()
    return signals


@given(lives, kinds)
def test_alarms_of_a_kind_begin_and_end_by_turns(
    life: list[Step], before: set[AlarmKind]
) -> None:
    signals = live(DoorAlarms(LIMITS, 0.0, before), life)
    raised = set(before)
    for signal in signals:
        assert (signal.kind in raised) is not signal.raised
        raised ^= {signal.kind}
    for kind in AlarmKind:
        moments = [signal.moment for signal in signals if signal.kind is kind]
        assert moments == sorted(moments)
        assert all(0.0 <= moment <= sum(s.pause for s in life) for moment in moments)


@given(lives, kinds, st.integers(1, 4))
def test_how_often_somebody_looks_changes_nothing(
    life: list[Step], before: set[AlarmKind], ticks: int
) -> None:
    seldom = live(DoorAlarms(LIMITS, 0.0, before), life)
    often = live(DoorAlarms(LIMITS, 0.0, before), life, ticks)
    assert seldom == often


@given(lives, kinds)
def test_a_door_in_order_has_no_alarm(life: list[Step], before: set[AlarmKind]) -> None:
    door = DoorAlarms(LIMITS, 0.0, before)
    raised, end = set(before), sum(step.pause for step in life)
    signals = live(door, life)
    door.online(end)
    for contact in Contact:
        door.contact(contact, end, active=False)
    for kind in (AlarmKind.DURESS, AlarmKind.REPLACED):
        door.notice(kind, end, raised=False)
    door.on_timeout(end + 1000.0)
    for signal in [*signals, *door.signals()]:
        raised ^= {signal.kind}
    assert raised == set()
    assert door.deadline() is None


@given(lives)
def test_a_door_whose_every_opening_is_granted_is_never_forced(
    life: list[Step],
) -> None:
    door, now = DoorAlarms(LIMITS, 0.0), 0.0
    signals: list[AlarmSignal] = []
    for step in life:
        now += step.pause
        if step.what == Contact.DOOR and step.active:
            door.explain(now, now + 5.0, now)
        happen(door, step, now)
        signals += door.signals()
    door.on_timeout(now + 1000.0)
    signals += door.signals()
    assert AlarmKind.FORCED_OPEN not in {signal.kind for signal in signals}


@given(lives)
def test_nothing_is_forced_or_held_at_a_door_that_is_free(life: list[Step]) -> None:
    door = DoorAlarms(LIMITS, 0.0)
    door.free(0.0, 1e6)
    signals = live(door, [step for step in life if step.what != "free"])
    wrong = {AlarmKind.FORCED_OPEN, AlarmKind.HELD_OPEN}
    assert wrong.isdisjoint(signal.kind for signal in signals)


@given(st.floats(0.0, 500.0), st.floats(0.0, 500.0))
def test_an_opening_is_forced_just_when_no_grant_is_near(
    opens: float, granted: float
) -> None:
    door = DoorAlarms(AlarmLimits(held_open=1e6), 0.0)
    door.online(0.0)
    door.contact(Contact.DOOR, 0.0, active=False)
    happenings = [(granted, Step(0, "grant")), (opens, Step(0, Contact.DOOR))]
    for at, step in sorted(happenings, key=lambda pair: pair[0]):
        happen(door, step, at)
    door.on_timeout(10_000.0)
    near = granted - 1.0 <= opens <= granted + 5.0 + 2.0
    assert bool(door.signals()) is not near
