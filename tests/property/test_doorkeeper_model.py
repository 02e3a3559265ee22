"""The doorkeeper against a witness that forgets nothing and searches its diary."""

from datetime import datetime, timedelta
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller import door_rules
from controller.door_rules import (
    AntiPassback,
    DoorMode,
    DoorRules,
    FirstCard,
    RuleBook,
    TimedMode,
    pin_for,
)
from controller.doorkeeping.keeper import Doorkeeper
from controller.doorkeeping.rulings import Moment, Ruling
from controller.schedule import Hours, WeeklyProfile
from controller.vocabulary import CardNumber, Decision, Direction, DoorId, Reason
from tests.support.porch import NOON, UNLOCK, said_of

CARDS = tuple(CardNumber(number) for number in range(1, 5))
BOSS = CARDS[0]
MORNING = WeeklyProfile("am", "UTC", tuple(Hours(day, 480, 720) for day in range(7)))
LATE = WeeklyProfile("pm", "UTC", tuple(Hours(day, 900, 1080) for day in range(7)))
ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
LOBBY, YARD, GATE, VAULT, LOFT = (
    DoorId(name) for name in ("lobby", "yard", "gate", "vault", "loft")
)
RULES = {
    LOBBY: DoorRules(
        LOBBY,
        modes=(TimedMode(DoorMode.UNLOCKED, MORNING), TimedMode(DoorMode.LOCKED, LATE)),
    ),
    YARD: DoorRules(YARD, pin=LATE, anti_passback=AntiPassback("yard", ENTRY, 3600)),
    GATE: DoorRules(GATE, pin=MORNING, anti_passback=AntiPassback("yard", EXIT)),
    VAULT: DoorRules(
        VAULT,
        pin=LATE,
        cards_together=2,
        interlock=(LOFT,),
        anti_passback=AntiPassback("vault", ENTRY, 60, soft=True),
    ),
    LOFT: DoorRules(
        LOFT,
        pin=MORNING,
        first_card=FirstCard(MORNING, frozenset({BOSS}), unlocks=False),
        interlock=(VAULT,),
    ),
}
Said = list[tuple[CardNumber | None, Reason, bool]]


def within(hours: WeeklyProfile, wall: datetime) -> bool:
    span = hours.hours[0]
    return span.opens <= wall.hour * 60 + wall.minute < span.closes


