"""Passages from a gateway: each line exactly once, in order, attributed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controller.encoding import LARGEST_COUNT, encode_entry
from controller.errors import MessageRefused
from controller.uplink.codec import decode_entry
from controller.uplink.messages import GENESIS, PassageBatch, Receipt, chain
from controller.vocabulary import AlarmChange, Entry, Gap, Passage, Unwatched
from registry.audit.trail import Action, Deed, record
from registry.domain.attribution import Attribution
from registry.domain.policy import Policy
from registry.persistence.alarms import Told
from registry.persistence.records import HighWater, Hole
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.alarms import AlarmService
from registry.services.key_watch import KeyWatch

Values = dict[str, object]
FOREIGN = "an alarm at a door of another gateway"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line nobody here can read, as it was sent, and what is wrong with it."""

    line: bytes
    reason: str


Line = Entry | Unreadable


@dataclass(frozen=True, slots=True)
class Fork:
    """The batch contradicts what was received before; it was recorded and refused."""

    mark: HighWater
    first: int


class Ingest:
    """Takes batches; a receipt may be sent only once the unit of work is committed."""

    def __init__(
        self,
        policy: Policy,
        alarms: AlarmService,
        keys: KeyWatch,
        clock: Callable[[], datetime],
    ) -> None:
        """Attribute under a policy and take receive times from a clock."""
        self._policy = policy
        self._keys = keys
        self._alarms = alarms
        self._clock = clock

    def accept(self, uow: UnitOfWork, batch: PassageBatch) -> Receipt | Fork:
        """Store what is new in a batch and say how far the record is here now.

        A batch that starts too far ahead changes nothing: the receipt says where to
        go on. A line that is not readable is kept as a hole; the record goes on.
        Raises MessageRefused for numbers no record can have.
        """
        if batch.last > LARGEST_COUNT:
            raise MessageRefused("the batch goes beyond the last number there is")
        # The first statement takes the write lock: read before it.
        lines = [_read(entry) for entry in batch.entries]
        now = self._clock()
        mark = self._mark(uow, batch)
        if batch.last < mark.upto or (
            batch.first > mark.upto + 1 and not batch.after_loss
        ):
            return _receipt(mark)
        if batch.first > mark.upto + 1:
            lost = Hole(batch.gateway, batch.epoch, mark.upto + 1, batch.first - 1, now)
            uow.records.add_holes([lost])
            mark = HighWater(mark.gateway, mark.epoch, batch.first - 1, batch.previous)
        held = mark.upto + 1 - batch.first
        offered = chain(batch.previous, batch.entries[:held])
        if offered != mark.chain:
            return _refuse(uow, mark, batch.first, offered, now)
        fresh = batch.entries[held:]
        if not fresh:
            return _receipt(mark)
        self._store(uow, mark, lines[held:], now)
        reached = HighWater(
            mark.gateway, mark.epoch, batch.last, chain(mark.chain, fresh)
        )
        uow.records.advance(reached, now)
        return _receipt(reached)

    def _mark(self, uow: UnitOfWork, batch: PassageBatch) -> HighWater:
        """Return where the record is, or where a new epoch has to start."""
        mark = uow.records.high_water(batch.gateway, batch.epoch)
        if mark is not None:
            return mark
        # Epochs drain side by side, so the end of the one before may still be due.
        start = batch.previous if batch.first == 1 else GENESIS
        return HighWater(batch.gateway, batch.epoch, 0, start)

    def _store(
        self, uow: UnitOfWork, mark: HighWater, lines: Sequence[Line], now: datetime
    ) -> None:
        """Store the lines that follow a mark."""
        doors = uow.hardware.doors_of_gateway(mark.gateway)
        buildings = {door.id: door.building for door in doors}
        controllers = {door.controller for door in doors}
        attribution = self._attribution(uow, buildings, lines)
        passages: list[Values] = []
        gaps: list[Values] = []
        unwatched: list[Values] = []
        holes: list[Hole] = []
        for seq, line in enumerate(lines, mark.upto + 1):
            place: Values = {
                "gateway": mark.gateway,
                "epoch": mark.epoch,
                "seq": seq,
                "recorded_at": now,
            }
            match line:
                case Passage():
                    place["own"] = line.door in buildings
                    passages.append(place | _passage(line, attribution))
                case Gap():
                    place["own"] = line.controller in controllers
                    gaps.append(place | _gap(line))
                case Unwatched():
                    place["own"] = line.controller in controllers
                    unwatched.append(place | _unwatched(line))
                case AlarmChange() if line.door in buildings:
                    told = Told(mark.gateway, mark.epoch, seq, now)
                    self._alarms.take(uow, line, told)
                case AlarmChange():
                    hole = Hole(mark.gateway, mark.epoch, seq, seq, now, FOREIGN)
                    holes.append(replace(hole, line=encode_entry(line)))
                case Unreadable():
                    hole = Hole(mark.gateway, mark.epoch, seq, seq, now)
                    holes.append(replace(hole, line=line.line, reason=line.reason))
        uow.passages.append(passages, gaps, unwatched)
        uow.records.add_holes(holes)
        self._keys.note(uow, attribution.withdrawn)

    def _attribution(
        self, uow: UnitOfWork, buildings: Mapping[str, str], lines: Iterable[Line]
    ) -> Attribution:
        passages = [line for line in lines if isinstance(line, Passage)]
        cards = {p.card.value for p in passages if p.card is not None}
        credentials = uow.credentials.with_changes(uow.credentials.of_cards(cards))
        parties = {credential.party for credential in credentials}
        return Attribution(
            credentials,
            uow.occupancies.of_parties(parties),
            buildings,
            self._policy,
        )


def _read(entry: bytes) -> Line:
    try:
        return decode_entry(entry)
    except MessageRefused as error:
        return Unreadable(entry, str(error))


def _refuse(
    uow: UnitOfWork, mark: HighWater, first: int, offered: bytes, now: datetime
) -> Fork:
    uow.records.add_fork(mark, first, offered, now)
    subject = f"gateway:{mark.gateway}"
    record(uow, [Deed(subject, Action.RECORD_FORKED, subject)], now)
    return Fork(mark, first)


def _receipt(mark: HighWater) -> Receipt:
    return Receipt(mark.gateway, mark.epoch, mark.upto, mark.chain)


def _gap(gap: Gap) -> Values:
    return {
        "controller": gap.controller,
        "controller_epoch": gap.epoch,
        "first": gap.first,
        "last": gap.last,
    }


def _unwatched(span: Unwatched) -> Values:
    return {"controller": span.controller, "since": span.since, "until": span.until}


def _passage(passage: Passage, attribution: Attribution) -> Values:
    origin = passage.origin
    card = None if passage.card is None else passage.card.value
    holder = attribution.of(card, passage.door, passage.at)
    return {
        "door": passage.door,
        "at": passage.at,
        "granted": passage.granted,
        "reason": passage.reason,
        "direction": passage.direction,
        "card": card,
        "card_state": holder.state,
        "credential": holder.credential,
        "party": holder.party,
        "unit": holder.unit,
        "permit": passage.permit,
        "controller": None if origin is None else origin.controller,
        "controller_epoch": None if origin is None else origin.epoch,
        "controller_index": None if origin is None else origin.index,
        "controller_at": passage.controller_at,
        "uncertainty": passage.uncertainty,
    }
