"""Cards of a board brought to what its permits say, each step read back.

Withdrawals come first, then profiles, then cards. A card goes out only when every
profile it names is confirmed: a board lets a card with a missing profile pass.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages.cards import (
    ALWAYS,
    DELETED_CARD,
    NEVER,
    NO_CARD,
    NO_FIRST_CARD,
    CardRecord,
    CountCards,
    CountCardsReply,
    DeleteCard,
    GetCard,
    GetCardAt,
    GetCardAtReply,
    GetCardReply,
    PutCard,
)
from controller.protocols.uhppote.messages.schedules import (
    GetProfile,
    GetProfileReply,
    ProfileRecord,
    SetProfile,
)
from controller.protocols.uhppote.profiles import IDS, NO_LINK, Profiles
from controller.protocols.uhppote.terms import NotRepresentable, Terms, check, terms_of
from controller.vocabulary import CardNumber, Permit, PermitId

CAPACITY = 20_000
"""Cards a board is trusted to hold; nothing beyond is sent."""
MOST_PLACES = 10 * CAPACITY
DOORS = (1, 2, 3, 4)
ROUNDS = TRIES = 3

Rights = tuple[int, int, int, int]
"""What a card may at each door: never, always, or a profile."""
R = TypeVar("R", bound=Reply)
T = TypeVar("T")


class SyncFailed(Exception):
    """The board does not keep what it is told."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and which replies can be its own."""

    request: Request
    fits: Callable[[Reply], bool]


Steps = Generator[Question, Reply, T]
Work = Generator[Question, Reply, None]


@dataclass(slots=True)
class Mirror:
    """What a board is known to hold; None: its cards must be read first."""

    cards: dict[int, CardRecord] | None = None
    profiles: dict[int, ProfileRecord] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    """Cards a request was sent for whose outcome is not known."""


