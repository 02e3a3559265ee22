from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from controller.schedule import Hours, Validity, WeeklyProfile

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 9, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
BERLIN = ZoneInfo("Europe/Berlin")


class Unsure(tzinfo):
    def utcoffset(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "unsure"

    def dst(self, _: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    ("now", "holds"),
    [(START - TICK, False), (START, True), (END - TICK, True), (END, False)],
)
def test_a_window_holds_from_its_start_until_before_its_end(
    now: datetime, holds: bool
) -> None:
    assert Validity(START, END).contains(now) is holds
    assert Validity(START, END).contains(now.astimezone(BERLIN)) is holds


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("zone", [None, Unsure()])
def test_a_window_needs_real_times(name: str, zone: tzinfo | None) -> None:
    times = {"start": START, "end": END}
    times[name] = times[name].replace(tzinfo=zone)
    with pytest.raises(ValueError, match=f"{name} needs a time zone"):
        Validity(**times)


def test_a_window_that_never_holds_is_refused() -> None:
    for end in (START, START - TICK):
        with pytest.raises(ValueError, match="end must come after its start"):
            Validity(START, end)


def test_a_window_is_kept_in_utc_through_the_end_of_summer_time() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    window = Validity(first, second)
    assert window.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert window.end - window.start == timedelta(hours=1)
    assert (window.start.tzinfo, window.end.tzinfo) == (UTC, UTC)
    assert window == Validity(window.start, window.end)


@pytest.mark.parametrize(
    ("weekday", "opens", "closes", "complaint"),
    [
        (-1, 0, 1, "weekday"),
        (7, 0, 1, "weekday"),
        (0, -1, 1, "hours"),
        (0, 5, 5, "hours"),
        (0, 6, 5, "hours"),
        (0, 0, 1441, "hours"),
    ],
)
def test_hours_lie_in_one_day(
    weekday: int, opens: int, closes: int, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Hours(weekday, opens, closes)


@pytest.mark.parametrize(
    "zone", ["", "Nope", "America", "../etc/passwd", "/etc/passwd", "a\0b", "\ud800"]
)
def test_an_unknown_zone_is_refused_at_once(zone: str) -> None:
    with pytest.raises(ValueError, match="is not known"):
        WeeklyProfile("name", zone, ())


MONDAY_OFFICE = (Hours(0, 8 * 60, 18 * 60),)


@pytest.mark.parametrize(
    ("zone", "now", "holds"),
    [
        ("Asia/Shanghai", "2026-03-02T07:59:59.999999+08:00", False),
        ("Asia/Shanghai", "2026-03-02T08:00:00+08:00", True),
        ("Asia/Shanghai", "2026-03-02T17:59:59.999999+08:00", True),
        ("Asia/Shanghai", "2026-03-02T18:00:00+08:00", False),
        ("Asia/Shanghai", "2026-03-02T00:00:00+00:00", True),
        ("Asia/Shanghai", "2026-03-03T08:00:00+08:00", False),
        ("Europe/Berlin", "2026-03-23T07:00:00+00:00", True),
        ("Europe/Berlin", "2026-03-30T07:00:00+00:00", True),
        ("Europe/Berlin", "2026-03-23T06:59:00+00:00", False),
        ("Europe/Berlin", "2026-03-30T06:00:00+00:00", True),
        ("America/St_Johns", "2026-01-05T11:29:00+00:00", False),
        ("America/St_Johns", "2026-01-05T11:30:00+00:00", True),
    ],
)
def test_hours_are_read_on_the_local_clock(zone: str, now: str, holds: bool) -> None:
    profile = WeeklyProfile("office", zone, MONDAY_OFFICE)
    assert profile.contains(datetime.fromisoformat(now)) is holds


def test_an_hour_that_comes_twice_holds_twice_and_one_that_is_skipped_never() -> None:
    half_past_two = WeeklyProfile("night", "Europe/Berlin", (Hours(6, 120, 180),))
    day = datetime(2026, 10, 25, tzinfo=UTC)
    assert [half_past_two.contains(day + timedelta(hours=h)) for h in range(3)] == [
        True,
        True,
        False,
    ]
    day = datetime(2026, 3, 29, tzinfo=UTC)
    assert not any(half_past_two.contains(day + timedelta(hours=h)) for h in range(24))


def test_midnight_belongs_to_the_new_day_and_no_hours_never_hold() -> None:
    sunday = WeeklyProfile("sunday", "Asia/Shanghai", (Hours(6, 0, 1440),))
    zone = timezone(timedelta(hours=8))
    assert sunday.contains(datetime(2026, 3, 1, tzinfo=zone))
    assert not sunday.contains(datetime(2026, 3, 2, tzinfo=zone))
    assert not WeeklyProfile("never", "UTC", ()).contains(START)
