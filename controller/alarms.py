"""When a door is not as it should be: every alarm is raised once and cleared once.

One detector watches one door. It is told of contacts, reasons to open and absences
in the order they happen; time is monotonic seconds. What it does not know is no
alarm: a door found open when it is first heard of, or heard of again, was not seen
opening. It is only timed from then on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

from controller.session import Contact
from controller.vocabulary import AlarmKind

LATCH = 2.0
"""Seconds after the lock falls in which an opening still belongs to the grant."""
SENSED: Mapping[Contact, AlarmKind] = MappingProxyType(
    {
        Contact.TAMPER: AlarmKind.TAMPER,
        Contact.POWER: AlarmKind.POWER,
        Contact.FIRE: AlarmKind.FIRE,
    }
)
"""Inputs that are alarms as long as they are active."""
CALL_FOR_HELP = 900.0
"""Seconds a call for help stays raised: nothing at the door ends it."""
LONGEST_PATIENCE = 300.0
"""Seconds after which an opening is judged, however many old reports still come."""


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """What is too long at one door, in seconds.

    `patience` is how long an opening may wait for its reason to arrive: an exit
    button may be reported behind the contact it explains, and a controller that
    decides alone tells of the passage in a message of its own.
    """

    held_open: float = 60.0
    lost: float = 30.0
    unlock: float = 5.0
    patience: float = 1.0


@dataclass(frozen=True, slots=True)
class AlarmSignal:
    """An alarm is raised, or else cleared; `moment` is when that became true."""

    kind: AlarmKind
    raised: bool
    moment: float


@dataclass(slots=True)
class _Opening:
    """An opening nobody has explained yet, and when it will be judged."""

    opened_at: float
    judged_at: float
    closed_at: float | None = None


class DoorAlarms:
    """The alarms of one door; `raised` are those an earlier detector left raised."""

    def __init__(
        self, limits: AlarmLimits, now: float, raised: Iterable[AlarmKind] = ()
    ) -> None:
        """Start as a door nobody has heard of yet."""
        self._limits = limits
        self._raised = set(raised)
        self._signals: list[AlarmSignal] = []
        self._open: bool | None = None
        self._opening: _Opening | None = None
        self._reason = (inf, -inf)
        self._held_at = inf
        self._lost_at = inf
        self._help_until = now + CALL_FOR_HELP
        self._free_until = -inf
        self._absent = False
        self.offline(now)

    def contact(self, contact: Contact, now: float, *, active: bool) -> None:
        """Take the state of a contact."""
        self.on_timeout(now)
        match contact:
            case Contact.DOOR:
                self._door(now, opened=active)
            case Contact.EXIT_BUTTON if active:
                self.explain(now, now + self._limits.unlock, now)
            case _ if contact in SENSED:
                self._set(SENSED[contact], now, raised=active)
                if contact is Contact.FIRE:
                    self.explain(now, now, now)

    def notice(self, kind: AlarmKind, now: float, *, raised: bool) -> None:
        """Take what others found out: a PIN under duress, a reader that is another."""
        self.on_timeout(now)
        if kind is AlarmKind.DURESS:
            self._help_until = now + CALL_FOR_HELP
        self._set(kind, now, raised=raised)

    def free(self, now: float, until: float) -> None:
        """Take that the lock is held released until then; `until` now ends it.

        Anybody may open the door and leave it open: it is timed from the end on.
        """
        self.explain(now, now, now)
        self._free_until = until
        if until > now:
            self._set(AlarmKind.HELD_OPEN, now, raised=False)
        if self._open and AlarmKind.HELD_OPEN not in self._raised:
            self._held_at = until + self._limits.held_open

    def explain(self, since: float, until: float, now: float) -> None:
        """Take a reason to open: a grant, an exit request or a remote open."""
        self.on_timeout(now)
        since, until = since - self._limits.patience, until + LATCH
        first, last = self._reason
        if since <= last and first <= until:
            self._reason = min(first, since), max(last, until)
        elif until > last:
            self._reason = since, until
        if self._opening is not None and since <= self._opening.opened_at <= until:
            self._opening = None

    def hear_of_the_past(self, now: float) -> None:
        """Wait with a judgement: reports of long ago arrive before today's."""
        self.on_timeout(now)
        if self._opening is not None:
            latest = self._opening.opened_at + LONGEST_PATIENCE
            self._opening.judged_at = min(now + self._limits.patience, latest)

    def online(self, now: float) -> None:
        """Take that the controller answers."""
        self.on_timeout(now)
        self._absent, self._lost_at = False, inf
        self._set(AlarmKind.READER_LOST, now, raised=False)

    def offline(self, now: float) -> None:
        """Take that it does not answer: nothing is known of its contacts."""
        self.on_timeout(now)
        if not self._absent:
            self._absent = True
            self._lost_at = now + self._limits.lost
        self._open, self._held_at = None, inf

    def signals(self) -> Sequence[AlarmSignal]:
        """Return what was raised and cleared since the last call, in order."""
        signals, self._signals = self._signals, []
        return signals

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        due = min(self._held_at, self._lost_at, self._judged_at, self._help_ends_at)
        return None if due == inf else due

    def on_timeout(self, now: float) -> None:
        """Let time pass: judge openings, measure open doors, absences and calls."""
        while (due := self.deadline()) is not None and due <= now:
            if due == self._judged_at:
                self._judge()
            elif due == self._held_at:
                self._held_at = inf
                self._set(AlarmKind.HELD_OPEN, due, raised=True)
            elif due == self._help_ends_at:
                self._set(AlarmKind.DURESS, due, raised=False)
            else:
                self._lost_at = inf
                self._set(AlarmKind.READER_LOST, due, raised=True)

    @property
    def _judged_at(self) -> float:
        return inf if self._opening is None else self._opening.judged_at

    @property
    def _help_ends_at(self) -> float:
        return self._help_until if AlarmKind.DURESS in self._raised else inf

    def _door(self, now: float, *, opened: bool) -> None:
        if opened is self._open:
            return
        found, self._open = self._open is None, opened
        if not opened:
            self._held_at = inf
            self._set(AlarmKind.FORCED_OPEN, now, raised=False)
            self._set(AlarmKind.HELD_OPEN, now, raised=False)
            if self._opening is not None:
                self._opening.closed_at = now
            return
        self._held_at = max(now, self._free_until) + self._limits.held_open
        since, until = self._reason
        # In a fire doors are released by its panel, and people run.
        free = now <= self._free_until + LATCH or AlarmKind.FIRE in self._raised
        if found or free or since <= now <= until:
            return
        if self._opening is None:
            self._opening = _Opening(now, now + self._limits.patience)
        else:
            self._opening.closed_at = None

    def _judge(self) -> None:
        """Nobody explained the opening: it was forced, even if it is over by now."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self._set(AlarmKind.FORCED_OPEN, opening.opened_at, raised=True)
            if opening.closed_at is not None:
                self._set(AlarmKind.FORCED_OPEN, opening.closed_at, raised=False)

    def _set(self, kind: AlarmKind, moment: float, *, raised: bool) -> None:
        if raised is (kind in self._raised):
            return
        self._raised ^= {kind}
        self._signals.append(AlarmSignal(kind, raised, moment))
