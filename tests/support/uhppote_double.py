"""A small board for sessions: what it holds can be seen, what it keeps can be bent."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address

from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages import board as boards
from controller.protocols.uhppote.messages import cards as carding
from controller.protocols.uhppote.messages import doors, schedules
from controller.protocols.uhppote.messages import events as happening
from controller.protocols.uhppote.tables import decode_request

NOON = datetime(2026, 5, 1, 12)  # noqa: DTZ001 - boards keep wall time without a zone
NO_PROFILE = schedules.ProfileRecord(
    0, None, None, (False,) * 7, (schedules.NO_SEGMENT,) * 3, 0
)


@dataclass
class Board:
    """Answers what a session asks; `ring` is how many events it keeps."""

    serial: int = 405419896
    ring: int = 1000
    cards: dict[int, carding.CardRecord] = field(default_factory=dict)
    profiles: dict[int, schedules.ProfileRecord] = field(default_factory=dict)
    events: list[happening.EventRecord] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    modes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """How each door stands and for how long it is unlocked."""
    special: bool = False
    listener: tuple[str, int, int] = ("0.0.0.0", 0, 0)
    """Where it pushes events, and how often it repeats the last one."""
    offset: float = 0.0
    deaf: bool = False
    declines: set[type[Request]] = field(default_factory=set)
    """Requests that are answered and not followed."""
    ignores: set[type[Request]] = field(default_factory=set)
    """Requests it does not know."""

    def answer(self, data: bytes, now: float) -> bytes | None:
        """Return the reply to a request."""
        request = decode_request(data)
        if self.deaf or request.serial != self.serial:
            return None
        self.asked.append(request)
        if type(request) in self.ignores:
            return None
        return self._answers(now)[type(request)](request).encode()

    def swipe(self, card: int, door: int = 1, **changes: object) -> None:
        """Keep an event of a card that passes."""
        record = happening.EventRecord(
            len(self.events) + 1, 1, True, door, 1, card, NOON, 1
        )
        self.events.append(replace(record, **changes))  # type: ignore[arg-type]  # what a test says

    def clear_events(self) -> None:
        """Begin the count anew, as a restore does."""
        self.events.clear()

    def took(self, kind: type[Request]) -> int:
        """Return how often something was asked."""
        return sum(isinstance(each, kind) for each in self.asked)

    @property
    def oldest(self) -> int:
        """Return the index of the oldest event still kept."""
        return max(len(self.events) - self.ring, 0) + 1

    def _event(self, index: int) -> happening.EventRecord:
        first, last = self.oldest, len(self.events)
        ends = {happening.FIRST_EVENT: first, happening.LAST_EVENT: last}
        index = ends.get(index, index)
        if not 0 < index <= last:
            return happening.NO_EVENT
        if index < first:
            return replace(happening.NO_EVENT, type=happening.EventType.OVERWRITTEN)
        return self.events[index - 1]

    def _status(self, now: float) -> Reply:
        clock = NOON + timedelta(seconds=now + self.offset)
        return happening.StatusReply(
            self.serial,
            self._event(happening.LAST_EVENT),
            (False,) * 4,
            (False,) * 4,
            0,
            clock.time(),
            0,
            0,
            0,
            0,
            clock.date(),
        )

    def _put(self, card: carding.CardRecord) -> Reply:
        if carding.PutCard not in self.declines:
            self.cards[card.number] = card
        return carding.PutCardReply(self.serial, ok=True)

    def _delete(self, number: int) -> Reply:
        ok = carding.DeleteCard not in self.declines
        if ok:
            self.cards.pop(number, None)
        return carding.DeleteCardReply(self.serial, ok=ok)

    def _profile(self, profile: schedules.ProfileRecord) -> Reply:
        if schedules.SetProfile not in self.declines:
            self.profiles[profile.id] = profile
        return schedules.SetProfileReply(self.serial, ok=True)

    def _open(self, door: int) -> Reply:
        ok = doors.OpenDoor not in self.declines
        if ok:
            self.opened.append(door)
        return doors.OpenDoorReply(self.serial, ok=ok)

    def _record_special(self, *, enabled: bool) -> Reply:
        ok = happening.RecordSpecialEvents not in self.declines
        if ok:
            self.special = enabled
        return happening.RecordSpecialEventsReply(self.serial, ok=ok)

    def _set_listener(self, request: happening.SetListener) -> Reply:
        if happening.SetListener not in self.declines:
            place = str(request.address), request.port
            self.listener = (*place, request.interval)
        return happening.SetListenerReply(self.serial, ok=True)

    def _mode(self, door: int) -> tuple[int, int, int]:
        return door, *self.modes.get(door, (doors.DoorMode.CONTROLLED, 5))

    def _set_mode(self, request: doors.SetDoor) -> Reply:
        if doors.SetDoor not in self.declines:
            self.modes[request.door] = request.mode, request.delay
        return doors.SetDoorReply(self.serial, *self._mode(request.door))

    def _set_time(self, now: float, moment: datetime | None) -> Reply:
        if moment is not None:
            self.offset = (moment - NOON).total_seconds() - now
        return boards.SetTimeReply(self.serial, moment)

    def _at(self, index: int) -> carding.CardRecord:
        rows = list(self.cards.values())
        return rows[index - 1] if 0 < index <= len(rows) else carding.ABSENT_CARD

    def _answers(self, now: float) -> dict[type[Request], Callable[..., Reply]]:
        own, absent = self.serial, carding.ABSENT_CARD
        return {
            happening.GetStatus: lambda _r: self._status(now),
            happening.GetEvent: lambda r: happening.GetEventReply(
                own, self._event(r.index)
            ),
            carding.CountCards: lambda _r: carding.CountCardsReply(
                own, len(self.cards)
            ),
            carding.GetCard: lambda r: carding.GetCardReply(
                own, self.cards.get(r.number, absent)
            ),
            carding.GetCardAt: lambda r: carding.GetCardAtReply(own, self._at(r.index)),
            carding.PutCard: lambda r: self._put(r.card),
            carding.DeleteCard: lambda r: self._delete(r.number),
            schedules.GetProfile: lambda r: schedules.GetProfileReply(
                own, self.profiles.get(r.id, NO_PROFILE)
            ),
            schedules.SetProfile: lambda r: self._profile(r.profile),
            doors.OpenDoor: lambda r: self._open(r.door),
            doors.GetDoor: lambda r: doors.GetDoorReply(own, *self._mode(r.door)),
            doors.SetDoor: self._set_mode,
            happening.GetListener: lambda _: happening.GetListenerReply(
                own, IPv4Address(self.listener[0]), *self.listener[1:]
            ),
            happening.SetListener: self._set_listener,
            happening.RecordSpecialEvents: lambda r: self._record_special(
                enabled=r.enabled
            ),
            boards.SetTime: lambda r: self._set_time(now, r.moment),
        }


def passes(board: Board, card: int, door: int, moment: datetime) -> bool:
    """Say whether a board would let a card pass, as boards do."""
    held = board.cards.get(card)
    if held is None or held.start is None or held.end is None:
        return False
    if not held.start <= moment.date() <= held.end:
        return False
    return _allowed(board, held.doors[door - 1], moment.date(), moment.time())


def _allowed(board: Board, level: int, day: date, at: time) -> bool:
    if level in (carding.NEVER, carding.ALWAYS):
        return level == carding.ALWAYS
    profile = board.profiles.get(level)
    if profile is None:
        return True
    if profile.linked and _allowed(board, profile.linked, day, at):
        return True
    if profile.start is None or profile.end is None:
        return False
    if not profile.start <= day <= profile.end or not profile.weekdays[day.weekday()]:
        return False
    minute = at.replace(second=0, microsecond=0)
    return any(
        each.start is not None
        and each.end is not None
        and each.start != each.end
        and each.start <= minute <= each.end
        for each in profile.segments
    )
