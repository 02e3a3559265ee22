"""A board: what people, doors and hours do to it, and the events that makes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from math import inf

from controller.protocols.uhppote.fields import FourFlags
from controller.protocols.uhppote.messages.cards import LARGEST_PIN, NO_CARD
from controller.protocols.uhppote.messages.doors import DoorMode
from controller.protocols.uhppote.messages.events import (
    NO_EVENT,
    EventReason,
    EventRecord,
    EventType,
    StatusReply,
    Way,
)
from controller.session import Packet
from firmware_sim.uhppote_board.access import MORE_CARDS_WITHIN, Case, Swipe, reason
from firmware_sim.uhppote_board.doors import DoorState, interlocked
from firmware_sim.uhppote_board.memory import MOST_DOORS, BoardMemory
from firmware_sim.uhppote_board.passback import PassbackLedger
from firmware_sim.uhppote_board.tasks import EFFECTS, due

_OLD_START = b"\x19"
_OLD_VERSION = "6.62"
BUTTON_CARD, REFUSED_BUTTON_CARD, OPENED_CARD, CLOSED_CARD, CODE_CARD = 1, 6, 8, 9, 10
"""What stands in an event's card number when no card was there (uhppote-simulator)."""
HOST_CARD = 3_922_570_474
"""The same for a door opened by a host: any number, this one was seen on a board."""
FIRE_INPUT = 0x02
"""Bit 1 of the inputs; bit 0 is forced lock (comments of the maker's examples)."""
_SEQUENCES = 2**32


def _alarm(why: EventReason, door: int = 0, card: int = NO_CARD) -> EventRecord:
    kind = EventType.ALARM
    return replace(NO_EVENT, type=kind, reason=why, door=door, way=Way.IN, card=card)


def _moved(why: EventReason, door: int, card: int) -> EventRecord:
    return replace(_alarm(why, door, card), type=EventType.DOOR, granted=True)


def _swiped(swipe: Swipe, why: EventReason) -> EventRecord:
    """Return what a swipe leaves: granted, boards call it an event of the door."""
    granted = why is EventReason.SWIPE
    kind = EventType.DOOR if granted else EventType.SWIPE
    event = replace(_alarm(why, swipe.door, swipe.card), type=kind, way=swipe.way)
    return replace(event, granted=granted)


