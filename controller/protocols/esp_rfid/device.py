"""An esp-rfid device itself, as far as a broker sees it, for the simulator.

It keeps its habits: QoS 0, nothing published while it is not connected, a buffer
of 2,048 bytes, commands for its own address only, times of 1970 until its clock
is set.
"""

import json
from dataclasses import dataclass, field

from controller.errors import MessageRefused
from controller.protocols.esp_rfid.commands import Order, Verb, read_order
from controller.protocols.esp_rfid.messages import (
    ACKNOWLEDGED,
    MOST_RELAYS,
    Access,
    User,
    read_message,
)
from controller.protocols.esp_rfid.passing import BY_BUTTON, BY_COMMAND
from controller.protocols.esp_rfid.reading import LONGEST_MESSAGE
from controller.protocols.esp_rfid.topics import Branch, Place
from controller.protocols.esp_rfid.users import CAPACITY, uid_of
from controller.session import Packet
from controller.vocabulary import CardNumber

ALWAYS, ADMIN = 1, 99
BLANK = " "
"""The uid of an opening without a card."""


@dataclass(slots=True)
class Flash:
    """What outlives a power cut: the users' files by uid, as they were sent."""

    files: dict[str, bytes] = field(default_factory=dict)
    capacity: int = CAPACITY


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """How a device is set up; `heartbeat` in seconds, `logs` sends its event log."""

    place: Place
    hostname: str
    heartbeat: float = 180.0
    relays: int = 1
    logs: bool = True


