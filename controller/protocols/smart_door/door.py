"""A smart door's own side: decides alone, keeps every movement, tells the gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.decision import decide
from controller.errors import MessageRefused
from controller.protocols.smart_door.challenge import Challenges
from controller.protocols.smart_door.codec import Channel, Letter
from controller.protocols.smart_door.formats import NONCE_SIZE
from controller.protocols.smart_door.incoming import Incoming
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import (
    Acknowledge,
    ChallengeRequest,
    Hello,
    Message,
    Open,
    Permits,
    Ping,
    Record,
    Result,
    SetClock,
    Status,
    UpMessage,
)
from controller.protocols.smart_door.outgoing import Outgoing
from controller.protocols.smart_door.topics import Direction as Way
from controller.session import Packet
from controller.vocabulary import CardNumber, Decision, Direction, DoorId, Reason

PERIOD = 10.0
"""Seconds between two signs of life."""
HELLO_PAUSE = 1.0
"""Seconds between two Hellos at least, however often the door is called."""
PLAUSIBLE_YEARS = range(2020, 2200)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What a smart door is told when it is fitted; the key has 32 bytes."""

    device: str
    door: DoorId
    key: bytes
    firmware: str = "1.0"
    unlock_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Unlock:
    """The relay releases the lock; the record at `index` says so for good."""

    seconds: float
    cause: Reason
    index: int