class Board:
    """Everything but the wire; `now` is monotonic seconds, as in a session."""

    def __init__(self, memory: BoardMemory, now: float) -> None:
        self.memory = memory
        self.powered = True
        self.fire = False
        self._requests_left: int | None = None
        self._packets: list[Packet] = []
        self._sequence = 0
        self.start(now)

    def start(self, now: float) -> None:
        """Begin with what flash holds and nothing else."""
        settings = self.memory.settings.doors
        self.doors = {number: DoorState(each) for number, each in settings.items()}
        self.ledger = PassbackLedger()
        self._host_at = -inf
        self._pushed_at = now
        self.skip_tasks(now)

    def cut_power(self, *, after: int = 0) -> None:
        """Go dark now, or in the nth request from now: it is done but not answered."""
        self.powered, self._requests_left = after > 0, after or None
        if not self.powered:
            self._packets.clear()

    def cut_power_in_write(self) -> None:
        """Go dark in the middle of the next write of a card or an event."""
        self.memory.tear_next()

    def outlives_request(self) -> bool:
        """Say whether the power lasts until the reply to a request just done."""
        if self.memory.interrupted:
            self.cut_power()
        elif self._requests_left is not None:
            self._requests_left -= 1
            if self._requests_left == 0:
                self.cut_power()
        return self.powered

    def restart(self, now: float) -> None:
        """Come back from the dark: flash stays, everything else is new."""
        self.powered, self._requests_left = True, None
        self.memory.repair()
        self.start(now)
        self._record(_alarm(EventReason.POWER_ON), now)

    def swipe(self, swipe: Swipe, now: float) -> EventReason:
        """Hold a card to a reader; the event's reason says what came of it."""
        if not self.powered:
            return EventReason.NONE
        self.on_timeout(now)
        door, case = self.doors[swipe.door], self._case(swipe, now)
        why = reason(case)
        if why is EventReason.SWIPE:
            self._pass(case)
        elif why is EventReason.MORE_CARDS:
            seen = {**door.cards_seen, swipe.card: now}
            recent = now - MORE_CARDS_WITHIN
            door.cards_seen = {card: at for card, at in seen.items() if at > recent}
        self._record(_swiped(swipe, why), now)
        return why

    def enter_code(self, number: int, code: int, now: float) -> bool:
        """Key in a supervisor code; only a normally closed door stays shut."""
        self.on_timeout(now)
        door = self.doors[number]
        if not 0 < code <= LARGEST_PIN or code not in door.settings.codes:
            return False
        door.unlock(now)
        self._record(_moved(EventReason.PASSCODE, number, CODE_CARD), now)
        return True

    def press_button(self, number: int, now: float) -> bool:
        """Press a door's exit button; it stays pressed until released."""
        self.on_timeout(now)
        door = self.doors[number]
        door.button = True
        why = self._button_refused(number, now)
        event = _moved(EventReason.BUTTON, number, BUTTON_CARD)
        if why is None:
            door.unlock(now)
        else:
            event = _alarm(why, number, REFUSED_BUTTON_CARD)
        if self.memory.settings.special_events:
            self._record(event, now)
        return why is None

    def release_button(self, number: int, now: float) -> None:
        """Let go of a door's exit button."""
        self.on_timeout(now)
        self.doors[number].button = False

    def open_door(self, number: int, now: float) -> None:
        """Swing a door open; by force when it is locked."""
        self.on_timeout(now)
        door = self.doors[number]
        if door.opened_at is not None:
            return
        door.opened_at, door.reported_held = now, False
        if not self.unlocked(number, now):
            self._record(_alarm(EventReason.FORCED_OPEN, number), now)
        elif self.memory.settings.special_events:
            self._record(_moved(EventReason.DOOR_OPENED, number, OPENED_CARD), now)

    def close_door(self, number: int, now: float) -> None:
        """Let a door fall shut."""
        self.on_timeout(now)
        door = self.doors[number]
        if door.opened_at is None:
            return
        door.opened_at = None
        if self.memory.settings.special_events:
            self._record(_moved(EventReason.DOOR_CLOSED, number, CLOSED_CARD), now)

    def set_fire(self, now: float, *, active: bool) -> None:
        """Let the fire alarm's wire unlock every door, whatever mode it is in."""
        self.on_timeout(now)
        began, self.fire = active and not self.fire, active
        if began:
            self._record(_alarm(EventReason.FIRE), now)

    def unlocked(self, number: int, now: float) -> bool:
        """Say whether a door's relay is drawn."""
        door = self.doors[number]
        return self.fire or door.unlocked(self.memory.clock.read(now), now)

    def open_remotely(self, number: int, now: float) -> bool:
        """Unlock a door because a host wants it; not against mode or interlock."""
        door, moment = self.doors[number], self.memory.clock.read(now)
        shut = door.mode(moment) == DoorMode.NORMALLY_CLOSED
        if shut or interlocked(self.memory.settings.interlock, number, self.opened):
            return False
        door.unlock(now)
        self._record(_moved(EventReason.REMOTE_OPEN, number, HOST_CARD), now)
        return True

    @property
    def opened(self) -> frozenset[int]:
        """Return the doors that stand open."""
        return frozenset(
            number for number, door in self.doors.items() if door.opened_at is not None
        )

    def host_since(self, now: float) -> float:
        """Return for how long no host asked for anything (s)."""
        return now - self._host_at

    def heard_host(self, now: float) -> None:
        """Note that a host asks for something: it is alive."""
        self._host_at = now

    def skip_tasks(self, now: float) -> None:
        """Take the clock as it is now: what it leapt over is not made up for."""
        self._checked = self.memory.clock.read(now)

    def listen_anew(self, now: float) -> None:
        """Count the interval of the listener from now."""
        self._pushed_at = now

    def status(self, event: EventRecord, now: float) -> StatusReply:
        """Return how everything stands, with an event."""
        moment = self.memory.clock.read(now)
        relays = sum(self.unlocked(number, now) << number - 1 for number in self.doors)
        return StatusReply(
            serial=self.memory.serial,
            event=event,
            open=self._of_each(lambda door: door.opened_at is not None),
            buttons=self._of_each(lambda door: door.button),
            system_error=0,
            system_time=moment.time(),
            sequence=self._sequence,
            special=0,
            relays=relays,
            inputs=FIRE_INPUT if self.fire else 0,
            system_date=moment.date(),
        )

    def data_to_send(self) -> list[Packet]:
        """Return what is pushed, each once; the peer is "address:port"."""
        packets, self._packets = self._packets, []
        return packets

    def deadline(self, now: float) -> float | None:
        """Return when `on_timeout` is wanted next."""
        if not self.powered:
            return None
        moments = [each for door in self.doors.values() if (each := door.held_at())]
        listener = self.memory.settings.listener
        if listener.peer and listener.interval:
            moments.append(self._pushed_at + listener.interval)
        if self.memory.settings.tasks:
            moments.append(now + 60 - self.memory.clock.read(now).second)
        return min(moments, default=None)

    def on_timeout(self, now: float) -> None:
        """Let time pass: tasks, doors held open, the repeated last event."""
        if not self.powered:
            return
        self._run_tasks(now)
        for number, door in self.doors.items():
            held = door.held_at()
            if held is not None and held <= now:
                door.reported_held = True
                self._record(_alarm(EventReason.HELD_OPEN, number), now)
        interval = self.memory.settings.listener.interval
        if interval and now >= self._pushed_at + interval:
            self._pushed_at = now
            if self.memory.events.last != NO_EVENT:
                self._push(self.memory.events.last, now)

    def _case(self, swipe: Swipe, now: float) -> Case:
        return Case(
            swipe=swipe,
            card=self.memory.cards.get(swipe.card),
            memory=self.memory,
            door=self.doors[swipe.door],
            opened=self.opened,
            ledger=self.ledger,
            moment=self.memory.clock.read(now),
            now=now,
            host_since=self.host_since(now),
        )

    def _of_each(self, flag: Callable[[DoorState], bool]) -> FourFlags:
        """Return a flag of every door; doors a board does not have have none."""
        states = [self.doors.get(number) for number in range(1, MOST_DOORS + 1)]
        first, second, third, fourth = (
            state is not None and flag(state) for state in states
        )
        return first, second, third, fourth

    def _pass(self, case: Case) -> None:
        door, number = case.door, case.swipe.door
        door.unlock(case.now)
        door.cards_seen.clear()
        if case.card.first[number - 1] and door.in_first_hours(case.moment):
            door.first_came = case.moment.date()
        mode = self.memory.settings.anti_passback
        self.ledger.passed(mode, case.swipe.card, number)

    def _button_refused(self, number: int, now: float) -> EventReason | None:
        door, settings = self.doors[number], self.memory.settings
        if interlocked(settings.interlock, number, self.opened):
            return EventReason.BUTTON_INTERLOCK
        if door.button_off:
            return EventReason.BUTTON_DISABLED
        shut = door.mode(self.memory.clock.read(now)) == DoorMode.NORMALLY_CLOSED
        return EventReason.BUTTON_FORCED_LOCK if shut else None

    def _run_tasks(self, now: float) -> None:
        moment = self.memory.clock.read(now)
        after, self._checked = self._checked, moment
        if moment - after > timedelta() and self.memory.settings.tasks:
            for task in due(self.memory.settings.tasks, after, moment):
                if task.door in self.doors and task.type in EFFECTS:
                    EFFECTS[task.type](self.doors[task.door], task, now)

    def _record(self, event: EventRecord, now: float) -> None:
        if not self.powered:
            return
        dated = replace(event, moment=self.memory.clock.read(now))
        kept = self.memory.events.add(dated)
        if self.memory.interrupted:
            self.cut_power()
        else:
            self._push(kept, now)

    def _push(self, event: EventRecord, now: float) -> None:
        peer = self.memory.settings.listener.peer
        if not peer:
            return
        self._sequence = (self._sequence + 1) % _SEQUENCES
        data = self.status(event, now).encode()
        if self.memory.version == _OLD_VERSION:
            data = _OLD_START + data[1:]
        self._packets.append(Packet(data, peer))
