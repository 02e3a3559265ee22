"""The control side of one RS-485 bus: who is spoken to next, and for how long.

Half duplex: nothing goes out before the reply arrived or timed out. Doors that
must open come before lights and sounds, and those before any poll. Take `events`
and answer them with `send` before asking for `data_to_send`: then a lock is
released by the very next frame.
"""

from collections import deque
from collections.abc import Callable, Sequence
from math import inf

from controller.errors import LocalProtocolError
from controller.protocols.osdp.commands import KEY_LENGTH
from controller.protocols.osdp.device import Device
from controller.protocols.osdp.frames import BROADCAST, LARGEST_FRAME, FrameDecoder
from controller.protocols.osdp.tasks import Urgency
from controller.session import (
    Capabilities,
    Command,
    Event,
    LineSettings,
    Member,
    Packet,
    Session,
)
from controller.upkeep import ChangeLine
from controller.vocabulary import ControllerId

CAPABILITIES = Capabilities(
    decides=False, stores_permits=False, buffers_passages=False, has_clock=False
)
POLL_GAP = 0.004
"""Shortest time from one poll to the next, to spare the processor."""

_BITS_PER_BYTE = 10
_FILE_TURN = 0.06
"""How long a part of a file may keep the wire, in seconds."""
_LARGEST_FILE_FRAME = 512
_BREATH = 0.05
"""How long the rest of a reply may take to follow its beginning, in seconds."""


def open_bus(
    settings: LineSettings, now: float, random: Callable[[int], bytes]
) -> Session:
    """Open the control side of a bus; raises LocalProtocolError for bad settings."""
    addresses = [_check(member) for member in settings.members]
    if len(set(addresses)) < len(addresses):
        raise LocalProtocolError("address: each reader on a bus needs its own")
    return Bus(settings, now, random)


def _check(member: Member) -> int:
    name = member.controller
    if not member.address.isdecimal() or int(member.address) >= BROADCAST:
        raise LocalProtocolError(
            f"{name}: address must be 0 to {BROADCAST - 1}, not {member.address!r}"
        )
    for key in (member.key, member.next_key):
        if key is not None and len(key) != KEY_LENGTH:
            raise LocalProtocolError(
                f"{name}: key must be {KEY_LENGTH} bytes, not {len(key)}"
            )
    if member.secure and member.key is None:
        raise LocalProtocolError(
            f"{name}: key is missing; give one, or set secure to false"
        )
    return int(member.address)


def _file_frame(byte_time: float) -> int:
    """Return how long a frame may be so that nobody waits long for a file."""
    if not byte_time:
        return _LARGEST_FILE_FRAME
    return min(_LARGEST_FILE_FRAME, round(_FILE_TURN / byte_time))


class Bus:
    """The session of one bus; see controller.session.Session."""

    def __init__(
        self, settings: LineSettings, now: float, random: Callable[[int], bytes]
    ) -> None:
        """Use `open_bus`, which checks the settings."""
        self._events: list[Event] = []
        self._byte_time = _BITS_PER_BYTE / settings.baud if settings.baud else 0.0
        report, limit = self._events.append, _file_frame(self._byte_time)
        self._devices: dict[ControllerId, Device] = {
            member.controller: Device(member, now, random, report, limit)
            for member in settings.members
        }
        self._round = deque(self._devices.values())
        self._decoder = FrameDecoder()
        self._awaited: Device | None = None
        self._sent = self._reply_due = self._reply_latest = self._poll_after = now

    def receive_data(self, packet: Packet, now: float) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        for frame in self._decoder.receive(packet.data):
            if self._awaited and self._awaited.receive(frame, now):
                self._awaited.patience.heard(now - self._sent)
                self._awaited = None
        if self._awaited:
            due = max(self._reply_due, now + _BREATH)
            self._reply_due = min(due, self._reply_latest)
        else:
            self._pass_time(now)

    def send(self, command: Command, now: float) -> None:
        """Queue a command; raises LocalProtocolError when no reader here can do it."""
        device = self._devices.get(command.controller)
        if device is None:
            raise LocalProtocolError(f"controller {command.controller} is not here")
        if isinstance(command, ChangeLine):
            self._check_room(command, device)
        device.carry_out(command, now)

    def _check_room(self, command: ChangeLine, device: Device) -> None:
        others = (other for other in self._round if other is not device)
        if command.address.isdecimal() and any(
            other.at(int(command.address)) for other in others
        ):
            raise LocalProtocolError(f"address {command.address} has another reader")

    def data_to_send(self, now: float) -> Sequence[Packet]:
        """Return the next frame, or nothing while the bus belongs to a reader."""
        if self._awaited:
            return ()
        self._pass_time(now)
        device = self._next(now)
        if device is None:
            return ()
        data = device.transmit()
        self._decoder.clear()
        self._awaited = device
        self._sent = now + len(data) * self._byte_time
        self._reply_due = self._sent + device.patience.slot
        self._reply_latest = self._reply_due + LARGEST_FRAME * self._byte_time
        return (Packet(data),)

    def events(self) -> Sequence[Event]:
        """Return what happened since the last call."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        if self._awaited:
            return self._reply_due
        return min(map(self._due, self._round), default=None)

    def on_timeout(self, now: float) -> None:
        """Let time pass: retries, probes, polls, offline declarations."""
        if self._awaited and now >= self._reply_due:
            self._awaited.miss(now)
            self._awaited = None
        if self._awaited is None:
            self._pass_time(now)

    def _pass_time(self, now: float) -> None:
        for device in self._round:
            device.pass_time(now)

    def _due(self, device: Device) -> float:
        routine = device.urgency is Urgency.ROUTINE
        gap = self._poll_after if routine else -inf
        return min(max(device.ready_at, gap), device.deadline)

    def _next(self, now: float) -> Device | None:
        ready = [device for device in self._round if device.ready_at <= now]
        device = min(ready, key=lambda device: device.urgency, default=None)
        if device is None or device.urgency is not Urgency.ROUTINE:
            return device
        if now < self._poll_after:
            return None
        self._poll_after = now + POLL_GAP
        self._round.remove(device)
        self._round.append(device)
        return device
