from datetime import timedelta

import pytest

from gateway.clock import STEP, UNKNOWN, Clock, ControllerClock
from tests.support.gateway_store import NOON


def shifted(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_wall_time_is_utc() -> None:
    assert Clock(wall=NOON.timestamp).now() == NOON


def test_a_clock_never_read_is_believed_but_hardly() -> None:
    clock = ControllerClock()
    assert (clock.offset, clock.is_off) == (None, False)
    assert clock.correct(NOON, NOON + shifted(60)) == (NOON, UNKNOWN)


def test_the_median_of_few_readings_counts() -> None:
    clock = ControllerClock()
    for offset in (1.0, 1.2, 50.0, 1.1, 0.9):
        clock.read(NOON + shifted(offset), NOON, 0.0)
    assert clock.offset == pytest.approx(1.1)
    assert not clock.is_off


def test_half_the_round_trip_is_the_age_of_a_reading() -> None:
    clock = ControllerClock()
    clock.read(NOON, NOON, 0.4)
    assert clock.offset == pytest.approx(0.2)
    at, uncertainty = clock.correct(NOON, NOON + shifted(9))
    assert at == NOON - shifted(0.2)
    assert uncertainty == pytest.approx(0.2)


def test_nothing_happened_after_now() -> None:
    clock = ControllerClock()
    assert clock.correct(NOON + shifted(5), NOON) == (NOON, UNKNOWN)


@pytest.mark.parametrize(
    ("step", "raw", "at", "uncertainty"),
    [
        # The clock was behind: what says a time before the setting is from before it.
        (-100.0, -150.0, -50.0, STEP),
        (-100.0, 30.0, 30.0, STEP),
        # It was ahead: times up to where it had been can be of either clock.
        (100.0, 50.0, 50.0, STEP + 100.0),
        (100.0, -20.0, -120.0, STEP),
        (100.0, 130.0, 130.0, STEP),
    ],
)
def test_what_was_recorded_before_a_setting_still_has_the_old_error(
    step: float, raw: float, at: float, uncertainty: float
) -> None:
    clock = ControllerClock()
    clock.read(NOON + shifted(step), NOON, 0.0)
    off = [clock.is_off]
    clock.was_set(NOON)
    assert [*off, clock.is_off] == [True, False]
    late = NOON + shifted(1000)
    assert clock.correct(NOON + shifted(raw), late) == (
        NOON + shifted(at),
        uncertainty,
    )
