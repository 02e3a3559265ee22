"""Every protocol in the table keeps the promises of a session."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import ControllerError, LocalProtocolError
from controller.protocols import PROTOCOLS, TransportKind
from controller.protocols.esp_rfid.device import DeviceSettings, EspRfid, Flash
from controller.protocols.esp_rfid.topics import Branch, read_address
from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.protocols.smart_door.door import DoorSettings, SmartDoor
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.topics import ONLINE, Direction, topic
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    Command,
    Event,
    HoldDoor,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    ResumePassages,
    Session,
    SetClock,
    ShowRefusal,
)
from controller.upkeep import (
    AskStatus,
    ChangeLine,
    Light,
    RotateKey,
    SendApdu,
    SendFile,
    Show,
    SmartCardMode,
)
from controller.vocabulary import ControllerId, DoorId, Revision
from firmware_sim.uhppote_board.wire import respond
from tests.support.protocol_members import PEERS, address, key, member
from tests.support.uhppote_board import new_board

NAMES = sorted(PROTOCOLS)
MEMBER, STRANGER = ControllerId("member"), ControllerId("stranger")
ADDRESS = "7"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PATIENCE = {"esp_rfid": 240.0}
"""Virtual seconds to miss a device: 60, or what its own heartbeat makes of them."""
COMMANDS: tuple[Callable[[ControllerId], Command], ...] = (
    lambda name: OpenDoor(name, 3.0),
    lambda name: HoldDoor(name, 120.0),
    lambda name: HoldDoor(name, 0.0),
    ShowRefusal,
    lambda name: ApplyPermits(name, Revision(1), (), ()),
    lambda name: AcknowledgePassages(name, 1, 1),
    lambda name: ResumePassages(name, 0, 0),
    lambda name: SetClock(name, NOON),
    lambda name: RotateKey(name, bytes(range(1, 17))),
    lambda name: ChangeLine(name, "9", 115200),
    lambda name: Show(name, 2.0, "hello", Light.GREEN, 1),
    AskStatus,
    lambda name: SendFile(name, 1, b"contents"),
    lambda name: SmartCardMode(name, active=True),
    lambda name: SendApdu(name, b"\0\xa4\4\0"),
)

Answer = Callable[[Sequence[Packet], float], list[Packet]]


def patience(name: str) -> float:
    return PATIENCE.get(name, 60.0)


def open_line(name: str, *members: Member) -> Session:
    entry = PROTOCOLS[name]
    baud = 9600 if entry.transport is TransportKind.SERIAL else 0
    chosen = members or (member(name, MEMBER),)
    return entry.open(LineSettings(chosen, baud), 0.0, Random(1).randbytes)  # noqa: S311 - repeatable


def reader() -> Answer:
    identity = Identity(b"\x01\x02\x03", 4, 5, 6, b"\x01\x00\x00")
    wanted = ReaderSettings(int(ADDRESS), identity, key("osdp") or b"")
    device = Peripheral(wanted, 0.0, Random(2).randbytes)  # noqa: S311 - repeatable

    def answer(packets: Sequence[Packet], now: float) -> list[Packet]:
        for packet in packets:
            device.receive_data(packet.data, now)
        return [Packet(data) for data in device.data_to_send(now)]

    return answer


def smart_door() -> Answer:
    wanted = DoorSettings(ADDRESS, DoorId("door"), key("smart_door") or b"")
    device = SmartDoor(wanted, DoorMemory(1), Random(2).randbytes)  # noqa: S311 - repeatable
    device.connected(0.0, NOON)
    hint = [Packet(ONLINE, topic(ADDRESS, Direction.STATE))]

    def answer(packets: Sequence[Packet], now: float) -> list[Packet]:
        wall = NOON + timedelta(seconds=now)
        for packet in packets:
            device.receive_data(packet, now, wall)
        device.on_timeout(now, wall)
        said, hint[:] = [*hint, *device.data_to_send()], []
        return said

    return answer


def board() -> Answer:
    device = new_board(int(ADDRESS))

    def answer(packets: Sequence[Packet], now: float) -> list[Packet]:
        replies = [(respond(device, each.data, now), each.peer) for each in packets]
        return [Packet(data, peer) for data, peer in replies if data is not None]

    return answer


def esp_rfid() -> Answer:
    wanted = DeviceSettings(read_address(ADDRESS), "door-7")
    device = EspRfid(wanted, Flash(), "10.0.0.7")
    wall = NOON.timestamp()
    started = False

    def answer(packets: Sequence[Packet], now: float) -> list[Packet]:
        nonlocal started
        if not started:
            started = True
            device.connected(now, wall + now)
        for packet in packets:
            device.receive_data(packet, wall + now)
        device.on_timeout(now, wall + now)
        return device.data_to_send()

    return answer


DEVICES: dict[str, Callable[[], Answer]] = {
    "osdp": reader,
    "smart_door": smart_door,
    "uhppote": board,
    "esp_rfid": esp_rfid,
}


def talk(session: Session, answer: Answer, start: float, seconds: float) -> list[Event]:
    """Let a session and a device talk in steps of virtual time."""
    events: list[Event] = []
    now = start
    while now < start + seconds:
        now += 0.01
        due = session.deadline()
        if due is not None and due <= now:
            session.on_timeout(now)
        for packet in answer(session.data_to_send(now), now):
            session.receive_data(packet, now)
        events += session.events()
    return events


def test_every_protocol_is_tested_here() -> None:
    assert DEVICES.keys() == PROTOCOLS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_table_row_says_fits_together(name: str) -> None:
    entry = PROTOCOLS[name]
    assert bool(entry.subscriptions) == (entry.transport is TransportKind.BROKER)
    assert bool(entry.message_size) == (entry.transport is TransportKind.NETWORK)
    assert not any(place.endswith(Direction.DOWN) for place in entry.subscriptions)
    can = entry.capabilities
    assert can.decides == can.stores_permits, "who decides alone needs permits"
    assert can.decides or not can.buffers_passages


@pytest.mark.parametrize("name", NAMES)
def test_a_device_comes_online_and_a_silent_one_goes_offline(name: str) -> None:
    session = open_line(name)
    events = talk(session, DEVICES[name](), 0.0, 10.0)
    online = [event for event in events if isinstance(event, Online)]
    secure = PROTOCOLS[name].key_size > 0
    assert [(event.controller, event.secure) for event in online] == [(MEMBER, secure)]
    stores = PROTOCOLS[name].capabilities.stores_permits
    assert (online[0].digest is not None) == stores
    silence = talk(session, lambda _packets, _now: [], 10.0, patience(name))
    gone = [event for event in silence if isinstance(event, Offline)]
    assert [event.controller for event in gone] == [MEMBER]
    assert gone[0].cause
    again = talk(session, DEVICES[name](), 10.0 + patience(name), 60.0)
    assert [type(event) for event in again if isinstance(event, Online)] == [Online]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_for_a_stranger_is_our_own_fault(
    name: str, command: Callable[[ControllerId], Command]
) -> None:
    session = open_line(name)
    with pytest.raises(LocalProtocolError):
        session.send(command(STRANGER), 0.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_carried_out_or_named_as_one_that_cannot_be(
    name: str, command: Callable[[ControllerId], Command]
) -> None:
    session, device = open_line(name), DEVICES[name]()
    talk(session, device, 0.0, 2.0)
    wanted = command(MEMBER)
    try:
        session.send(wanted, 2.0)
    except LocalProtocolError as error:
        assert type(wanted).__name__ in str(error)  # noqa: PT017 - either will do
        return
    done = talk(session, device, 2.0, 2.0)
    assert not [event for event in done if isinstance(event, Offline)]


@pytest.mark.parametrize("name", NAMES)
def test_settings_that_cannot_work_are_refused(name: str) -> None:
    size = PROTOCOLS[name].key_size
    for wrong in (
        Member(MEMBER, "", bytes(32)),
        Member(MEMBER, address(name), bytes(7)),
        Member(MEMBER, address(name), None if size else bytes(16)),
    ):
        with pytest.raises((ControllerError, ValueError)):
            open_line(name, wrong)


@pytest.mark.parametrize("name", NAMES)
def test_two_members_never_share_an_address(name: str) -> None:
    both = [member(name, each) for each in (MEMBER, STRANGER)]
    with pytest.raises((ControllerError, ValueError)):
        open_line(name, *both)


PLACES = st.sampled_from(
    [
        "",
        ADDRESS,
        *PEERS,
        *(f"menhu/door/{ADDRESS}/{way}" for way in Direction),
        *(f"{ADDRESS}/{branch}" for branch in Branch),
    ]
)


@pytest.mark.parametrize("name", NAMES)
@given(
    noise=st.lists(st.tuples(st.binary(max_size=300), PLACES), max_size=8),
    pause=st.floats(0, 5),
)
@settings(max_examples=25, deadline=None)
def test_any_bytes_neither_raise_nor_confuse(
    name: str, noise: list[tuple[bytes, str]], pause: float
) -> None:
    session, device = open_line(name), DEVICES[name]()
    events = talk(session, device, 0.0, 1.0)
    now = 1.0
    for data, place in noise:
        now += pause
        session.receive_data(Packet(data, place), now)
        events += session.events()
        sent = session.data_to_send(now)
        assert sum(len(packet.data) for packet in sent) < 10_000
    assert {event.controller for event in events} <= {MEMBER}
    for second in range(int(patience(name))):
        events += talk(session, device, now + second, 1.0)
        contact = [event for event in events if isinstance(event, Online | Offline)]
        if isinstance(contact[-1], Online):
            return
    pytest.fail("it does not find its way back")