@dataclass(slots=True)
class Sync:
    """One pass over a board; `permits` holds those of each door of ours."""

    serial: int
    mirror: Mirror
    permits: Mapping[int, Mapping[PermitId, Permit]]
    found: Callable[[tuple[CardNumber, ...]], None]
    """Told of cards, perhaps none, that nobody of ours speaks of."""
    ours: Collection[int] | None = None
    """Cards that were ours and may go; None: whatever no permit speaks of goes."""
    faults: dict[int, str] = field(default_factory=dict)
    """For each door whose permits do not all hold: why."""
    touched: set[int] = field(default_factory=set)
    """Cards that were written or taken out."""

    def run(self) -> Work:
        """Ask until the board holds what it should; raises SyncFailed."""
        for _ in range(ROUNDS):
            self.faults.clear()
            wanted = self._wanted()
            cards = yield from self._learn(wanted)
            yield from self._withdraw(cards, wanted)
            yield from self._store(cards, wanted)
            reply = yield from _ask(CountCardsReply, CountCards(self.serial))
            if reply.count == len(cards):
                return
            self.mirror.cards = None
            self.mirror.profiles.clear()
        raise SyncFailed("its cards are not what it was told")

    def _wanted(self) -> dict[int, Terms]:
        """Return the terms of each card; a permit no board can hold gives none."""
        permits: dict[int, list[tuple[int, Permit]]] = {}
        for door, held in self.permits.items():
            for permit in held.values():
                try:
                    check(permit)
                except NotRepresentable as error:
                    self.faults[door] = str(error)
                else:
                    permits.setdefault(permit.card.value, []).append((door, permit))
        terms = ((number, terms_of(row)) for number, row in permits.items())
        return {number: each for number, each in terms if each is not None}

    def _learn(self, wanted: Mapping[int, Terms]) -> Steps[dict[int, CardRecord]]:
        mirror = self.mirror
        if mirror.cards is None:
            cards = yield from self._list()
            known = wanted.keys() | (self.ours or ())
            foreign = {number for number in cards if number not in known}
            foreign |= {card.number for card in cards.values() if self._strays(card)}
            self.found(tuple(CardNumber(number) for number in sorted(foreign)))
            mirror.cards = cards
            mirror.doubtful.clear()
        for number in sorted(mirror.doubtful):
            yield from self._read(mirror.cards, number)
        return mirror.cards

    def _strays(self, card: CardRecord) -> bool:
        """Say whether a card opens doors that nobody gave us to keep."""
        return any(self._elsewhere(card))

    def _elsewhere(self, card: CardRecord) -> Rights:
        """Return a card's rights without those at our doors."""
        first, second, third, fourth = (
            NEVER if door in self.permits else card.doors[door - 1] for door in DOORS
        )
        return first, second, third, fourth

    def _list(self) -> Steps[dict[int, CardRecord]]:
        total = yield from _ask(CountCardsReply, CountCards(self.serial))
        cards: dict[int, CardRecord] = {}
        for index in range(1, MOST_PLACES):
            if len(cards) >= total.count:
                break
            request = GetCardAt(self.serial, index)
            reply = yield from _ask(GetCardAtReply, request)
            if reply.card.number == NO_CARD:
                break
            if reply.card.number != DELETED_CARD:
                cards[reply.card.number] = reply.card
        return cards

    def _read(
        self, cards: dict[int, CardRecord], number: int
    ) -> Steps[CardRecord | None]:
        """Read a card back and note what the board holds."""

        def fits(reply: Reply) -> bool:
            own = (number, NO_CARD)
            return isinstance(reply, GetCardReply) and reply.card.number in own

        reply = yield from _ask(GetCardReply, GetCard(self.serial, number), fits)
        self.mirror.doubtful.discard(number)
        if reply.card.number == number:
            cards[number] = reply.card
            return reply.card
        cards.pop(number, None)
        return None

    def _withdraw(
        self, cards: dict[int, CardRecord], wanted: Mapping[int, Terms]
    ) -> Work:
        for number in sorted(cards.keys() - wanted.keys()):
            if self.ours is not None:
                if number not in self.ours:
                    continue
                rest = self._elsewhere(cards[number])
                if any(rest):
                    yield from self._put(cards, replace(cards[number], doors=rest))
                    continue
            for _ in range(TRIES):
                self._touch(number)
                yield Question(DeleteCard(self.serial, number), _any)
                if (yield from self._read(cards, number)) is None:
                    break
            else:
                self._fail(f"card {CardNumber(number)} cannot be taken out")

    def _store(self, cards: dict[int, CardRecord], wanted: Mapping[int, Terms]) -> Work:
        records = yield from self._records(cards, wanted)
        changed = [
            record
            for number, record in records.items()
            if number in cards and cards[number] != record
        ]
        added = [record for number, record in records.items() if number not in cards]
        if len(cards) + len(added) > CAPACITY:
            total = len(cards) + len(added)
            self._fail(f"it would need room for {total} cards, not {CAPACITY}")
            added = []
        for record in [*changed, *added]:
            yield from self._put(cards, record)

    def _put(self, cards: dict[int, CardRecord], record: CardRecord) -> Work:
        for _ in range(TRIES):
            self._touch(record.number)
            yield Question(PutCard(self.serial, record), _any)
            if (yield from self._read(cards, record.number)) == record:
                return
        self._fail(f"card {CardNumber(record.number)} is not kept as it was sent")

    def _records(
        self, cards: Mapping[int, CardRecord], wanted: Mapping[int, Terms]
    ) -> Steps[dict[int, CardRecord]]:
        """Return cards as the board is to hold them, with their profiles confirmed."""
        chosen = yield from self._choose(cards, wanted)
        if self.ours is not None:
            for number in chosen.keys() & cards.keys():
                others = self._elsewhere(cards[number])
                chosen[number] = _merged(chosen[number], others)
        return {
            number: CardRecord(
                number, terms.start, terms.end, chosen[number], 0, NO_FIRST_CARD
            )
            for number, terms in wanted.items()
        }

    def _choose(
        self, cards: Mapping[int, CardRecord], wanted: Mapping[int, Terms]
    ) -> Steps[dict[int, Rights]]:
        """Return what each card gets for each door, nothing it cannot be sure of."""
        timed = [
            (number, door)
            for number, terms in wanted.items()
            for door in terms.doors
            if not terms.always(door)
        ]
        places: dict[tuple[int, int], int] = {}
        if timed:
            used = {each for card in cards.values() for each in card.doors}
            held = yield from self._learn_profiles(used)
            profiles = Profiles(held, used)
            for number, door in timed:
                try:
                    chain = wanted[number].doors[door]
                    places[number, door] = profiles.place(chain)
                except NotRepresentable as error:
                    self.faults[door] = str(error)
            unsure = yield from self._confirm(held, profiles)
            for (_, door), first in places.items():
                if unsure & profiles.links(first):
                    self.faults[door] = "a time profile is not kept as it was sent"
            places = {
                place: first
                for place, first in places.items()
                if not unsure & profiles.links(first)
            }
        return {number: _bytes(number, each, places) for number, each in wanted.items()}

    def _learn_profiles(self, used: Iterable[int]) -> Steps[dict[int, ProfileRecord]]:
        """Read the chains some ids begin; what no card names may be written over."""
        held = self.mirror.profiles
        for first in sorted(used):
            id_, seen = first, set[int]()
            while id_ in IDS and id_ not in seen:
                seen.add(id_)
                if id_ not in held:
                    yield from self._read_profile(held, id_)
                id_ = held[id_].linked if id_ in held else NO_LINK
        return held

    def _confirm(
        self, held: dict[int, ProfileRecord], profiles: Profiles
    ) -> Steps[set[int]]:
        """Write the missing profiles; returns those not kept as they were sent."""
        unsure = set()
        for id_, record in profiles.missing.items():
            for _ in range(TRIES):
                held.pop(id_, None)
                yield Question(SetProfile(self.serial, record), _any)
                yield from self._read_profile(held, id_)
                if held.get(id_) == record:
                    break
            else:
                unsure.add(id_)
        return unsure

    def _read_profile(self, held: dict[int, ProfileRecord], id_: int) -> Work:
        def fits(reply: Reply) -> bool:
            return isinstance(reply, GetProfileReply) and reply.profile.id in (id_, 0)

        reply = yield from _ask(GetProfileReply, GetProfile(self.serial, id_), fits)
        if reply.profile.id == id_:
            held[id_] = reply.profile
        else:
            held.pop(id_, None)

    def _touch(self, number: int) -> None:
        self.mirror.doubtful.add(number)
        self.touched.add(number)

    def _fail(self, cause: str) -> None:
        for door in self.permits:
            self.faults.setdefault(door, cause)


def _any(_reply: Reply) -> bool:
    """Take any reply to the function: what it did is read back anyway."""
    return True


def _ask(
    kind: type[R], request: Request, fits: Callable[[Reply], bool] = _any
) -> Steps[R]:
    reply = yield Question(request, fits)
    if not isinstance(reply, kind):
        raise SyncFailed(f"it answered {type(reply).__name__}")
    return reply


def _merged(ours: Rights, others: Rights) -> Rights:
    first, second, third, fourth = (a or b for a, b in zip(ours, others, strict=True))
    return first, second, third, fourth


def _bytes(number: int, terms: Terms, places: Mapping[tuple[int, int], int]) -> Rights:
    first, second, third, fourth = (
        _byte(number, door, terms, places) for door in DOORS
    )
    return first, second, third, fourth


def _byte(
    number: int, door: int, terms: Terms, places: Mapping[tuple[int, int], int]
) -> int:
    if door in terms.doors and terms.always(door):
        return ALWAYS
    return places.get((number, door), NEVER)
