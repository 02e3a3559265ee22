import asyncio
import time
from collections.abc import Callable

import pytest

from firmware_sim.habits import DAY, HOUR, Movement
from firmware_sim.traffic import StreetClock, Traffic


def move(hour: float, door: str = "door-1") -> Movement:
    return Movement(hour * HOUR, door, 5)


def test_the_street_clock_runs_as_fast_as_asked() -> None:
    clock = StreetClock(origin=100.0, start=7 * HOUR, speed=60)
    assert clock.shows(100.0) == 7 * HOUR
    assert clock.shows(160.0) == 8 * HOUR
    assert clock.reaches(8 * HOUR) == 160.0
    assert clock.reaches(clock.shows(123.0)) == pytest.approx(123.0)


async def play(plan: Callable[[int], list[Movement]], count: int) -> list[Movement]:
    made: list[Movement] = []
    done = asyncio.Event()

    def act(movement: Movement) -> None:
        made.append(movement)
        if len(made) == count:
            done.set()

    clock = StreetClock(time.monotonic(), 7 * HOUR, speed=10 * DAY)
    traffic = Traffic(clock, plan, act)
    traffic.running = True
    playing = asyncio.create_task(traffic.play())
    async with asyncio.timeout(10):
        await done.wait()
    playing.cancel()
    return made


async def test_days_follow_each_other_and_the_past_is_not_made_up() -> None:
    def plan(day: int) -> list[Movement]:
        return [move(6, f"day {day}"), move(8, f"day {day}"), move(9, f"day {day}")]

    made = await play(plan, 5)
    assert [(m.door, m.second / HOUR) for m in made[:5]] == [
        ("day 0", 8),
        ("day 0", 9),
        ("day 1", 6),
        ("day 1", 8),
        ("day 1", 9),
    ]


async def test_movements_come_in_time() -> None:
    began = time.monotonic()
    await play(lambda _day: [move(7 + 12)], 1)
    assert time.monotonic() - began >= 12 * HOUR / (10 * DAY)


async def test_people_stay_at_home_while_traffic_is_stopped() -> None:
    made: list[Movement] = []
    clock = StreetClock(time.monotonic(), 0, speed=100 * DAY)
    traffic = Traffic(clock, lambda _day: [move(1), move(23)], made.append)
    playing = asyncio.create_task(traffic.play())
    await asyncio.sleep(0.1)
    playing.cancel()
    assert made == []
    assert not traffic.running
