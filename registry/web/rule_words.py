"""The rules of a door in the words of the counter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.door_rules import DoorMode, DoorRules, FirstCard
from controller.schedule import WeeklyProfile
from controller.vocabulary import Direction
from registry.domain.door_behaviour import Rule, decides_alone
from registry.domain.hardware import Delivery
from registry.domain.rules_document import spans_of
from registry.services.door_rules import DoorView
from registry.web.hours import WEEK, hours_words
from registry.web.timeline import masked
from registry.web.words import DOOR_MODES, RULE_DELIVERIES, RULES, Badge

DIRECTIONS = {Direction.ENTRY: "进门", Direction.EXIT: "出门"}
MODE_TEXTS = {
    DoorMode.CONTROLLED: "凭授权刷卡开门",
    DoorMode.UNLOCKED: "不用刷卡，推门就开",
    DoorMode.LOCKED: "什么卡都不开，只能远程开门",
}
SHOWN_HOLDERS = 3
MINUTE = 60


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule: its name, its glyph and what it asks for."""

    rule: str
    glyph: str
    text: str


@dataclass(frozen=True, slots=True)
class RulesPart:
    """What the page of a door says of its rules.

    `alone` says that its hardware decides by itself, and `ignored` that it does so
    in spite of a mode it was given.
    """

    view: DoorView
    mode: Badge
    mode_text: str
    until: str | None
    lines: tuple[RuleLine, ...]
    delivery: Badge
    alone: bool
    ignored: bool
    unkept: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether the gateway works by these rules."""
        return self.view.delivery is Delivery.ACKNOWLEDGED


def rules_part(
    view: DoorView, doors: Mapping[str, str], now: datetime, zone: ZoneInfo
) -> RulesPart:
    """Return a door's rules in words; `doors` names the doors of its interlock."""
    until = view.behaviour.until
    return RulesPart(
        view=view,
        mode=DOOR_MODES[view.behaviour.mode],
        mode_text=MODE_TEXTS[view.behaviour.mode],
        until=None if until is None else moment_words(until, now, zone),
        lines=tuple(rule_lines(view.rules, doors)),
        delivery=RULE_DELIVERIES[view.delivery],
        alone=decides_alone(view.status.protocol),
        ignored=bool({Rule.MODE, Rule.MODES} & set(view.unkept)),
        unkept=tuple(RULES[rule].word for rule in view.unkept),
    )


def rule_lines(rules: DoorRules, doors: Mapping[str, str]) -> Iterator[RuleLine]:
    """Return every rule that asks for something as a line."""
    yield _line(Rule.MODE, f"{DOOR_MODES[rules.mode].word}：{MODE_TEXTS[rules.mode]}")
    for timed in rules.modes:
        yield _line(Rule.MODES, f"{_hours(timed.hours)} {DOOR_MODES[timed.mode].word}")
    if rules.pin is not None:
        yield _line(Rule.PIN, f"{_hours(rules.pin)}，刷卡后还要输密码")
    if rules.first_card is not None:
        yield _line(Rule.FIRST_CARD, _first_card(rules.first_card))
    if rules.cards_together > 1:
        text = f"每次要 {rules.cards_together} 张不同的卡先后刷"
        yield _line(Rule.CARDS_TOGETHER, text)
    if rules.interlock:
        others = "、".join(doors.get(door, door) for door in rules.interlock)
        yield _line(Rule.INTERLOCK, f"{others} 开着时，这扇门不开")
    if rules.anti_passback is not None:
        yield _line(Rule.ANTI_PASSBACK, _passback(rules))


def moment_words(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a time of the next days as one would say it."""
    at, today = moment.astimezone(zone), now.astimezone(zone).date()
    if at.date() == today:
        return f"今天 {at:%H:%M}"
    if at.date() == today + timedelta(days=1):
        return f"明天 {at:%H:%M}"
    return f"{at:%m-%d} 周{WEEK[at.weekday()]} {at:%H:%M}"


def _line(rule: Rule, text: str) -> RuleLine:
    return RuleLine(RULES[rule].word, RULES[rule].glyph, text)


def _hours(hours: WeeklyProfile) -> str:
    return hours_words(spans_of(hours))


def _first_card(first: FirstCard) -> str:
    holders = sorted(first.holders)
    cards = "、".join(masked(card.value) for card in holders[:SHOWN_HOLDERS])
    more = f" 等 {len(holders)} 张" if len(holders) > SHOWN_HOLDERS else ""
    then = "此后常开到时段结束" if first.unlocks else "此后其他卡才能开门"
    return f"{_hours(first.hours)}，先要刷首卡（{cards}{more}），{then}"


def _passback(rules: DoorRules) -> str:
    passback = rules.anti_passback
    if passback is None:
        return ""
    seconds = passback.forget_after
    later = "" if seconds is None else f"，{seconds / MINUTE:g} 分钟后不再限制"
    breach = "照常开门，只作记录" if passback.soft else "不开门"
    way = DIRECTIONS[passback.direction]
    return (
        f"区域“{passback.area}”{way}：同一张卡不能连续两次{way}{later}；违反时{breach}"
    )
