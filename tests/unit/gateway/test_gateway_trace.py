import io
from collections.abc import Sequence
from datetime import timedelta

import pytest

from controller.protocols.osdp import open_bus
from controller.schedule import Validity
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    CardPresented,
    Command,
    Event,
    HoldDoor,
    LineSettings,
    Member,
    OpenDoor,
    Packet,
    ResumePassages,
    Session,
    SetClock,
    ShowRefusal,
)
from controller.upkeep import Light, RotateKey, Show
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Revision,
)
from gateway.trace import COMMANDS, Random, TracedSession, TraceInvalid, replay
from tests.support.gateway_fake import FakeSession
from tests.support.gateway_site import LOCK, READER
from tests.support.gateway_store import NOON
from tests.support.osdp_rig import KEY, reader

CARD = CardPresented(READER, 5, 26)
PERMIT = Permit(
    PermitId(1), CardNumber(2**64 - 1), DoorId("d"), Validity(NOON, NOON + timedelta(1))
)
ALL: tuple[Command, ...] = (
    OpenDoor(READER, 2.5),
    HoldDoor(READER, 120.0),
    ShowRefusal(READER),
    Show(READER, 2.0, "PIN", Light.AMBER, 1),
    ApplyPermits(LOCK, Revision(3), (PermitId(9),), (PERMIT,), snapshot=True),
    AcknowledgePassages(LOCK, 2**64 - 1, 7),
    ResumePassages(LOCK, 0, 2**32 - 1),
    SetClock(LOCK, NOON),
)


def open_osdp(now: float, random: Random) -> Session:
    member = Member(ControllerId("reader-0"), "0", KEY)
    return open_bus(LineSettings((member,), 9600), now, random)


def test_every_command_survives_the_file() -> None:
    file, inner = io.StringIO(), FakeSession()
    traced = TracedSession("bus", lambda _now, _random: inner, 1.0, file)
    for command in ALL:
        traced.send(command, 2.0)
    again = FakeSession()
    assert list(replay(file.getvalue().splitlines(), "bus", lambda *_: again)) == []
    assert again.commands == list(ALL)
    assert {type(command) for command in ALL} == set(COMMANDS.values())


def test_other_lines_are_left_out() -> None:
    file = io.StringIO()
    for name in ("one", "two"):
        traced = TracedSession(name, lambda *_: FakeSession(), 0.0, file)
        traced.receive_data(Packet(name.encode(), "a/topic"), 1.0)
    again = FakeSession({b"two": [CARD]})
    assert list(replay(file.getvalue().splitlines(), "two", lambda *_: again)) == [
        (1.0, CARD)
    ]
    assert again.received == [Packet(b"two", "a/topic")]


def test_a_secured_session_replays_to_the_last_byte() -> None:
    file, device = io.StringIO(), reader()
    session = TracedSession("bus", open_osdp, 0.0, file)
    lived: list[Event | Packet] = []

    def note(items: Sequence[Event | Packet]) -> None:
        lived.extend(items)

    now = 0.0
    for step in range(1, 600):
        now = step * 0.01
        due = session.deadline()
        if due is not None and due <= now:
            session.on_timeout(now)
            note(session.events())
        if step == 300:
            device.present_card(5, 26, now)
        if step == 400:
            session.send(OpenDoor(ControllerId("reader-0"), 1.0), now)
        sent = session.data_to_send(now)
        note(sent)
        note(session.events())
        for packet in sent:
            device.receive_data(packet.data, now)
        for data in device.data_to_send(now):
            session.receive_data(Packet(data), now)
            note(session.events())
    replayed = [
        what for _, what in replay(file.getvalue().splitlines(), "bus", open_osdp)
    ]
    assert replayed == lived
    assert any(isinstance(what, CardPresented) for what in replayed)


@pytest.mark.parametrize("line", ["", "1.0\tbus\tin", "then\tbus\tin\t-\t00"])
def test_what_is_no_trace_is_named(line: str) -> None:
    with pytest.raises(TraceInvalid):
        list(replay([line], "bus", lambda *_: FakeSession()))


def test_a_key_is_in_no_trace() -> None:
    file, inner = io.StringIO(), FakeSession()
    traced = TracedSession("bus", lambda _now, _random: inner, 1.0, file)
    traced.send(RotateKey(READER, KEY), 2.0)
    assert inner.commands == [RotateKey(READER, KEY)]
    assert file.getvalue().splitlines()[-1] == "2.0\tbus\tRotateKey\t-\t-"
