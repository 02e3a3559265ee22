from collections.abc import Callable
from itertools import pairwise
from math import inf, nan
from random import Random

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import CommandCode
from controller.protocols.osdp.commands import SetOutputs
from controller.protocols.osdp.control import POLL_GAP, open_bus
from controller.protocols.osdp.peripheral import Peripheral
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    LineSettings,
    Member,
    Online,
    OpenDoor,
    ShowRefusal,
)
from controller.vocabulary import ControllerId, Revision
from tests.support.osdp_rig import (
    KEY,
    OTHER_KEY,
    bus,
    causes,
    clear_bus,
    clear_reader,
    commands,
    kinds,
    member,
    name,
    reader,
    secure_bus,
)
from tests.support.osdp_wire import VirtualWire

CARD = 0x2ABCDEF
BITS = 26


MakeBus = Callable[[int], VirtualWire]
both = pytest.mark.parametrize("make", [clear_bus, secure_bus])


@pytest.mark.parametrize(("make", "secure"), [(clear_bus, False), (secure_bus, True)])
def test_readers_come_online_and_say_how_their_contacts_stand(
    make: MakeBus, secure: bool
) -> None:
    wire = make(2)
    wire.readers[1].set_input(Contact.DOOR, active=True)
    wire.run(2.0)
    assert [one.secure for one in wire.readers] == [secure, secure]
    for at in (0, 1):
        mine = [one for one in wire.events if one.controller == name(at)]
        assert mine[0] == Online(name(at), secure)
        assert {one for one in mine[1:] if isinstance(one, ContactChanged)} == {
            ContactChanged(name(at), Contact.TAMPER, active=False),
            ContactChanged(name(at), Contact.POWER, active=False),
            ContactChanged(name(at), Contact.DOOR, active=at == 1),
            ContactChanged(name(at), Contact.EXIT_BUTTON, active=False),
        }


