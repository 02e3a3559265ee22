"""A doorkeeper with a clock moved by hand, and permits as a plain set."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controller.door_rules import CardPin, DoorRules, RuleBook, pin_for
from controller.doorkeeping.keeper import Doorkeeper
from controller.doorkeeping.rulings import Moment, Ruling
from controller.schedule import Hours, WeeklyProfile
from controller.vocabulary import CardNumber, Decision, DoorId, PermitId, Reason

# A Friday; 20:00 in Shanghai.
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FRONT, BACK = DoorId("front"), DoorId("back")
ANN, BEN, CAY, STRANGER = (CardNumber(number) for number in (11, 12, 13, 99))
ALWAYS = WeeklyProfile(
    "always", "Asia/Shanghai", tuple(Hours(day, 0, 1440) for day in range(7))
)
EVENING = WeeklyProfile("evening", "Asia/Shanghai", (Hours(4, 1140, 1260),))
"""Fridays from 19:00 to 21:00."""
NIGHT = WeeklyProfile(
    "night", "Asia/Shanghai", (Hours(4, 1200, 1440), Hours(5, 0, 420))
)
"""From Friday 20:00 to Saturday 07:00."""
UNLOCK = 5.0
KEYS = {"right": "2469", "duress": "2460", "wrong": "1111"}


def pin(card: CardNumber) -> CardPin:
    """Return what a card's PIN 2469 is checked against."""
    return pin_for(card, KEYS["right"], bytes(16))


@dataclass
class Porch:
    """Doors front and back; cards with a permit are in `allowed`."""

    rules: Iterable[DoorRules] = ()
    pins: Iterable[CardPin] = ()
    seconds: float = 0.0
    set_back: float = 0.0
    allowed: set[tuple[DoorId, CardNumber]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Let Ann, Ben and Cay in at both doors."""
        self.allowed |= {
            (door, card) for door in (FRONT, BACK) for card in (ANN, BEN, CAY)
        }
        self.keeper = Doorkeeper(self.decide, {FRONT: UNLOCK, BACK: UNLOCK})
        self.keeper.follow(RuleBook(doors=tuple(self.rules), pins=tuple(self.pins)))

    def decide(self, door: DoorId, card: CardNumber, now: datetime) -> Decision:
        """Decide as permits would."""
        assert now == self.at.wall
        if (door, card) in self.allowed:
            return Decision(True, Reason.PERMIT, PermitId(card.value))
        return Decision(False, Reason.UNKNOWN_CARD)

    @property
    def at(self) -> Moment:
        """The instant it is."""
        wall = NOON + timedelta(seconds=self.seconds - self.set_back)
        return Moment(wall, 1000.0 + self.seconds)

    def tap(self, card: CardNumber | None, door: DoorId = FRONT) -> list[Ruling]:
        """Hold a card to a reader."""
        return list(self.keeper.card(door, card, self.at))

    def press(self, keys: str, door: DoorId = FRONT) -> list[Ruling]:
        """Press keys at a reader."""
        return list(self.keeper.keys(door, keys, self.at))

    def reason(self, card: CardNumber | None, door: DoorId = FRONT) -> Reason:
        """Hold a card to a reader and return the one reason it got."""
        (said,) = said_of(self.tap(card, door))
        return said[1]

    def order(self, door: DoorId = FRONT) -> Ruling:
        """Order a door open from afar."""
        return self.keeper.order(door, self.at)

    def wait(self, seconds: float) -> list[Ruling]:
        """Let time pass."""
        self.seconds += seconds
        return self.keeper.on_timeout(self.at)


def said_of(
    rulings: Iterable[Ruling],
) -> list[tuple[CardNumber | None, Reason, bool]]:
    """Return who was told what, and whether it opened."""
    return [
        (verdict.card, verdict.decision.reason, verdict.decision.granted)
        for ruling in rulings
        for verdict in ruling.verdicts
    ]
