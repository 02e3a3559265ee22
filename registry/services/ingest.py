"""Passages from a gateway: each line exactly once, in order, attributed."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from controller.cbor import EPOCH, MICROSECOND, microseconds
from controller.encoding import DIRECTIONS, LARGEST_COUNT, REASONS, encode_entry
from controller.errors import MessageRefused
from controller.uplink.messages import GENESIS, PassageBatch, Receipt, chain
from controller.uplink.passage_rows import CARD, OtherEntry, PassageRow, read_line
from controller.vocabulary import AlarmChange, Gap, Unwatched
from registry.audit.trail import Action, Deed, record
from registry.domain.attribution import Attribution
from registry.domain.policy import Policy
from registry.persistence.alarms import Told
from registry.persistence.passage_lines import PassageLine, Source, add_passages
from registry.persistence.records import HighWater, Hole
from registry.persistence.rows import signed
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.alarms import AlarmService
from registry.services.key_watch import KeyWatch
from registry.services.policy_in_force import on_record

Values = dict[str, object]
FOREIGN = "an alarm at a door of another gateway"
REASON_NAMES = tuple(reason.value for reason in REASONS)
DIRECTION_NAMES = tuple(direction.value for direction in DIRECTIONS)
NO_ORIGIN = (None, None, None)
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line nobody here can read, as it was sent, and what is wrong with it."""

    line: bytes
    reason: str


Line: TypeAlias = PassageRow | OtherEntry | Unreadable


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
        rows: list[tuple[int, PassageRow]] = []
        rest: list[tuple[int, OtherEntry | Unreadable]] = []
        for seq, line in enumerate(lines, mark.upto + 1):
            if isinstance(line, list):
                rows.append((seq, line))
            else:
                rest.append((seq, line))
        cards = {row[CARD] for _, row in rows} - {None}
        attribution = self._attribution(uow, buildings, cards)
        others = self._others(uow, mark, rest, now, (buildings, controllers))
        add_passages(
            uow.session,
            Source(mark.gateway, mark.epoch, microseconds(now)),
            [_passage(seq, row, attribution, buildings) for seq, row in rows],
        )
        uow.passages.append(others.gaps, others.unwatched)
        uow.records.add_holes(others.holes)
        self._keys.note(uow, attribution.withdrawn)

    def _others(
        self,
        uow: UnitOfWork,
        mark: HighWater,
        lines: Sequence[tuple[int, OtherEntry | Unreadable]],
        now: datetime,
        own: tuple[Container[str], Container[str]],
    ) -> "_Others":
        """Take alarms, and make ready what else is no passage; `own` doors first."""
        doors, controllers = own
        others = _Others(mark, now)
        for seq, line in lines:
            match line:
                case Gap() | Unwatched():
                    others.lost(seq, line, own=line.controller in controllers)
                case AlarmChange() if line.door in doors:
                    told = Told(mark.gateway, mark.epoch, seq, now)
                    self._alarms.take(uow, line, told)
                case AlarmChange():
                    others.unkept(seq, encode_entry(line), FOREIGN)
                case Unreadable():
                    others.unkept(seq, line.line, line.reason)
        return others

    def _attribution(
        self, uow: UnitOfWork, buildings: Mapping[str, str], cards: set[int]
    ) -> Attribution:
        credentials = uow.holders.credentials(cards)
        parties = {credential.party for credential in credentials}
        return Attribution(
            credentials,
            uow.holders.occupancies(parties),
            buildings,
            on_record(uow, self._policy),
        )


class _Others:
    """What a batch holds beside passages, ready to be stored."""

    def __init__(self, mark: HighWater, now: datetime) -> None:
        self._mark, self._now = mark, now
        self.gaps: list[Values] = []
        self.unwatched: list[Values] = []
        self.holes: list[Hole] = []

    def lost(self, seq: int, line: Gap | Unwatched, *, own: bool) -> None:
        """Keep what a gateway did not see."""
        place: Values = {
            "gateway": self._mark.gateway,
            "epoch": self._mark.epoch,
            "seq": seq,
            "recorded_at": self._now,
            "own": own,
        }
        if isinstance(line, Gap):
            self.gaps.append(place | _gap(line))
        else:
            self.unwatched.append(place | _unwatched(line))

    def unkept(self, seq: int, line: bytes, reason: str) -> None:
        """Keep a line as it came that is nothing we may store."""
        mark = self._mark
        hole = Hole(mark.gateway, mark.epoch, seq, seq, self._now, reason, line)
        self.holes.append(hole)


def _read(entry: bytes) -> Line:
    try:
        return read_line(entry)
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


def _passage(
    seq: int, row: PassageRow, attribution: Attribution, own: Container[str]
) -> PassageLine:
    """Return a passage as it is stored, with what was known of its card then."""
    _, door, at, granted, reason, card, permit, direction, origin, told, vague = row
    holder = attribution.of(card, door, EPOCH + at * MICROSECOND)
    return (
        seq,
        door,
        at,
        granted,
        REASON_NAMES[reason],
        DIRECTION_NAMES[direction],
        None if card is None else signed(card),
        holder.state,
        holder.credential,
        holder.party,
        holder.unit,
        permit,
        *(origin or NO_ORIGIN),
        told,
        vague / SECOND,
        door in own,
    )