@both
def test_contacts_are_reported_when_they_move(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.events.clear()
    wire.readers[0].set_input(Contact.EXIT_BUTTON, active=True)
    wire.readers[0].set_input(Contact.EXIT_BUTTON, active=False)
    wire.readers[0].set_input(Contact.TAMPER, active=True)
    wire.run(3.0)
    assert wire.events == [
        ContactChanged(name(0), Contact.EXIT_BUTTON, active=True),
        ContactChanged(name(0), Contact.EXIT_BUTTON, active=False),
        ContactChanged(name(0), Contact.TAMPER, active=True),
    ]


@both
def test_sequence_starts_at_zero_and_then_runs_from_one_to_three(make: MakeBus) -> None:
    wire = make(1)
    wire.run(1.0)
    sequences = [frame.sequence for _, frame in commands(wire)]
    assert sequences[0] == 0
    assert sequences[1:] == [1 + at % 3 for at in range(len(sequences) - 1)]


@both
def test_nothing_is_sent_while_the_bus_is_busy(make: MakeBus) -> None:
    wire = make(3)
    wire.run(2.0)
    for (start, _, data), (following, _, _) in pairwise(wire.frames):
        assert following >= start + wire.duration(data)


@pytest.mark.parametrize(
    ("one", "cause"),
    [
        (reader(key=OTHER_KEY), "another key"),
        (clear_reader(), "not supported"),
        (reader(key=None, commissioning=True), "not supported"),
    ],
    ids=["wrong key", "downgrade to clear", "default key outside commissioning"],
)
def test_a_secure_member_is_never_spoken_to_otherwise(
    one: Peripheral, cause: str
) -> None:
    wire = bus([member()], [one])
    wire.run(30.0)
    assert kinds(wire.events) == ["Offline"]
    assert cause in causes(wire)[0]
    asked = {frame.code for _, frame in commands(wire)}
    assert asked <= {CommandCode.ID, CommandCode.CAP, CommandCode.CHLNG}
    attempts = [at for at, frame in commands(wire) if frame.code == CommandCode.ID]
    assert len(attempts) == 5, "at 0, 1, 3, 7 and 15 seconds"


@pytest.mark.parametrize(("one", "secure"), [(clear_reader(), False), (reader(), True)])
def test_a_member_that_may_speak_in_clear_does_better_when_it_can(
    one: Peripheral, secure: bool
) -> None:
    wire = bus([member(secure=False)], [one])
    wire.run(2.0)
    assert wire.events[0] == Online(name(0), secure)


def test_commissioning_hands_over_the_own_key() -> None:
    one = reader(key=None, commissioning=True)
    wire = bus([member(commissioning=True)], [one])
    wire.run(2.0)
    assert wire.events[0] == Online(name(0), secure=True)
    assert one.key == KEY
    again = bus([member()], [reader(key=one.key)])
    again.run(2.0)
    assert again.events[0] == Online(name(0), secure=True)


def test_the_default_key_alone_proves_nothing() -> None:
    wire = bus(
        [member(key=None, secure=False, commissioning=True)],
        [reader(key=None, commissioning=True)],
    )
    wire.run(2.0)
    assert wire.readers[0].secure
    assert wire.events[0] == Online(name(0), secure=False)


@both
def test_open_door_moves_the_relay_and_then_shows_green(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.session.send(OpenDoor(name(0), 2.5), 2.0)
    wire.run(2.5)
    relay, light = wire.readers[0].events()
    assert isinstance(relay.message, SetOutputs)
    assert relay.at < light.at
    assert wire.readers[0].relay(relay.at + 2.4)
    assert not wire.readers[0].relay(relay.at + 2.6)
    assert "CommandFailed" not in kinds(wire.events)


def test_doors_come_before_lights_and_lights_before_polls() -> None:
    wire = clear_bus(4)
    wire.run(3.0)
    wire.frames.clear()
    for command in (ShowRefusal(name(1)), ShowRefusal(name(2)), OpenDoor(name(3), 3.0)):
        wire.session.send(command, 3.0)
    wire.run(4.0)
    after = [(frame.address, frame.code) for _, frame in commands(wire)]
    out, led, buz = CommandCode.OUT, CommandCode.LED, CommandCode.BUZ
    at = after.index((3, out))
    assert at <= 1, "only what was on the wire already comes first"
    assert set(after[at + 1 : at + 6]) == {
        (1, led),
        (1, buz),
        (2, led),
        (2, buz),
        (3, led),
    }


def test_too_many_waiting_commands_are_refused_not_kept() -> None:
    wire = clear_bus(1)
    wire.run(2.0)
    wire.readers = []
    for command in (ShowRefusal(name(0)), OpenDoor(name(0), 3.0)):
        for _ in range(40):
            wire.session.send(command, 2.0)
    failed = [one for one in wire.session.events() if isinstance(one, CommandFailed)]
    assert len(failed) == 40 - 16
    assert {one.cause for one in failed} == {"too many commands are waiting"}


def test_refusal_is_not_shown_by_a_reader_that_is_offline() -> None:
    wire = bus([member()], [])
    wire.session.send(ShowRefusal(name(0)), 0.0)
    assert kinds(wire.session.events()) == ["CommandFailed"]


def test_polls_are_spaced_to_spare_the_processor() -> None:
    wire = clear_bus(1, baud=1_000_000)
    wire.run(2.0)
    wire.frames.clear()
    wire.run(3.0)
    polls = [at for at, frame in commands(wire) if frame.code == CommandCode.POLL]
    assert 200 <= len(polls) <= 1 / POLL_GAP
    for before, after in pairwise(polls):
        assert after - before >= POLL_GAP * 0.999


@pytest.mark.parametrize(
    "command",
    [
        ApplyPermits(name(0), Revision(1), (), ()),
        AcknowledgePassages(name(0), 1, 1),
        OpenDoor(ControllerId("stranger"), 3.0),
        OpenDoor(name(0), 0.0),
        OpenDoor(name(0), 7000.0),
        OpenDoor(name(0), nan),
        OpenDoor(name(0), inf),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_a_reader_cannot_do_is_our_own_fault(command: Command) -> None:
    wire = clear_bus(1)
    with pytest.raises(LocalProtocolError):
        wire.session.send(command, 0.0)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ([Member(name(0), "127", KEY)], "address"),
        ([Member(name(0), "-1", KEY)], "address"),
        ([Member(name(0), "left", KEY)], "address"),
        ([member(0), member(0)], "address"),
        ([Member(name(0), "0", b"short")], "key"),
        ([Member(name(0), "0", None)], "key"),
    ],
)
def test_bad_settings_name_the_field(members: list[Member], field: str) -> None:
    with pytest.raises(LocalProtocolError, match=field):
        open_bus(LineSettings(tuple(members)), 0.0, Random(1).randbytes)  # noqa: S311


def test_an_empty_bus_has_nothing_to_wait_for() -> None:
    session = open_bus(LineSettings(()), 0.0, Random(1).randbytes)  # noqa: S311
    assert session.data_to_send(0.0) == ()
    assert session.deadline() is None
