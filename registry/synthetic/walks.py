"""Who goes through which door when, in a synthetic street: days of passages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from controller.cbor import microseconds
from controller.vocabulary import Direction, Reason
from registry.domain.credential import CardState
from registry.persistence.passage_lines import PassageLine
from registry.persistence.rows import signed

MINUTE = 60 * 10**6
HOURS = (0, 0, 0, 0, 0, 1, 4, 9, 8, 3, 2, 3, 5, 4, 2, 2, 3, 6, 9, 8, 6, 4, 3, 1)
"""How lively each hour of a day is."""
REFUSED = 0.01
"""Share of taps at which a card is refused at its own door: held badly, or in haste."""


@dataclass(frozen=True, slots=True)
class Walker:
    """A card, whose it is and where it goes; `rate` is taps a day.

    `refused` says that doors no longer open for it. From `since` on it walks, until
    `until`.
    """

    card: int
    credential: int
    party: str
    unit: str
    doors: tuple[str, ...]
    rate: float
    since: date
    until: date
    state: CardState = CardState.ACTIVE
    reason: Reason = Reason.PERMIT


def walk(
    walkers: Sequence[Walker], days: Sequence[date], zone: ZoneInfo, luck: Random
) -> Iterator[tuple[date, list[PassageLine]]]:
    """Return the lines of each day, in the order of their times; `seq` goes on."""
    minutes = _lively_minutes(luck)
    seq = 0
    for day in days:
        begins = microseconds(datetime.combine(day, time(), tzinfo=zone))
        lines: list[tuple[int, Walker, str]] = []
        for walker in walkers:
            if not walker.since <= day < walker.until:
                continue
            for _ in range(int(luck.expovariate(1 / walker.rate) + 0.5)):
                at = begins + minutes[luck.getrandbits(10)] + luck.getrandbits(25)
                lines.append((at, walker, luck.choice(walker.doors)))
        lines.sort(key=lambda line: line[0])
        day_lines = [
            _line(number, line, luck) for number, line in enumerate(lines, seq + 1)
        ]
        seq += len(day_lines)
        yield day, day_lines


def twice(
    walker: Walker, doors: tuple[str, str], day: date, zone: ZoneInfo
) -> list[PassageLine]:
    """Return one card at two far doors within a minute."""
    noon = microseconds(datetime.combine(day, time(12), tzinfo=zone))
    return [
        _told(0, noon + n * MINUTE // 2, walker, door, granted=n == 0)
        for n, door in enumerate(doors)
    ]


def days_before(today: date, count: int) -> list[date]:
    """Return so many days, the last of them yesterday."""
    return [today - timedelta(days=n) for n in range(count, 0, -1)]


def _lively_minutes(luck: Random) -> list[int]:
    """Return moments of a day in microseconds, more of them in lively hours."""
    hours = luck.choices(range(24), HOURS, k=1024)
    return [(hour * 60 + luck.randrange(60)) * MINUTE for hour in hours]


def _line(number: int, line: tuple[int, Walker, str], luck: Random) -> PassageLine:
    at, walker, door = line
    granted = walker.reason is Reason.PERMIT and luck.random() >= REFUSED
    return _told(number, at, walker, door, granted=granted)


def _told(
    seq: int, at: int, walker: Walker, door: str, *, granted: bool
) -> PassageLine:
    reason = walker.reason if granted else _REFUSALS.get(walker.reason, walker.reason)
    return (
        seq,
        door,
        at,
        granted,
        reason.value,
        Direction.ENTRY.value,
        signed(walker.card),
        walker.state.value,
        walker.credential,
        walker.party,
        walker.unit,
        None,
        None,
        None,
        None,
        None,
        0.0,
        True,
    )


_REFUSALS = {Reason.PERMIT: Reason.UNREADABLE_CARD}
