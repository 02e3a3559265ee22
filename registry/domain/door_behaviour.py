"""How a door behaves now and until when, and which rules it cannot keep."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from controller.door_rules import DoorMode, DoorRules, mode_at
from controller.protocols import PROTOCOLS

AHEAD = timedelta(days=8)
"""A week repeats itself; a holiday in it may move its first change by a day."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Rule(StrEnum):
    """What a door may be told beyond its permits."""

    MODE = "mode"
    MODES = "modes"
    PIN = "pin"
    FIRST_CARD = "first_card"
    CARDS_TOGETHER = "cards_together"
    INTERLOCK = "interlock"
    ANTI_PASSBACK = "anti_passback"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The mode of a door, and when it changes if it does in the next days."""

    mode: DoorMode
    until: datetime | None


def behaviour(
    rules: DoorRules, now: datetime, special_days: Mapping[date, int]
) -> Behaviour:
    """Return how a door is meant to behave at `now`."""
    mode = mode_at(rules, now, special_days)
    for moment in sorted(_turns(rules, now)):
        if moment > now and mode_at(rules, moment, special_days) is not mode:
            return Behaviour(mode, moment)
    return Behaviour(mode, None)


def rules_in_use(rules: DoorRules) -> frozenset[Rule]:
    """Return what of its rules asks a door for anything at all."""
    used = {
        Rule.MODE: rules.mode is not DoorMode.CONTROLLED,
        Rule.MODES: bool(rules.modes),
        Rule.PIN: rules.pin is not None,
        Rule.FIRST_CARD: rules.first_card is not None,
        Rule.CARDS_TOGETHER: rules.cards_together > 1,
        Rule.INTERLOCK: bool(rules.interlock),
        Rule.ANTI_PASSBACK: rules.anti_passback is not None,
    }
    return frozenset(rule for rule, in_use in used.items() if in_use)


def decides_alone(protocol: str) -> bool:
    """Say whether the hardware decides by its permits, without asking a gateway."""
    known = PROTOCOLS.get(protocol)
    return known is not None and known.capabilities.decides


def unkept(protocol: str, rules: DoorRules) -> tuple[Rule, ...]:
    """Return the rules in use that the hardware of a protocol does not keep.

    Hardware that decides alone knows permits and their hours, nothing else of ours.
    """
    if not decides_alone(protocol):
        return ()
    used = rules_in_use(rules)
    return tuple(rule for rule in Rule if rule in used)


def _turns(rules: DoorRules, now: datetime) -> Iterator[datetime]:
    """Return every moment of the next days at which some hours begin or end."""
    for timed in rules.modes:
        zone = ZoneInfo(timed.hours.zone)
        today = now.astimezone(zone).date()
        minutes = {0}
        for hours in timed.hours.hours:
            minutes |= {hours.opens, hours.closes}
        for ahead in range(AHEAD.days + 1):
            midnight = datetime.combine(today + ahead * DAY, time(), zone)
            for minute in minutes:
                yield (midnight + minute * MINUTE).astimezone(UTC)
