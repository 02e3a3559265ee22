"""The rules of a door as plain values, and back: what the API and the database hold."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.cbor import LONGEST_NAME
from controller.door_rules import (
    LONGEST_MEMORY,
    MOST_CARDS_TOGETHER,
    AntiPassback,
    DoorMode,
    DoorRules,
    FirstCard,
    TimedMode,
)
from controller.encoding import MOST_HOURS
from controller.schedule import DAYS_PER_WEEK, MINUTES_PER_DAY, Hours, WeeklyProfile
from controller.uplink.rule_rows import MOST_HOLDERS, MOST_INTERLOCKED, MOST_MODES
from controller.vocabulary import (
    LARGEST_CARD_NUMBER,
    CardNumber,
    Direction,
    DoorId,
)
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.registration import missing

Document = Mapping[str, Any]
"""Rules as values of the types that JSON knows, already checked for those."""
TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
A_SPAN = "give days from 0 (Monday) to 6 (Sunday) and times as HH:MM, at most 24:00"


def read_rules(door: DoorId, document: Document, zone: str) -> DoorRules:
    """Read the rules of a door, or raise Invalid with every fault and its place."""
    reading = _Reading(zone)
    modes = tuple(
        reading.timed_mode(f"modes.{index}", each)
        for index, each in enumerate(document["modes"][: MOST_MODES + 1])
    )
    reading.at_most("modes", modes, MOST_MODES)
    interlock = reading.interlock(door, document["interlock"])
    together = reading.number(
        "cards_together", document["cards_together"], MOST_CARDS_TOGETHER
    )
    pin, first, passback = (
        document[name] for name in ("pin", "first_card", "anti_passback")
    )
    rules = DoorRules(
        door=door,
        mode=reading.mode("mode", document["mode"]),
        modes=tuple(mode for mode in modes if mode is not None),
        pin=None if pin is None else reading.hours("pin", pin),
        first_card=None if first is None else reading.first_card(first),
        cards_together=together,
        interlock=interlock,
        anti_passback=None if passback is None else reading.passback(passback),
    )
    if reading.errors:
        raise Invalid(reading.errors)
    return rules


def written(rules: DoorRules) -> dict[str, Any]:
    """Return the rules of a door as a document."""
    first, passback = rules.first_card, rules.anti_passback
    return {
        "mode": rules.mode.value,
        "modes": [
            {"mode": timed.mode.value, "hours": spans_of(timed.hours)}
            for timed in rules.modes
        ],
        "pin": None if rules.pin is None else spans_of(rules.pin),
        "first_card": None
        if first is None
        else {
            "hours": spans_of(first.hours),
            "holders": [card.value for card in sorted(first.holders)],
            "unlocks": first.unlocks,
        },
        "cards_together": rules.cards_together,
        "interlock": list(rules.interlock),
        "anti_passback": None
        if passback is None
        else {
            "area": passback.area,
            "direction": passback.direction.value,
            "forget_after": passback.forget_after,
            "soft": passback.soft,
        },
    }


def spans_of(profile: WeeklyProfile) -> list[dict[str, Any]]:
    """Return the hours of a week as spans of days, in the order of their times."""
    days: dict[tuple[int, int], set[int]] = defaultdict(set)
    for hours in profile.hours:
        days[hours.opens, hours.closes].add(hours.weekday)
    return [
        {"days": sorted(days[span]), "opens": clock(span[0]), "closes": clock(span[1])}
        for span in sorted(days)
    ]


def clock(minute: int) -> str:
    """Return minutes after midnight as HH:MM; the end of a day is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(text: str) -> int | None:
    """Return HH:MM as minutes after midnight."""
    found = TIME.fullmatch(text)
    if found is None:
        return None
    return MINUTES_PER_DAY if found[1] is None else int(found[1]) * 60 + int(found[2])