class SmartDoor:
    """Firmware without hardware.

    `now` is monotonic seconds, `wall` the door's hardware clock in UTC. The memory
    must be on permanent store before an Unlock moves the relay and before a packet
    goes out.
    """

    def __init__(
        self,
        settings: DoorSettings,
        memory: DoorMemory,
        random: Callable[[int], bytes],
    ) -> None:
        self.memory = memory
        self._settings = settings
        self._random = random
        self._up = Channel(settings.device, Way.UP, settings.key)
        self._down = Channel(settings.device, Way.DOWN, settings.key)
        self._boot: bytes | None = None
        self._number = self._heard = 0
        self._greeted = False
        self._hello_at = self._report_due = 0.0
        self._opened = self._tampered = False
        self._challenges = Challenges(random)
        self._incoming = Incoming(memory)
        self._outgoing = Outgoing(memory)
        self._packets: list[Packet] = []
        self._unlocks: list[Unlock] = []

    def connected(self, now: float, wall: datetime) -> None:
        """Begin to speak: the broker answers."""
        self.disconnected()
        self._boot = self._random(NONCE_SIZE)
        self._hello(now, wall)

    def disconnected(self) -> None:
        """Fall silent: the broker is gone; doors go on opening."""
        self._boot = None
        self._number = self._heard = 0
        self._greeted = False
        self._challenges.clear()
        self._incoming.clear()
        self._outgoing.rewind()
        self._packets.clear()

    def tap(self, card: CardNumber, now: float, wall: datetime) -> Decision:
        """Decide on a card with the permits the door holds, and open if one holds."""
        at = self._clock(wall)
        decision = decide(self.memory.permits, self._settings.door, card, at)
        record = Record(at, decision.granted, decision.reason, card, decision.permit)
        self._keep(record, self._settings.unlock_seconds, now)
        return decision

    def exit_request(self, now: float, wall: datetime) -> None:
        """Open from inside: the exit button was pressed."""
        at = self._clock(wall)
        record = Record(
            at, granted=True, reason=Reason.EXIT_REQUEST, direction=Direction.EXIT
        )
        self._keep(record, self._settings.unlock_seconds, now)

    def set_contact(self, now: float, wall: datetime, *, opened: bool) -> None:
        """Take the state of the door contact."""
        if opened != self._opened:
            self._opened = opened
            self._report(now, wall)

    def set_tamper(self, now: float, wall: datetime, *, tampered: bool) -> None:
        """Take the state of the tamper contact."""
        if tampered != self._tampered:
            self._tampered = tampered
            self._report(now, wall)

    def receive_data(self, packet: Packet, now: float, wall: datetime) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        if self._boot is None or packet.peer != self._down.topic:
            return
        try:
            letter = self._down.open(packet.data)
        except MessageRefused:
            return
        if letter.boot != self._boot:
            self._greeted = False
            self._report_due = min(self._report_due, self._hello_at + HELLO_PAUSE)
            if now >= self._report_due:
                self._hello(now, wall)
        elif letter.number > self._heard:
            self._heard = letter.number
            if not self._greeted:
                self._greeted = True
                self._outgoing.rewind()
            self._take(letter.message, now, wall)
            self._send_records(now)

    def data_to_send(self) -> Sequence[Packet]:
        """Return what must go out now, in order; each packet is returned once."""
        packets, self._packets = self._packets, []
        return packets

    def outputs(self) -> Sequence[Unlock]:
        """Return the relay movements since the last call."""
        unlocks, self._unlocks = self._unlocks, []
        return unlocks

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        if self._boot is None:
            return None
        repeat = self._outgoing.deadline
        return self._report_due if repeat is None else min(self._report_due, repeat)

    def on_timeout(self, now: float, wall: datetime) -> None:
        """Let time pass: signs of life and records nobody acknowledged."""
        if self._boot is None:
            return
        if now >= self._report_due:
            self._report(now, wall)
        self._outgoing.on_timeout(now)
        self._send_records(now)

    def _clock(self, wall: datetime) -> datetime:
        return wall + self.memory.clock_offset

    def _keep(self, record: Record, seconds: float, now: float) -> None:
        index = self.memory.keep(record)
        if record.granted:
            self._unlocks.append(Unlock(seconds, record.reason, index))
        self._send_records(now)

    def _post(self, message: UpMessage) -> None:
        if self._boot is not None:
            self._number += 1
            data = self._up.seal(Letter(self._boot, self._number, message))
            self._packets.append(Packet(data, self._up.topic))

    def _hello(self, now: float, wall: datetime) -> None:
        self._greeted = False
        self._hello_at, self._report_due = now, now + PERIOD
        memory = self.memory
        self._post(
            Hello(
                heard=self._heard,
                epoch=memory.epoch,
                acknowledged=memory.acknowledged,
                last=memory.last,
                revision=memory.revision,
                digest=memory.permits.digest,
                clock=self._clock(wall),
                opened=self._opened,
                tampered=self._tampered,
                firmware=self._settings.firmware,
            )
        )

    def _report(self, now: float, wall: datetime) -> None:
        if not self._greeted:
            self._hello(now, wall)
        else:
            self._send_status(None, now, wall)

    def _send_status(self, answers: bytes | None, now: float, wall: datetime) -> None:
        self._report_due = now + PERIOD
        clock = self._clock(wall)
        self._post(Status(answers, clock, self._opened, self._tampered))

    def _send_records(self, now: float) -> None:
        while self._greeted and (events := self._outgoing.next(now)) is not None:
            self._post(events)

    def _take(self, message: Message, now: float, wall: datetime) -> None:
        """Do what an accepted message asks for."""
        match message:
            case Ping(nonce):
                self._send_status(nonce, now, wall)
            case Acknowledge(epoch, upto) if epoch == self.memory.epoch:
                self._outgoing.acknowledge(upto, now)
                if self.memory.epoch != epoch:
                    self._outgoing.rewind()
                    self._hello(now, wall)
            case Permits():
                answer = self._incoming.take(message)
                if answer is not None:
                    self._post(answer)
            case ChallengeRequest(command):
                self._post(self._challenges.issue(command, now))
            case Open():
                self._open(message, now, wall)
            case SetClock():
                self._set_clock(message, now, wall)

    def _open(self, order: Open, now: float, wall: datetime) -> None:
        if self._challenges.repeated(order):
            self._accept(order.command)
        elif self._challenges.redeem(order, now):
            record = Record(self._clock(wall), granted=True, reason=Reason.REMOTE_OPEN)
            self._keep(record, order.milliseconds / 1000, now)
            self._accept(order.command)
        else:
            self._refuse(order.command, "the nonce is not the door's, used or too old")

    def _set_clock(self, order: SetClock, now: float, wall: datetime) -> None:
        if order.at.year not in PLAUSIBLE_YEARS:
            self._refuse(order.command, "the year is not plausible")
            return
        self.memory.clock_offset = order.at - wall
        self._accept(order.command)
        self._send_status(None, now, wall)

    def _accept(self, command: int) -> None:
        self._post(Result(command, ok=True, cause="ok"))

    def _refuse(self, command: int, cause: str) -> None:
        self._post(Result(command, ok=False, cause=cause))