class Witness:
    """Knows who passed, what was wrong and who waits, each with its time."""

    def __init__(self) -> None:
        self.passed: list[tuple[float, datetime, DoorId, CardNumber]] = []
        self.freed: list[tuple[float, DoorId]] = []
        self.pins: list[tuple[float, CardNumber, bool]] = []
        self.waiting: dict[DoorId, tuple[CardNumber, float, str]] = {}
        self.company: dict[DoorId, list[tuple[CardNumber, float]]] = {}
        self.open: set[DoorId] = set()
        self.permits = {(door, card) for door in RULES for card in CARDS[:3]}

    def late(self, at: Moment) -> Said:
        said: Said = []
        for door, (card, until, _) in list(self.waiting.items()):
            if until <= at.ticks:
                del self.waiting[door]
                said.append((card, Reason.PIN_NEEDED, False))
        for door, company in list(self.company.items()):
            if company[-1][1] + 15.0 <= at.ticks and door not in self.waiting:
                del self.company[door]
                said += [(card, Reason.MORE_CARDS, False) for card, _ in company]
        return said

    def obstacle(
        self, door: DoorId, card: CardNumber, at: Moment, beside: list[CardNumber]
    ) -> Reason:
        if (door, card) not in self.permits:
            return Reason.UNKNOWN_CARD
        back, rules = self.back(door, card, at), RULES[door]
        if door == GATE:
            return Reason.PASSBACK_NOTED if back else Reason.PERMIT
        if back and door == YARD:
            return Reason.ANTI_PASSBACK
        if door == LOFT and within(MORNING, at.wall) and BOSS not in [card, *beside]:
            today = [
                who
                for _, wall, where, who in self.passed
                if where == LOFT
                and wall.date() == at.wall.date()
                and within(MORNING, wall)
            ]
            if BOSS not in today:
                return Reason.FIRST_CARD
        if self.shut_by(rules, at):
            return Reason.INTERLOCK
        return Reason.PASSBACK_NOTED if back else Reason.PERMIT

    def back(self, door: DoorId, card: CardNumber, at: Moment) -> bool:
        rule = RULES[door].anti_passback
        for ticks, _, where, who in reversed(self.passed):
            other = RULES[where].anti_passback
            if rule and other and who == card and other.area == rule.area:
                fresh = (
                    rule.forget_after is None or at.ticks - ticks < rule.forget_after
                )
                return other.direction is rule.direction and fresh
        return False

    def shut_by(self, rules: DoorRules, at: Moment) -> bool:
        moved = [(ticks, where) for ticks, _, where, _ in self.passed] + self.freed
        return any(
            other in self.open
            or any(at.ticks < t + UNLOCK for t, where in moved if where == other)
            for other in rules.interlock
        )

    def tap(
        self, door: DoorId, card: CardNumber | None, at: Moment, *, pinned: bool = False
    ) -> Said:
        if door == LOBBY and within(MORNING, at.wall):
            if card and (door, card) in self.permits:
                self.passed.append((at.ticks, at.wall, door, card))
            return [(card, Reason.FREE_PASSAGE, True)]
        shut = door == LOBBY and within(LATE, at.wall)
        if shut or card is None:
            reason = Reason.HELD_SHUT if shut else Reason.UNREADABLE_CARD
            return [(card, reason, False)]
        beside = [who for who, _ in self.company.get(door, [])]
        reason = self.obstacle(door, card, at, beside)
        if reason not in (Reason.PERMIT, Reason.PASSBACK_NOTED):
            return [(card, reason, False)]
        hours = RULES[door].pin
        if hours and door != GATE and not pinned and within(hours, at.wall):
            return self.ask(door, card, at)
        if door == VAULT:
            return self.join(card, at)
        self.passed.append((at.ticks, at.wall, door, card))
        return [(card, reason, True)]

    def ask(self, door: DoorId, card: CardNumber, at: Moment) -> Said:
        if card == CARDS[2]:
            return [(card, Reason.PIN_NEEDED, False)]
        wrong, last = 0, at.ticks
        for ticks, who, right in self.pins:
            if who == card:
                wrong = 0 if right else 1 if ticks - last >= 300.0 else wrong + 1
                last = ticks
        if wrong >= 5 and at.ticks - last < 300.0:
            return [(card, Reason.WRONG_PIN, False)]
        self.waiting[door] = card, at.ticks + 10.0, ""
        return []

    def join(self, card: CardNumber, at: Moment) -> Said:
        company = self.company.setdefault(VAULT, [])
        if card not in [who for who, _ in company]:
            company.append((card, at.ticks))
        if len(company) < 2:
            return []
        cards = [who for who, _ in company]
        found = {who: self.obstacle(VAULT, who, at, cards) for who in cards}
        good = (Reason.PERMIT, Reason.PASSBACK_NOTED)
        bad: Said = [(who, why, False) for who, why in found.items() if why not in good]
        if bad:
            self.company[VAULT] = [one for one in company if found[one[0]] in good]
            return bad
        del self.company[VAULT]
        self.passed += [(at.ticks, at.wall, VAULT, who) for who in cards]
        return [(who, why, True) for who, why in found.items()]


