"""Controllers' clocks that drift, jump and are set: what we make of their times."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.cbor import EPOCH, FIRST_MOMENT, LAST_MOMENT, MICROSECOND
from controller.session import ClockRead, Command, SetClock
from gateway.clock import READINGS, STEP, UNKNOWN, Clock, ControllerClock
from gateway.health import Timekeeper
from gateway.site import Site
from tests.support.gateway_site import LOCK, site
from tests.support.gateway_store import NOON

ANY_MOMENT = st.integers(FIRST_MOMENT, LAST_MOMENT).map(
    lambda count: EPOCH + count * MICROSECOND
)
OFFSETS = st.floats(-STEP, STEP)
TRIPS = st.floats(0, 2)
READINGS_TAKEN = st.lists(st.tuples(ANY_MOMENT, TRIPS), max_size=2 * READINGS)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@given(ANY_MOMENT, READINGS_TAKEN, st.booleans())
def test_whatever_a_clock_says_the_record_gets_a_time_it_can_hold(
    raw: datetime, readings: list[tuple[datetime, float]], was_set: bool
) -> None:
    clock = ControllerClock()
    for at, trip in readings:
        clock.read(at, NOON, trip)
    if was_set:
        clock.was_set(NOON)
    at, unsure = clock.correct(raw, NOON)
    assert EPOCH <= at <= NOON
    assert at.tzinfo is UTC
    assert 0 <= unsure * 1_000_000 < 2**63


@given(st.lists(st.tuples(OFFSETS, TRIPS, TRIPS), min_size=1, max_size=READINGS))
def test_the_true_time_is_within_what_is_said_to_be_unsure(
    readings: list[tuple[float, float, float]],
) -> None:
    """Each reading takes its trip there and another back, as long as they like."""
    clock, truth = ControllerClock(), 0.7
    for _, there, back in readings:
        said = NOON + seconds(truth) - seconds(back)
        clock.read(said, NOON, there + back)
    happened = NOON - timedelta(hours=1)
    at, unsure = clock.correct(happened + seconds(truth), NOON)
    assert abs((at - happened).total_seconds()) <= unsure + 1e-5


@given(st.lists(OFFSETS, min_size=1, max_size=3 * READINGS), TRIPS)
def test_the_offset_is_one_that_was_read_lately_and_not_the_extreme(
    offsets: list[float], trip: float
) -> None:
    clock = ControllerClock()
    for offset in offsets:
        clock.read(NOON + seconds(offset - trip / 2), NOON, trip)
    last = sorted(offsets[-READINGS:])
    assert clock.offset is not None
    assert abs(clock.offset - last[(len(last) - 1) // 2]) < 2e-6
    assert not clock.is_off or abs(clock.offset) > STEP


class Town:
    """A lock whose clock drifts, a gateway that reads and sets it."""

    def __init__(self, offset: float, drift: float) -> None:
        self.true, self.drift = NOON, drift
        self.shows = NOON + seconds(offset)
        self.obeys = True
        self.settings = 0
        template = site()
        clock = Clock(lambda: self.true.timestamp())  # noqa: PLW0108 - it moves on
        self.site = Site(template.gateway, template.doors, clock)
        self.keeper = Timekeeper(self.site, self.send)

    def send(self, command: Command) -> None:
        assert isinstance(command, SetClock)
        self.settings += 1
        if self.obeys:
            self.shows = command.at

    def pass_time(self, passed: float) -> None:
        self.true += seconds(passed)
        self.shows += seconds(passed * (1 + self.drift))

    def read(self) -> None:
        self.keeper.handle(ClockRead(LOCK, self.shows, 0.0))

    @property
    def error(self) -> float:
        return (self.shows - self.true).total_seconds()

    def corrected(self, raw: datetime) -> tuple[datetime, float]:
        return self.site.doors.of(LOCK).clock.correct(raw, self.true)


@given(st.floats(-(10**8), 10**8), st.floats(-1e-4, 1e-4))
def test_a_clock_is_set_once_and_kept_in_step(offset: float, drift: float) -> None:
    town = Town(offset, drift)
    town.read()
    assert town.settings == (abs(offset) > STEP)
    assert abs(town.error) <= STEP
    for _ in range(400):
        town.pass_time(300)
        town.read()
        assert abs(town.error) <= STEP + 3 * 300 * abs(drift)
    most = 1 + 400 * 300 * abs(drift) / STEP + (abs(offset) > STEP)
    assert town.settings <= most


@given(st.floats(3, 10**7), st.floats(0, 10**5), st.booleans())
def test_events_from_before_a_setting_are_placed_by_the_old_error(
    offset: float, age: float, behind: bool
) -> None:
    town = Town(-offset if behind else offset, 0.0)
    happened, raw = town.true, town.shows
    town.pass_time(age)
    town.read()
    assert town.settings == 1
    town.pass_time(60)
    town.read()
    at, unsure = town.corrected(raw)
    assert abs((at - happened).total_seconds()) <= unsure
    town.pass_time(offset)
    at, unsure = town.corrected(town.shows)
    assert abs((at - town.true).total_seconds()) <= 1e-5
    assert unsure <= STEP


def test_a_clock_that_does_not_obey_is_told_again() -> None:
    town = Town(3600, 0.0)
    town.obeys = False
    for _ in range(3):
        town.read()
        town.pass_time(60)
    assert town.settings == 3
    at, unsure = town.corrected(town.shows)
    assert (at, unsure >= STEP) == (town.true, True)


def test_a_clock_set_but_not_read_since_is_trusted_to_a_step() -> None:
    town = Town(-10, 0.0)
    town.read()
    town.pass_time(5)
    assert town.corrected(town.shows) == (town.true, STEP)
    never_read = ControllerClock()
    assert never_read.correct(NOON, NOON) == (NOON, UNKNOWN)
