"""Doors of UHPPOTE boards, which decide alone and keep what happened."""

import asyncio
from datetime import timedelta
from math import inf

from controller.protocols.uhppote.messages.events import EventReason
from controller.session import Contact
from firmware_sim.faults import WireFaults
from firmware_sim.taps import Outcome, Settle, Settled, Tap
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.endpoint import BoardEndpoint

_OPENS_AFTER = 0.5
_STAYS_OPEN = 2.0
_PRESSED_FOR = 0.3
_HOST_CALLS_WITHIN = 5.0


class Cabinet:
    """A board with what its doors share: the power, the cable, the log."""

    def __init__(self, board: Board, endpoint: BoardEndpoint) -> None:
        self._loop = asyncio.get_running_loop()
        self.board = board
        self.name = f"uhppote-{board.memory.serial}"
        self._endpoint = endpoint
        self._dark_until = -inf

    @property
    def now(self) -> float:
        """Return the time in monotonic seconds."""
        return self._loop.time()

    @property
    def last(self) -> int:
        """Return the index of the newest event."""
        return self.board.memory.events.last.index

    def cut_power(self, seconds: float) -> None:
        """Go dark for a while."""
        self._dark_until = max(self._dark_until, self.now + seconds)
        self.board.cut_power()
        self._loop.call_at(self._dark_until, self._restart)

    def unplug(self, seconds: float) -> None:
        """Lose the cable for a while."""
        self._endpoint.unplug(self.board, seconds)

    def disturb(self, faults: WireFaults) -> None:
        """Give the network of all boards these faults."""
        self._endpoint.faults = faults

    def flush(self) -> None:
        """Let out what something done to the board made it say."""
        self._endpoint.flush()

    def _restart(self) -> None:
        if not self.board.powered and self.now >= self._dark_until:
            self.board.restart(self.now)
            self.flush()


class BoardDoor:
    """One door of a board, as `simulator.SimulatedDoor` wants it."""

    def __init__(self, cabinet: Cabinet, number: int, settle: Settle) -> None:
        self._loop = asyncio.get_running_loop()
        self._cabinet = cabinet
        self._board = cabinet.board
        self._number = number
        self._settle = settle

    @property
    def connected(self) -> bool:
        """Say whether a gateway asks the board how it is."""
        since = self._board.host_since(self._cabinet.now)
        return self._board.powered and since < _HOST_CALLS_WITHIN

    @property
    def waiting(self) -> int:
        """How many people wait for an answer: the board gives it at once."""
        return 0

    def tap(self, tap: Tap) -> None:
        """Hold a card to the door, or press its exit button."""
        self._board.on_timeout(self._cabinet.now)
        before = self._cabinet.last
        outcome = self._pressed() if tap.card is None else self._swiped(tap.card)
        index = self._cabinet.last if self._cabinet.last > before else None
        if outcome is Outcome.GRANTED:
            self._swing()
        if outcome is Outcome.UNANSWERED:
            index = None
        took = self._loop.time() - tap.began
        at = tap.at + timedelta(seconds=took)
        name = self._cabinet.name
        self._settle(Settled(tap, outcome, at, took, name, index=index))
        self._cabinet.flush()

    def cut_power(self, seconds: float) -> None:
        """Take the power of the whole board for a while."""
        self._cabinet.cut_power(seconds)

    def fall_silent(self, seconds: float) -> None:
        """Take the cable of the whole board for a while."""
        self._cabinet.unplug(seconds)

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        """Move the door; boards watch no other contact."""
        if contact is Contact.DOOR:
            self._move(opened=active)

    def disturb(self, faults: WireFaults) -> None:
        """Give the network of all boards these faults."""
        self._cabinet.disturb(faults)

    def _swiped(self, card: int) -> Outcome:
        why = self._board.swipe(Swipe(card, self._number), self._cabinet.now)
        if not self._board.powered:
            return Outcome.UNANSWERED
        return Outcome.GRANTED if why is EventReason.SWIPE else Outcome.REFUSED

    def _pressed(self) -> Outcome:
        """Press the exit button; one that opens nothing says nothing either."""
        if not self._board.powered:
            return Outcome.UNANSWERED
        opened = self._board.press_button(self._number, self._cabinet.now)
        self._loop.call_later(_PRESSED_FOR, self._let_go)
        return Outcome.GRANTED if opened else Outcome.UNANSWERED

    def _let_go(self) -> None:
        self._board.release_button(self._number, self._cabinet.now)

    def _swing(self) -> None:
        self._loop.call_later(_OPENS_AFTER, lambda: self._move(opened=True))
        self._loop.call_later(_STAYS_OPEN, lambda: self._move(opened=False))

    def _move(self, *, opened: bool) -> None:
        move = self._board.open_door if opened else self._board.close_door
        move(self._number, self._cabinet.now)
        self._cabinet.flush()