class Doors(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # Real PINs are slow on purpose.
        self.quick = mock.patch.object(door_rules, "_ITERATIONS", 1)
        self.quick.start()
        self.seconds = 0.0
        self.witness = Witness()
        self.keeper = Doorkeeper(self.decide, dict.fromkeys(RULES, UNLOCK))
        pins = [pin_for(card, "2469", bytes(16)) for card in CARDS if card != CARDS[2]]
        self.keeper.follow(RuleBook(doors=tuple(RULES.values()), pins=tuple(pins)))

    def teardown(self) -> None:
        self.quick.stop()

    @property
    def at(self) -> Moment:
        morning = NOON.replace(hour=11, minute=50)
        return Moment(morning + timedelta(seconds=self.seconds), self.seconds)

    def decide(self, door: DoorId, card: CardNumber, _now: datetime) -> Decision:
        if (door, card) in self.witness.permits:
            return Decision(True, Reason.PERMIT)
        return Decision(False, Reason.UNKNOWN_CARD)

    def agree(self, rulings: list[Ruling], expected: Said) -> None:
        assert said_of(rulings) == expected

    @rule(door=st.sampled_from(list(RULES)), card=st.sampled_from([*CARDS, None]))
    def tap(self, door: DoorId, card: CardNumber | None) -> None:
        expected = self.witness.late(self.at)
        waiting = self.witness.waiting.pop(door, None)
        if waiting and waiting[0] != card:
            expected.append((waiting[0], Reason.PIN_NEEDED, False))
        expected += self.witness.tap(door, card, self.at)
        self.agree(list(self.keeper.card(door, card, self.at)), expected)

    @rule(
        door=st.sampled_from([YARD, LOFT, VAULT]),
        keys=st.sampled_from(["2469#", "2460#", "1111#", "24", "69#", "*", "#"]),
    )
    def press(self, door: DoorId, keys: str) -> None:
        expected = self.witness.late(self.at)
        duress = False
        if door in self.witness.waiting:
            card, until, typed = self.witness.waiting[door]
            typed, ended = (typed + keys).removesuffix("#"), keys.endswith("#")
            typed = typed.rpartition("*")[2]
            if any(key.isdecimal() for key in keys):
                until = self.at.ticks + 10.0
            self.witness.waiting[door] = card, until, typed[:8]
            if len(typed) >= 8 or (ended and typed):
                del self.witness.waiting[door]
                right = typed[:8] in ("2469", "2460")
                duress = typed[:8] == "2460"
                self.witness.pins.append((self.at.ticks, card, right))
                if right:
                    expected += self.witness.tap(door, card, self.at, pinned=True)
                else:
                    expected.append((card, Reason.WRONG_PIN, False))
        rulings = list(self.keeper.keys(door, keys, self.at))
        self.agree(rulings, expected)
        assert any(ruling.duress for ruling in rulings) is duress

    @rule(
        door=st.sampled_from([YARD, LOFT, VAULT]),
        card=st.sampled_from(CARDS[:2]),
        entries=st.lists(st.sampled_from(["2469#", "1111#", "24692469"]), max_size=6),
    )
    def try_pins(self, door: DoorId, card: CardNumber, entries: list[str]) -> None:
        for keys in entries:
            self.tap(door, card)
            self.press(door, keys)

    @rule(cards=st.lists(st.sampled_from(CARDS[:2]), max_size=4))
    def gather(self, cards: list[CardNumber]) -> None:
        for card in cards:
            self.tap(VAULT, card)

    @rule(seconds=st.sampled_from([0.5, 3.0, 5.0, 10.0, 15.0, 60.0, 300.0, 7200.0]))
    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    @rule()
    def look_at_the_clock(self) -> None:
        expected = self.witness.late(self.at)
        self.agree(list(self.keeper.on_timeout(self.at)), expected)

    @rule(door=st.sampled_from([VAULT, LOFT]), opened=st.booleans())
    def move(self, door: DoorId, opened: bool) -> None:
        self.witness.open -= {door}
        self.witness.open |= {door} if opened else set()
        self.keeper.contact(door, opened=opened)

    @rule(door=st.sampled_from(list(RULES)))
    def leave(self, door: DoorId) -> None:
        self.witness.freed.append((self.at.ticks, door))
        rulings = list(self.keeper.exit(door, self.at))
        self.agree(rulings, [(None, Reason.EXIT_REQUEST, True)])

    @rule(door=st.sampled_from([VAULT, LOBBY]))
    def order(self, door: DoorId) -> None:
        shut = self.witness.shut_by(RULES[door], self.at)
        reason = Reason.INTERLOCK if shut else Reason.REMOTE_OPEN
        if not shut:
            self.witness.freed.append((self.at.ticks, door))
        self.agree([self.keeper.order(door, self.at)], [(None, reason, not shut)])

    @rule(door=st.sampled_from(list(RULES)), card=st.sampled_from(CARDS))
    def change_a_permit(self, door: DoorId, card: CardNumber) -> None:
        self.witness.permits ^= {(door, card)}

    @invariant()
    def who_waits_is_remembered_and_nobody_else(self) -> None:
        assert self.keeper._entries.keys() == self.witness.waiting.keys()
        assert self.keeper._companies.keys() == self.witness.company.keys()


Doors.TestCase.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None
)
test_doors = Doors.TestCase
