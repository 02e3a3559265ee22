"""One esp-rfid device as its gateway sees it."""

from collections.abc import Callable
from datetime import UTC, datetime
from math import inf

from controller.errors import LocalProtocolError
from controller.protocols.esp_rfid.commands import Order, Verb, write_order
from controller.protocols.esp_rfid.messages import (
    Acknowledged,
    Alive,
    LogRecord,
    Message,
    Passing,
    User,
)
from controller.protocols.esp_rfid.passing import is_plausible, passage_of
from controller.protocols.esp_rfid.sync import PATIENCE, Sync
from controller.protocols.esp_rfid.topics import Branch, Place
from controller.protocols.esp_rfid.turns import Turns
from controller.session import (
    ApplyPermits,
    ClockRead,
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    Event,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    SetClock,
    Uncertain,
    Watched,
)
from controller.vocabulary import Reason

HEARTBEAT = 180.0
"""Seconds between heartbeats, as devices are delivered."""
SILENCE = HEARTBEAT + 20.0
"""Seconds without a word after which one was lost, and the device counts as away."""
CLOCK_RESOLUTION = 1.0
CONTACTS = {
    ("door", "Door Open"): ((Contact.DOOR, True),),
    ("door", "Door Closed"): ((Contact.DOOR, False), (Contact.TAMPER, False)),
    ("tamper", "Door was tampered!"): ((Contact.TAMPER, True),),
}
"""What log records tell of contacts, as source and description: a door opened with
the lock shut is tampered with until it is closed."""


class Peer:
    """Knows a device's address, how long it was watched, and what is under way."""

    def __init__(
        self,
        member: Member,
        place: Place,
        turns: Turns,
        post: Callable[[Packet], None],
        report: Callable[[Event], None],
    ) -> None:
        self._controller = member.controller
        self._place = place
        self._post_packet, self._report = post, report
        self._sync = Sync(member, turns, self._post, report, self._read)
        self._ip: str | None = None
        self._reachable = self._online = False
        self._heard_at: float | None = None
        self._unseen_until: float | None = None
        self._opening: tuple[OpenDoor, float] | None = None
        self._last: Passing | None = None
        self._contacts: dict[Contact, bool] = {}

    def receive(self, message: Message, now: float) -> None:
        """Take what the device says."""
        self._hear(now, anew=isinstance(message, Alive) and message.boot)
        match message:
            case Alive():
                self._alive(message, now)
            case Passing():
                self._passing(message)
            case LogRecord():
                self._log_record(message)
            case Acknowledged(command=command, ip=ip) if ip == self._ip:
                self._sync.acknowledged(command, now)

    def listed(self, user: User, now: float) -> None:
        """Take an entry of the device's list of users."""
        self._sync.listed(user, now)

    def lists(self, turns: Turns) -> bool:
        """Say whether it is this device's turn to list its users."""
        return turns.holder is self._sync

    def address_taken(self, ip: str | None, now: float) -> None:
        """Send nothing more where another device of the topic says it is now."""
        if ip is not None and ip == self._ip:
            self._drop(f"its address {ip} is another device's now", now)
            self._ip = None

    def line_renewed(self, now: float) -> None:
        """Take that the line was broken: what the device said meanwhile is lost."""
        if self._heard_at is not None:
            self._unseen_until = now

    def command(self, command: Command, now: float) -> None:
        """Carry out a command, or report at once that it cannot be."""
        match command:
            case ApplyPermits():
                self._sync.apply(command, now)
            case OpenDoor():
                self._open(command, now)
            case SetClock():
                self._fail(command, "it sets its clock from a time server")
            case _:
                raise LocalProtocolError(f"esp-rfid knows no {type(command).__name__}")

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        moments = (
            self._heard_at + SILENCE
            if self._reachable and self._heard_at is not None
            else None,
            self._opening and self._opening[1],
            self._sync.deadline,
        )
        return min((m for m in moments if m is not None), default=None)

    def on_timeout(self, now: float) -> None:
        """Let time pass."""
        if self._opening is not None and now >= self._opening[1]:
            self._fail(self._opening[0], "it did not answer in time")
            self._opening = None
        heard_at = self._heard_at
        if self._reachable and heard_at is not None and now >= heard_at + SILENCE:
            self._unseen_until = inf
            self._drop(f"no word for {SILENCE:.0f} s", now)
        else:
            self._sync.on_timeout(now)

    def _hear(self, now: float, *, anew: bool) -> None:
        """Report since when the door may have been used unseen, if it may have."""
        since, until = self._heard_at, self._unseen_until
        self._heard_at, self._unseen_until = now, None
        if since is None or anew:
            self._report(Uncertain(self._controller, since, now))
        elif until is not None:
            self._report(Uncertain(self._controller, since, min(until, now)))

    def _alive(self, alive: Alive, now: float) -> None:
        if is_plausible(alive.time):
            at = datetime.fromtimestamp(alive.time, UTC)
            self._report(ClockRead(self._controller, at, CLOCK_RESOLUTION))
        self._report(Watched(self._controller))
        if alive.ip is None:
            return
        if alive.ip != self._ip:
            self._drop(f"its address changed from {self._ip} to {alive.ip}", now)
        elif alive.boot:
            self._drop("it connected anew", now)
        self._ip = alive.ip
        if not self._reachable:
            self._reachable = True
            self._sync.begin(now)

    def _read(self) -> None:
        """Say that the device answers, with the digest of what it holds."""
        if not self._online and self._sync.users is not None:
            self._online = True
            digest = self._sync.digest(self._sync.users)
            self._report(Online(self._controller, secure=False, digest=digest))

    def _drop(self, cause: str, now: float) -> None:
        self._sync.stop(now)
        self._reachable = False
        self._contacts.clear()
        if self._opening is not None:
            self._fail(self._opening[0], cause)
            self._opening = None
        if self._online:
            self._online = False
            self._report(Offline(self._controller, cause))

    def _passing(self, passing: Passing) -> None:
        """Report a passage, once: a reader takes no card twice within two seconds."""
        users = self._sync.users or {}
        passage = passage_of(self._controller, passing, users.get(passing.uid))
        if passage.reason is Reason.REMOTE_OPEN:
            self._opening = None
        if passage.card is not None:
            repeated = passing == self._last and is_plausible(passing.time)
            self._last = passing
            if repeated:
                return
        self._report(passage)

    def _log_record(self, record: LogRecord) -> None:
        for contact, active in CONTACTS.get((record.source, record.description), ()):
            if self._contacts.get(contact) is not active:
                self._contacts[contact] = active
                self._report(ContactChanged(self._controller, contact, active))

    def _open(self, command: OpenDoor, now: float) -> None:
        if not self._reachable:
            self._fail(command, "its address is not known")
        elif self._opening is not None:
            self._fail(command, "another opening is under way")
        else:
            self._opening = command, now + PATIENCE
            self._post(Order(Verb.OPEN_DOOR))

    def _post(self, order: Order) -> None:
        if self._ip is not None:
            data = write_order(order, self._ip)
            self._post_packet(Packet(data, self._place.branch(Branch.COMMAND)))

    def _fail(self, command: Command, cause: str) -> None:
        self._report(CommandFailed(self._controller, command, cause))