class EspRfid:
    """A reader with a relay; `wall` is seconds since 1970, close to 0 before NTP."""

    def __init__(self, settings: DeviceSettings, flash: Flash, ip: str) -> None:
        self._settings = settings
        self._flash = flash
        self.ip = ip
        self.openings = 0
        """How often a relay was switched."""
        self.rebooting = False
        self._connected = False
        self._started: float | None = None
        self._beat_due: float | None = None
        self._packets: list[Packet] = []

    def connected(self, now: float, wall: float) -> None:
        """Greet the broker; the device says `boot` on every connection."""
        self._connected = True
        self._started = now if self._started is None else self._started
        self._beat_due = now + self._settings.heartbeat
        self._say({"type": "boot", "time": int(wall), "uptime": "0"} | self._address())

    def disconnected(self) -> None:
        """Go on alone; what is said until the next connection is lost."""
        self._connected = False
        self._packets.clear()

    def move(self, ip: str) -> None:
        """Take another address from DHCP; the connection is lost with the old one."""
        self.disconnected()
        self.ip = ip

    def tap(self, card: CardNumber, wall: float) -> Access:
        """Hold a card to the reader."""
        uid = uid_of(card)
        if uid not in self._flash.files:
            self._log("WARN", "rfid", "Unknown rfid tag is scanned", wall, f"{uid} 34")
            self._access(Access.DENIED, "Unknown", uid, wall)
            return Access.DENIED
        user = self._user(uid)
        access = self._judge(user, wall)
        if access in (Access.ADMIN, Access.ALWAYS):
            self.openings += 1
        self._access(access, user.name if user else "", uid, wall, user)
        return access

    def press_button(self, wall: float) -> None:
        """Press the exit button."""
        self.openings += 1
        self._access(Access.ALWAYS, BY_BUTTON, BLANK, wall)

    def set_door(self, wall: float, *, opened: bool, forced: bool = False) -> None:
        """Move the door; `forced` opens it with the lock shut."""
        self._log("INFO", "door", "Door Open" if opened else "Door Closed", wall)
        if opened and forced:
            self._log("WARN", "tamper", "Door was tampered!", wall)

    def hold_open(self, wall: float) -> None:
        """Keep the door open for too long."""
        description = "Door wasn't closed within max open time!"
        self._log("WARN", "tamper", description, wall)

    def receive_data(self, packet: Packet, wall: float) -> None:
        """Take a command; what is malformed or for another address is dropped."""
        if packet.peer != self._settings.place.branch(Branch.COMMAND):
            return
        if len(packet.data) >= LONGEST_MESSAGE:
            return
        try:
            order, address = read_order(packet.data)
        except MessageRefused:
            return
        if address == self.ip:
            self._obey(order, packet.data, wall)

    def data_to_send(self) -> list[Packet]:
        """Return what must go out now, each once, at QoS 0."""
        packets, self._packets = self._packets, []
        return packets

    def deadline(self) -> float | None:
        """Return when the next heartbeat is due."""
        return self._beat_due if self._connected else None

    def on_timeout(self, now: float, wall: float) -> None:
        """Send a heartbeat when it is time."""
        if not self._connected or self._beat_due is None or now < self._beat_due:
            return
        self._beat_due = now + self._settings.heartbeat
        uptime = int(now - (now if self._started is None else self._started))
        beat = {"type": "heartbeat", "time": int(wall), "uptime": uptime}
        self._say(beat | self._address())

    def _obey(self, order: Order, data: bytes, wall: float) -> None:
        match order.verb:
            case Verb.GET_USERS:
                for body in self._flash.files.values():
                    self._publish(body)
            case Verb.OPEN_DOOR | Verb.OPEN | Verb.CLOSE:
                self.openings += 1
                self._access(Access.ALWAYS, BY_COMMAND, BLANK, wall)
            case Verb.GET_CONFIGURATION:
                hidden: dict[str, object] = {"configfile": {"network": {}}}
                self._say({"type": "getconf"} | self._address() | hidden)
            case Verb.REBOOT | Verb.UPDATE_CONFIGURATION:
                self.rebooting = True
            case _:
                self._change_files(order, data)
        if order.verb in ACKNOWLEDGED:
            self._say({"type": order.verb} | self._address())

    def _change_files(self, order: Order, data: bytes) -> None:
        files = self._flash.files
        if order.user is not None:
            if len(files) < self._flash.capacity or order.user.uid in files:
                files[order.user.uid] = data
        elif order.uid is not None:
            files.pop(order.uid, None)
        elif order.verb is Verb.DELETE_USERS:
            files.clear()

    def _user(self, uid: str) -> User | None:
        try:
            message = read_message(self._flash.files[uid])
        except MessageRefused:
            return None
        return message if isinstance(message, User) else None

    def _judge(self, user: User | None, wall: float) -> Access:
        if user is None:
            return Access.DISABLED
        if user.access[0] == ADMIN:
            return Access.ADMIN
        if user.access[0] != ALWAYS:
            return Access.DISABLED
        if user.until < wall or user.since > wall:
            return Access.EXPIRED
        return Access.ALWAYS

    def _access(
        self, access: Access, name: str, uid: str, wall: float, user: User | None = None
    ) -> None:
        relays = self._settings.relays
        said: object = access
        if relays > 1 and user is not None and access is Access.ALWAYS:
            words = {0: Access.DISABLED, ALWAYS: Access.ALWAYS, ADMIN: Access.ADMIN}
            kinds = user.access[: min(relays, MOST_RELAYS)]
            said = [words[kind] for kind in kinds if kind in words]
        self._say(
            {
                "uid": uid,
                "username": name,
                "access": said,
                "time": int(wall),
                "doorName": "door" if relays == 1 else ["door"] * relays,
                "type": "access",
                "isKnown": "false" if access is Access.DENIED else "true",
                "hostname": self._settings.hostname,
            }
        )

    def _log(
        self, level: str, source: str, what: str, wall: float, data: str = ""
    ) -> None:
        if self._settings.logs:
            self._say(
                {
                    "type": level,
                    "src": source,
                    "desc": what,
                    "data": data,
                    "time": int(wall),
                    "cmd": "event",
                    "hostname": self._settings.hostname,
                }
            )

    def _address(self) -> dict[str, object]:
        return {"ip": self.ip, "hostname": self._settings.hostname}

    def _say(self, values: dict[str, object]) -> None:
        self._publish(json.dumps(values, separators=(",", ":")).encode())

    def _publish(self, data: bytes) -> None:
        if self._connected:
            place = self._settings.place.branch(Branch.SEND)
            self._packets.append(Packet(data, place))
