"""The doorkeeper: answers cards, keys, exit buttons and orders by the rules of doors.

What counts before what, at a door that leads in:

1. An exit button is never refused, by no rule and in no mode.
2. An unlocked door lets everyone pass; a locked one nobody, whatever card it is.
3. A card needs a permit; one without is told what it would be told without rules.
4. Then, in this order: hard anti-passback, the first card, interlock, the PIN,
   company. All but the PIN are looked at again at the moment the door opens.

Who leaves is held up by nothing but the permit: where anti-passback says that a reader
leads out, a breach is only noted, a locked door opens and no other rule applies. An
order opens in every mode, but not against an interlock.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from controller.door_rules import (
    DoorMode,
    DoorRules,
    RuleBook,
    check_pin,
    holds,
    mode_at,
)
from controller.doorkeeping.first_cards import MINUTE, FirstCards
from controller.doorkeeping.pins import PIN_PATIENCE, Entry, WrongPins
from controller.doorkeeping.rulings import Moment, Ruling, Verdict, Wanted
from controller.doorkeeping.whereabouts import Whereabouts
from controller.schedule import WeeklyProfile
from controller.vocabulary import CardNumber, Decision, Direction, DoorId, Reason

CARD_PATIENCE = 15.0
"""Seconds from one card of several to the next."""
Decide = Callable[[DoorId, CardNumber, datetime], Decision]


@dataclass(slots=True)
class _Company:
    """Cards that wait for others until monotonic seconds `until`."""

    until: float = 0.0
    cards: list[CardNumber] = field(default_factory=list)


class Doorkeeper:
    """All doors of a gateway that do not decide by themselves.

    Everything it remembers is bounded by its doors or by a number, and all of it but
    the first cards begins empty: then every card may pass as its permit says.
    """

    def __init__(self, decide: Decide, unlock_seconds: Mapping[DoorId, float]) -> None:
        """Take how permits decide, and for how long each door is released."""
        self._decide = decide
        self._unlock_seconds = unlock_seconds
        self._open: set[DoorId] = set()
        self._released: dict[DoorId, float] = {}
        self._entries: dict[DoorId, Entry] = {}
        self._companies: dict[DoorId, _Company] = {}
        self._wrong_pins = WrongPins()
        self._whereabouts = Whereabouts()
        self.first_cards = FirstCards()
        self.follow(RuleBook())

    def follow(self, book: RuleBook) -> None:
        """Keep to these rules from now on."""
        self._book = book
        self._rules = {rules.door: rules for rules in book.doors}
        self._pins = {pin.card: pin for pin in book.pins}

    def has_rules(self, door: DoorId) -> bool:
        """Say whether a door asks for more than a permit."""
        return door in self._rules

    def mode(self, door: DoorId, now: datetime) -> DoorMode:
        """Return how a door behaves, the first card considered."""
        rules = self._of(door)
        scheduled = mode_at(rules, now, self._book.special_days)
        first = rules.first_card
        if first is None or scheduled is DoorMode.LOCKED:
            return scheduled
        if not holds(first.hours, now, self._book.special_days):
            return scheduled
        if not self.first_cards.came(door, now):
            return DoorMode.CONTROLLED
        return DoorMode.UNLOCKED if first.unlocks else scheduled

    def unlocked_for(self, door: DoorId, now: datetime, most: float) -> float:
        """Return for how many seconds, `most` at most, a door stays unlocked."""
        if not self.has_rules(door):
            return 0.0
        moment, end = now, now + timedelta(seconds=most)
        while moment < end:
            if self.mode(door, moment) is not DoorMode.UNLOCKED:
                return (moment - now).total_seconds()
            moment = moment.replace(second=0, microsecond=0) + MINUTE
        return most

    def contact(self, door: DoorId, *, opened: bool) -> None:
        """Take that a door is open, or else that it is shut or not heard of."""
        if opened:
            self._open.add(door)
        else:
            self._open.discard(door)

    def card(self, door: DoorId, card: CardNumber | None, at: Moment) -> list[Ruling]:
        """Answer a card; None is one that cannot be read."""
        rulings = self.on_timeout(at)
        entry = self._entries.pop(door, None)
        if entry is not None and entry.card != card:
            rulings.append(self._refuse(door, entry.card, Reason.PIN_NEEDED, at))
        rulings.append(self._present(self._of(door), card, at))
        return rulings

    def keys(self, door: DoorId, keys: str, at: Moment) -> list[Ruling]:
        """Take keys pressed at a door; they mean nothing unless a card waits there."""
        rulings = self.on_timeout(at)
        entry = self._entries.get(door)
        if entry is not None and any(entry.press(key, at.ticks) for key in keys):
            del self._entries[door]
            rulings.append(self._enter(self._of(door), entry, at))
        return rulings

    def exit(self, door: DoorId, at: Moment) -> list[Ruling]:
        """Let out who pressed the exit button."""
        self._release(door, at)
        decision = Decision(granted=True, reason=Reason.EXIT_REQUEST)
        return [Ruling(door, (Verdict(decision, direction=Direction.EXIT),))]

    def order(self, door: DoorId, at: Moment) -> Ruling:
        """Answer somebody far away who wants a door open."""
        if self._interlocked(self._of(door), at):
            decision = Decision(granted=False, reason=Reason.INTERLOCK)
        else:
            self._release(door, at)
            decision = Decision(granted=True, reason=Reason.REMOTE_OPEN)
        return Ruling(door, (Verdict(decision),))

    def on_timeout(self, at: Moment) -> list[Ruling]:
        """Let time pass: whoever waited too long is refused."""
        rulings = []
        for door, entry in tuple(self._entries.items()):
            if at.ticks >= entry.until:
                del self._entries[door]
                rulings.append(self._refuse(door, entry.card, Reason.PIN_NEEDED, at))
        for door, company in tuple(self._companies.items()):
            # A company waits on while one of it still types a PIN.
            if at.ticks >= company.until and door not in self._entries:
                del self._companies[door]
                alone = [
                    self._refusal(door, card, Reason.MORE_CARDS, at)
                    for card in company.cards
                ]
                rulings.append(Ruling(door, tuple(alone)))
        return rulings

    def forget(self, ruling: Ruling) -> None:
        """Take that nothing was recorded and no door opened: nobody passed."""
        passback = self._of(ruling.door).anti_passback
        for verdict in ruling.verdicts:
            if passback and verdict.card and verdict.decision.granted:
                self._whereabouts.free(passback, verdict.card)
        if ruling.first:
            self.first_cards.forget(ruling.door)
        if ruling.opens:
            self._released.pop(ruling.door, None)

    def _of(self, door: DoorId) -> DoorRules:
        return self._rules.get(door) or DoorRules(door)

    def _present(
        self,
        rules: DoorRules,
        card: CardNumber | None,
        at: Moment,
        *,
        pinned: bool = False,
    ) -> Ruling:
        """Answer a card, whose PIN was right if it is `pinned`."""
        door, leaves = rules.door, _leads_out(rules)
        mode = self.mode(door, at.wall)
        if mode is DoorMode.UNLOCKED:
            return self._welcome(rules, card, at)
        shut = mode is DoorMode.LOCKED and not leaves
        if shut or card is None:
            reason = Reason.HELD_SHUT if shut else Reason.UNREADABLE_CARD
            return self._refuse(door, card, reason, at)
        company = self._companies.get(door, _Company()).cards
        decision = self._judge(rules, card, at, company)
        if not decision.granted:
            return _one(rules, card, decision)
        if leaves:
            return self._admit(rules, {card: decision}, at)
        if not pinned and rules.pin and self._holds(rules.pin, at):
            return self._ask_pin(door, card, at)
        return self._join(rules, card, decision, at)

    def _judge(
        self,
        rules: DoorRules,
        card: CardNumber,
        at: Moment,
        company: Collection[CardNumber],
    ) -> Decision:
        """Say whether a card may pass but for its PIN and for cards still missing."""
        permit = self._decide(rules.door, card, at.wall)
        if not permit.granted:
            return permit
        passback = rules.anti_passback
        back = passback and self._whereabouts.forbid(passback, card, at.ticks)
        if not _leads_out(rules):
            for reason, stands in (
                (Reason.ANTI_PASSBACK, back and passback and not passback.soft),
                (Reason.FIRST_CARD, self._is_early(rules, {card, *company}, at)),
                (Reason.INTERLOCK, self._interlocked(rules, at)),
            ):
                if stands:
                    return replace(permit, granted=False, reason=reason)
        return replace(permit, reason=Reason.PASSBACK_NOTED) if back else permit

    def _is_early(
        self, rules: DoorRules, cards: Collection[CardNumber], at: Moment
    ) -> bool:
        first = rules.first_card
        if first is None or not self._holds(first.hours, at):
            return False
        came = self.first_cards.came(rules.door, at.wall)
        return not came and first.holders.isdisjoint(cards)

    def _interlocked(self, rules: DoorRules, at: Moment) -> bool:
        """Say whether another door is open, or its lock released: it may open yet."""
        return any(
            other in self._open or at.ticks < self._released.get(other, at.ticks)
            for other in rules.interlock
        )

    def _ask_pin(self, door: DoorId, card: CardNumber, at: Moment) -> Ruling:
        if card not in self._pins:
            return self._refuse(door, card, Reason.PIN_NEEDED, at)
        if self._wrong_pins.bar(card, at.ticks):
            return self._refuse(door, card, Reason.WRONG_PIN, at)
        self._entries[door] = Entry(card, at.ticks + PIN_PATIENCE)
        return Ruling(door, wanted=Wanted.PIN)

    def _enter(self, rules: DoorRules, entry: Entry, at: Moment) -> Ruling:
        """Answer a card whose PIN is complete."""
        card, known = entry.card, self._pins.get(entry.card)
        if known is None:
            return self._refuse(rules.door, card, Reason.PIN_NEEDED, at)
        check = check_pin(known, entry.digits)
        if not check.right:
            self._wrong_pins.wrong(card, at.ticks)
            return self._refuse(rules.door, card, Reason.WRONG_PIN, at)
        self._wrong_pins.right(card)
        ruling = self._present(rules, card, at, pinned=True)
        return replace(ruling, duress=check.duress)

    def _join(
        self, rules: DoorRules, card: CardNumber, decision: Decision, at: Moment
    ) -> Ruling:
        """Let a card in, or let it wait for others; all are judged again at the end."""
        if rules.cards_together == 1:
            return self._admit(rules, {card: decision}, at)
        company = self._companies.setdefault(rules.door, _Company())
        if card not in company.cards:
            company.cards.append(card)
            company.until = at.ticks + CARD_PATIENCE
        if len(company.cards) < rules.cards_together:
            return Ruling(rules.door, wanted=Wanted.CARD)
        return self._complete(rules, company, at)

    def _complete(self, rules: DoorRules, company: _Company, at: Moment) -> Ruling:
        """Let a company in, or let those wait on whom nothing came between."""
        cards = company.cards
        found = {card: self._judge(rules, card, at, cards) for card in cards}
        refused = {card: why for card, why in found.items() if not why.granted}
        company.cards = [card for card in cards if card not in refused]
        if not refused:
            del self._companies[rules.door]
            return self._admit(rules, found, at)
        verdicts = tuple(_verdict(rules, card, why) for card, why in refused.items())
        return Ruling(rules.door, verdicts, Wanted.CARD)

    def _admit(
        self, rules: DoorRules, cards: Mapping[CardNumber, Decision], at: Moment
    ) -> Ruling:
        for card in cards:
            if rules.anti_passback:
                self._whereabouts.note(rules.anti_passback, card, at.ticks)
        first = self._comes_first(rules, cards, at)
        self._release(rules.door, at)
        verdicts = (_verdict(rules, card, why) for card, why in cards.items())
        return Ruling(rules.door, tuple(verdicts), first=first)

    def _welcome(self, rules: DoorRules, card: CardNumber | None, at: Moment) -> Ruling:
        """Let anybody in; a card with a permit counts as it always does."""
        free = Decision(granted=True, reason=Reason.FREE_PASSAGE)
        if card is None:
            return _one(rules, card, free)
        permit = self._decide(rules.door, card, at.wall)
        if not permit.granted:
            return _one(rules, card, free)
        return self._admit(rules, {card: replace(free, permit=permit.permit)}, at)

    def _comes_first(
        self, rules: DoorRules, cards: Iterable[CardNumber], at: Moment
    ) -> bool:
        """Note the first card of these hours; says whether it is one of these."""
        first, days = rules.first_card, self._book.special_days
        if first is None or first.holders.isdisjoint(cards):
            return False
        if not self._is_early(rules, (), at):
            return False
        self.first_cards.note(rules.door, first.hours, at.wall, days)
        return True

    def _holds(self, hours: WeeklyProfile, at: Moment) -> bool:
        return holds(hours, at.wall, self._book.special_days)

    def _release(self, door: DoorId, at: Moment) -> None:
        self._released[door] = at.ticks + self._unlock_seconds.get(door, 0.0)

    def _refuse(
        self, door: DoorId, card: CardNumber | None, reason: Reason, at: Moment
    ) -> Ruling:
        return Ruling(door, (self._refusal(door, card, reason, at),))

    def _refusal(
        self, door: DoorId, card: CardNumber | None, reason: Reason, at: Moment
    ) -> Verdict:
        """Refuse a card by a rule; its permit is named when it would have let it in."""
        permit = None
        if card is not None:
            decision = self._decide(door, card, at.wall)
            permit = decision.permit if decision.granted else None
        decision = Decision(granted=False, reason=reason, permit=permit)
        return _verdict(self._of(door), card, decision)


def _leads_out(rules: DoorRules) -> bool:
    passback = rules.anti_passback
    return passback is not None and passback.direction is Direction.EXIT


def _verdict(rules: DoorRules, card: CardNumber | None, decision: Decision) -> Verdict:
    way = Direction.EXIT if _leads_out(rules) else Direction.ENTRY
    return Verdict(decision, card, way)


def _one(rules: DoorRules, card: CardNumber | None, decision: Decision) -> Ruling:
    return Ruling(rules.door, (_verdict(rules, card, decision),))