@dataclass(slots=True)
class _Reading:
    """What was found wrong so far; every part gives something to go on with."""

    zone: str
    errors: list[FieldError] = field(default_factory=list)

    def malformed(self, place: str, message: str, remedy: str) -> None:
        self.errors.append(FieldError(place, Fault.MALFORMED, message, remedy))

    def at_most(self, place: str, items: Sequence[object], most: int) -> None:
        if len(items) > most:
            self.malformed(place, f"there are more than {most}", "leave some out")

    def number(self, place: str, value: int, most: int) -> int:
        if 1 <= value <= most:
            return value
        self.malformed(place, f"this is not 1 to {most}", f"give 1 to {most}")
        return 1

    def mode(self, place: str, value: str) -> DoorMode:
        if value in list(DoorMode):
            return DoorMode(value)
        self.malformed(place, "there is no such mode", f"give {_either(DoorMode)}")
        return DoorMode.CONTROLLED

    def timed_mode(self, place: str, value: Document) -> TimedMode | None:
        mode = self.mode(f"{place}.mode", value["mode"])
        hours = self.hours(f"{place}.hours", value["hours"])
        return None if hours is None else TimedMode(mode, hours)

    def hours(self, place: str, spans: Sequence[Document]) -> WeeklyProfile | None:
        found: list[Hours] = []
        for index, span in enumerate(spans[: MOST_HOURS + 1]):
            found += self._span(f"{place}.{index}", span)
        if not spans:
            remedy = "give at least one span of hours, or leave the rule out"
            self.errors.append(missing(place, remedy))
        self.at_most(place, found, MOST_HOURS)
        return WeeklyProfile(place, self.zone, tuple(found)) if found else None

    def _span(self, place: str, span: Document) -> list[Hours]:
        opens, closes = minute_of(span["opens"]), minute_of(span["closes"])
        days = sorted(set(span["days"]))
        in_week = all(0 <= day < DAYS_PER_WEEK for day in days)
        if not days or not in_week or opens is None or closes is None:
            self.malformed(place, "these are no hours of a week", A_SPAN)
            return []
        if opens >= closes:
            self.errors.append(
                FieldError(
                    place,
                    Fault.CONTRADICTION,
                    "the hours end before they begin",
                    "give a night as two spans, until 24:00 and from 00:00",
                )
            )
            return []
        return [Hours(day, opens, closes) for day in days]

    def first_card(self, value: Document) -> FirstCard | None:
        hours = self.hours("first_card.hours", value["hours"])
        holders = value["holders"]
        place = "first_card.holders"
        if not holders:
            self.errors.append(missing(place, "name at least one card"))
        self.at_most(place, holders, MOST_HOLDERS)
        if not all(1 <= card <= LARGEST_CARD_NUMBER for card in holders):
            most = f"a card number is 1 to {LARGEST_CARD_NUMBER}"
            self.malformed(place, most, "give the digits printed on the card")
            return None
        if hours is None:
            return None
        cards = frozenset(CardNumber(card) for card in holders)
        return FirstCard(hours, cards, value["unlocks"])

    def interlock(self, door: DoorId, doors: Sequence[str]) -> tuple[DoorId, ...]:
        self.at_most("interlock", doors, MOST_INTERLOCKED)
        if door in doors:
            self.errors.append(
                FieldError(
                    "interlock",
                    Fault.CONTRADICTION,
                    "a door cannot wait for itself",
                    "name other doors only",
                )
            )
        return tuple(DoorId(each) for each in dict.fromkeys(doors) if each != door)

    def passback(self, value: Document) -> AntiPassback | None:
        place, area = "anti_passback", value["area"].strip()
        if not area:
            self.errors.append(missing(f"{place}.area", "name the area"))
        elif len(area) > LONGEST_NAME or not area.isprintable():
            most = f"an area has at most {LONGEST_NAME} printable characters"
            self.malformed(f"{place}.area", most, "name it shorter, on one line")
        direction, seconds = value["direction"], value["forget_after"]
        if direction not in list(Direction):
            remedy = f"give {_either(Direction)}"
            self.malformed(f"{place}.direction", "there is no such way", remedy)
            return None
        if seconds is not None:
            seconds = self.number(f"{place}.forget_after", seconds, LONGEST_MEMORY)
        return AntiPassback(area, Direction(direction), seconds, value["soft"])


def _either(codes: Iterable[str]) -> str:
    return " or ".join(str(code) for code in codes)
