"""One smart door as its gateway sees it."""

from collections.abc import Callable

from controller.errors import LocalProtocolError
from controller.protocols.smart_door.codec import Channel, Letter
from controller.protocols.smart_door.errands import Errands
from controller.protocols.smart_door.formats import NONCE_SIZE
from controller.protocols.smart_door.link import Link
from controller.protocols.smart_door.messages import (
    Applied,
    Challenge,
    DownMessage,
    Events,
    Hello,
    Message,
    Ping,
    Result,
    Status,
)
from controller.protocols.smart_door.records import RecordCursor
from controller.protocols.smart_door.topics import OFFLINE, ONLINE, Direction
from controller.session import (
    AcknowledgePassages,
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
    ShowRefusal,
)

SILENCE = 30.0
"""Seconds without an authenticated message after which a door is offline."""
DOUBT = 2.0
"""Seconds a door has to answer once the broker says that it is gone."""
CALL_PAUSE = 1.0
NOBODY = bytes(NONCE_SIZE)
"""The boot nonce of a call: no door has it, so each answers with a Hello."""


class Peer:
    """The conversation with one door, and what is known of it."""

    def __init__(
        self,
        member: Member,
        random: Callable[[int], bytes],
        post: Callable[[Packet], None],
        report: Callable[[Event], None],
    ) -> None:
        key = member.key or b""
        self._controller = member.controller
        self._random = random
        self._post = post
        self._report = report
        self._up = Channel(member.address, Direction.UP, key)
        self._down = Channel(member.address, Direction.DOWN, key)
        self._cursor = RecordCursor(member.controller)
        self._link: Link | None = None
        self._errands: Errands | None = None
        self._greeting: tuple[Link, Hello] | None = None
        self._called_at: float | None = None
        self._contacts: dict[Contact, bool] = {}

    def call(self, now: float) -> None:
        """Ask the door to say Hello, not too often."""
        if self._called_at is None or now - self._called_at >= CALL_PAUSE:
            self._called_at = now
            self._send(Letter(NOBODY, 0, Ping(self._random(NONCE_SIZE))))

    def hint(self, state: bytes, now: float) -> None:
        """Take what the broker says of the door: worth a question, no more."""
        link = self._link
        if state == ONLINE and link is None:
            self.call(now)
        elif state == OFFLINE and link is not None and link.doubted_at is None:
            link.doubted_at = now
            self._send(link.ping(self._random, now))

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the door's topic; raises MessageRefused for foreign ones."""
        letter = self._up.open(data)
        link = self._link
        if isinstance(letter.message, Hello):
            self._greet(letter, letter.message, now)
        elif link is not None and letter.boot == link.boot:
            if link.hear(letter, now):
                self._take(letter.message, now)
        elif not self._confirmed(letter, now):
            self.call(now)

    def command(self, command: Command, now: float) -> None:
        """Carry out a command, or report at once that it cannot be.

        Raises LocalProtocolError for a command no smart door knows.
        """
        match command:
            case AcknowledgePassages(epoch=epoch, index=index):
                self._cursor.acknowledge(epoch, index)
                self._tell(self._cursor.acknowledgement())
            case OpenDoor() | ApplyPermits() | SetClock():
                if self._errands is None:
                    self._fail(command, "the door is offline")
                else:
                    self._errands.start(command, now)
            case ShowRefusal():
                self._fail(command, "the door decides by itself")
            case _:
                name = type(command).__name__
                raise LocalProtocolError(f"a smart door cannot carry out {name}")

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        link = self._link
        if link is None or self._errands is None:
            return None
        moments = (
            link.heard_at + SILENCE,
            link.ping_due,
            None if link.doubted_at is None else link.doubted_at + DOUBT,
            self._errands.deadline(),
        )
        return min(moment for moment in moments if moment is not None)

    def on_timeout(self, now: float) -> None:
        """Let time pass."""
        link = self._link
        if link is None or self._errands is None:
            return
        if now >= link.heard_at + SILENCE:
            self._drop(f"silent for {SILENCE:.0f} s")
        elif link.doubted_at is not None and now >= link.doubted_at + DOUBT:
            self._drop("gone from the broker")
        else:
            self._errands.on_timeout(now)
            if now >= link.ping_due:
                if link.pinged is not None:
                    self.call(now)
                self._send(link.ping(self._random, now))

    def _greet(self, letter: Letter, hello: Hello, now: float) -> None:
        """Answer a Hello with a Ping: only a living door can answer that."""
        link, greeting = self._link, self._greeting
        if link is not None and letter.boot == link.boot:
            if link.hear(letter, now):
                link.sent = max(link.sent, hello.heard)
                self._send(link.ping(self._random, now))
                self._resume(hello)
            return
        if greeting is None or letter.boot != greeting[0].boot:
            fresh = Link(letter.boot, sent=hello.heard)
        else:
            fresh = greeting[0]
        if fresh.hear(letter, now):
            self._greeting = fresh, hello
            self._send(fresh.ping(self._random, now))

    def _confirmed(self, letter: Letter, now: float) -> bool:
        """Change over to a new conversation once the door has proved it is there."""
        message = letter.message
        if self._greeting is None or not isinstance(message, Status):
            return False
        link, hello = self._greeting
        if message.answers != link.pinged or not link.hear(letter, now):
            return False
        self._drop("the door connected anew")
        self._greeting = None
        self._link = link
        self._errands = Errands(link, hello.revision, self._tell, self._report)
        self._report(
            Online(
                self._controller,
                secure=True,
                revision=hello.revision,
                digest=hello.digest,
            )
        )
        self._resume(hello)
        self._take(message, now)
        return True

    def _resume(self, hello: Hello) -> None:
        acknowledge = self._cursor.greet(hello)
        if acknowledge is not None:
            self._tell(acknowledge)

    def _drop(self, cause: str) -> None:
        errands, self._errands = self._errands, None
        self._link = None
        self._contacts.clear()
        if errands is not None:
            errands.give_up(cause)
            self._report(Offline(self._controller, cause))

    def _tell(self, message: DownMessage) -> None:
        if self._link is not None:
            self._send(self._link.address(message))

    def _send(self, letter: Letter) -> None:
        self._post(Packet(self._down.seal(letter), self._down.topic))

    def _fail(self, command: Command, cause: str) -> None:
        self._report(CommandFailed(self._controller, command, cause))

    def _take(self, message: Message, now: float) -> None:
        """Do what a fresh message of the door calls for."""
        errands = self._errands
        match message:
            case Status():
                self._take_status(message, now)
            case Events():
                for news in self._cursor.take(message):
                    self._report(news)
                if self._cursor.repeated(message):
                    self._tell(self._cursor.acknowledgement())
            case Applied() if errands is not None:
                errands.applied(message, now)
            case Challenge() if errands is not None:
                errands.challenged(message, now)
            case Result() if errands is not None:
                errands.ended(message)

    def _take_status(self, status: Status, now: float) -> None:
        trip = None if self._link is None else self._link.round_trip(status, now)
        if trip is not None:
            self._report(ClockRead(self._controller, status.clock, trip))
        contacts = {Contact.DOOR: status.opened, Contact.TAMPER: status.tampered}
        for contact, active in contacts.items():
            if self._contacts.get(contact) is not active:
                self._contacts[contact] = active
                self._report(ContactChanged(self._controller, contact, active))
