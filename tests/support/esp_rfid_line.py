"""esp-rfid devices and their gateway's session in virtual time, and a broker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from controller.protocols.esp_rfid.device import DeviceSettings, EspRfid, Flash
from controller.protocols.esp_rfid.session import BrokerSession
from controller.protocols.esp_rfid.topics import read_address
from controller.schedule import Validity, WeeklyProfile
from controller.session import (
    RENEWED,
    ApplyPermits,
    Event,
    LineSettings,
    Member,
    Packet,
)
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Revision,
)

E = TypeVar("E")
START = datetime(2026, 5, 1, 8, tzinfo=UTC)
DOOR = DoorId("door-1")


def name(place: int) -> ControllerId:
    """Return the controller at a place of the line."""
    return ControllerId(f"esp-{place}")


def permit(
    number: int,
    card: int | None = None,
    days: tuple[float, float] = (-1, 365),
    profile: WeeklyProfile | None = None,
) -> Permit:
    """Return a permit that holds from some days after the start to others."""
    window = Validity(*(START + timedelta(days=day) for day in days))
    holder = CardNumber(0xA000 + number if card is None else card)
    return Permit(PermitId(number), holder, DOOR, window, profile)


def snapshot(*permits: Permit, revision: int = 1, place: int = 0) -> ApplyPermits:
    """Return the command that makes a door hold some permits and no others."""
    return ApplyPermits(name(place), Revision(revision), (), permits, snapshot=True)


@dataclass
class Esp:
    """A device, what it keeps, and whether its clock was set."""

    device: EspRfid
    flash: Flash
    clock_set: bool = True
    online: bool = True


@dataclass
class EspLine:
    """Some devices, the session, and a broker that carries or drops."""

    addresses: tuple[str, ...] = ("esp-0@/rfid",)
    now: float = 1000.0
    up: Callable[[Packet], list[Packet]] = lambda packet: [packet]
    down: Callable[[Packet], list[Packet]] = lambda packet: [packet]
    heard: bool = True
    remove_foreign: bool = False
    events: list[Event] = field(default_factory=list)
    sent: list[Packet] = field(default_factory=list)
    said: list[Packet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.esps = [self._esp(n, address) for n, address in enumerate(self.addresses)]
        self.restart()

    def _esp(self, place: int, address: str) -> Esp:
        flash = Flash()
        where = read_address(address)
        wanted = DeviceSettings(where, where.hostname or f"esp-{place}")
        return Esp(EspRfid(wanted, flash, f"10.0.0.{place + 1}"), flash)

    def restart(self) -> None:
        """Open a new session, as a gateway does that starts again."""
        members = tuple(
            Member(
                name(place),
                address,
                secure=False,
                remove_foreign=self.remove_foreign,
            )
            for place, address in enumerate(self.addresses)
        )
        self.session = BrokerSession(LineSettings(members))
        self.session.receive_data(RENEWED, self.now)

    def wall(self, esp: Esp) -> float:
        """Return a device's clock in seconds since 1970."""
        return self.now + (START.timestamp() if esp.clock_set else -1000.0)

    def connect(self, place: int = 0) -> None:
        """Let a device reach the broker."""
        esp = self.esps[place]
        esp.online = True
        esp.device.connected(self.now, self.wall(esp))

    def disconnect(self, place: int = 0) -> None:
        """Take the broker away from a device."""
        self.esps[place].online = False
        self.esps[place].device.disconnected()

    def start(self, seconds: float = 5.0) -> None:
        """Let every device connect, and some time pass."""
        for place in range(len(self.esps)):
            self.connect(place)
        self.run(seconds)

    def tap(self, card: int, place: int = 0) -> None:
        """Hold a card to a device and let the line settle."""
        esp = self.esps[place]
        esp.device.tap(CardNumber(card), self.wall(esp))
        self.settle()

    def send(self, command: ApplyPermits, seconds: float = 5.0) -> None:
        """Give a command and let some time pass."""
        self.session.send(command, self.now)
        self.run(seconds)

    def settle(self) -> None:
        """Exchange packets until nobody has anything to say at this moment."""
        for _ in range(10_000):
            up = [p for esp in self.esps for p in esp.device.data_to_send()]
            down = self.session.data_to_send(self.now)
            self.events += self.session.events()
            if not up and not down:
                return
            self.said += up
            self.sent += down
            for packet in up if self.heard else []:
                for carried in self.up(packet):
                    self.session.receive_data(carried, self.now)
            for packet in down if self.heard else []:
                for carried in self.down(packet):
                    self._deliver(carried)
        raise AssertionError("they never stop talking")

    def _deliver(self, packet: Packet) -> None:
        for esp in self.esps:
            if esp.online:
                esp.device.receive_data(packet, self.wall(esp))

    def run(self, seconds: float) -> None:
        """Let virtual time pass, from one deadline to the next."""
        end = self.now + seconds
        self.settle()
        while self.now < end:
            dues = [self.session.deadline(), *(e.device.deadline() for e in self.esps)]
            due = min((d for d in dues if d is not None), default=end)
            self.now = min(max(due, self.now + 0.001), end)
            self.session.on_timeout(self.now)
            for esp in self.esps:
                esp.device.on_timeout(self.now, self.wall(esp))
            self.settle()

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def forget(self) -> None:
        """Forget what was seen so far."""
        self.events.clear()
        self.sent.clear()
        self.said.clear()


def line_with_permit() -> EspLine:
    """Return a line whose only device holds one permit, with nothing seen so far."""
    line = EspLine()
    line.start()
    line.send(snapshot(permit(1)))
    line.forget()
    return line
