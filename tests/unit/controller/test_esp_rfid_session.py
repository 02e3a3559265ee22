"""The session for esp-rfid devices: who is there, what was seen, what was missed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from controller.encoding import digest_of
from controller.errors import LocalProtocolError
from controller.protocols.esp_rfid.session import BrokerSession
from controller.session import (
    AcknowledgePassages,
    ClockRead,
    CommandFailed,
    Contact,
    ContactChanged,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    PassageSeen,
    PermitsApplied,
    SetClock,
    ShowRefusal,
    Watched,
)
from controller.vocabulary import Direction, PermitId, Reason
from tests.support.esp_rfid_line import (
    START,
    EspLine,
    line_with_permit,
    name,
    permit,
    snapshot,
)

ESP = name(0)
CARD, STRANGER = 0xA001, 0xBEEF


def passing(**changes: object) -> bytes:
    said: dict[str, object] = {
        "type": "access",
        "time": int(START.timestamp()),
        "isKnown": "true",
        "access": "Always",
        "username": "menhu-1",
        "uid": "a001",
        "hostname": "esp-0",
    }
    return json.dumps(said | changes).encode()


def hear(line: EspLine, data: bytes, branch: str = "send") -> None:
    line.session.receive_data(Packet(data, f"/rfid/{branch}"), line.now)
    line.settle()


def test_a_device_is_online_once_its_list_is_read() -> None:
    line = EspLine()
    line.connect()
    line.run(0.5)
    assert line.of(Online) == [], "before it listens nothing can be asked"
    line.run(2.0)
    assert line.of(Online) == [Online(ESP, secure=False, digest=digest_of(()))]
    assert {packet.peer for packet in line.sent} == {"/rfid/cmd"}
    assert {json.loads(p.data)["doorip"] for p in line.sent} == {"10.0.0.1"}


def test_nothing_is_sent_before_the_address_is_known() -> None:
    line = EspLine()
    line.session.send(snapshot(permit(1)), line.now)
    line.session.send(OpenDoor(ESP, 3.0), line.now)
    line.run(60)
    assert line.sent == []
    (failed,) = line.of(CommandFailed)
    assert failed.command == OpenDoor(ESP, 3.0)
    line.start()
    assert [event.digest for event in line.of(PermitsApplied)] == [
        digest_of([permit(1)])
    ]
    assert line.esps[0].device.openings == 0


def test_a_card_that_opens_is_seen_with_its_permit() -> None:
    line = line_with_permit()
    line.tap(CARD)
    (seen,) = line.of(PassageSeen)
    at = datetime.fromtimestamp(int(line.wall(line.esps[0])), UTC)
    assert seen.card is not None
    assert seen == PassageSeen(
        ESP, True, Reason.PERMIT, seen.card, PermitId(1), Direction.ENTRY, at
    )
    assert seen.card.value == CARD


@pytest.mark.parametrize(
    ("days", "reason"), [((1, 2), Reason.NOT_YET_VALID), ((-2, -1), Reason.ENDED)]
)
def test_a_card_out_of_time_is_refused_with_its_reason(
    days: tuple[float, float], reason: Reason
) -> None:
    line = EspLine()
    line.start()
    line.send(snapshot(permit(1, days=days)))
    line.tap(CARD)
    (seen,) = line.of(PassageSeen)
    assert (seen.granted, seen.reason, seen.permit) == (False, reason, PermitId(1))


def test_an_unknown_card_counts_once_though_it_is_told_twice() -> None:
    line = line_with_permit()
    line.tap(STRANGER)
    assert len(line.said) == 2, "a log record and an access message"
    (seen,) = line.of(PassageSeen)
    assert (seen.granted, seen.reason, seen.permit) == (
        False,
        Reason.UNKNOWN_CARD,
        None,
    )


@pytest.mark.parametrize(
    ("changes", "granted", "reason"),
    [
        ({"access": "Admin"}, True, Reason.PERMIT),
        ({"access": ["Disabled", "Always"]}, True, Reason.PERMIT),
        ({"access": ["Disabled"]}, False, Reason.OUTSIDE_HOURS),
        ({"access": "Disabled"}, False, Reason.OUTSIDE_HOURS),
        ({"access": "Disabled", "uid": "77"}, False, Reason.UNKNOWN_CARD),
        ({"access": "Expired", "uid": "77"}, False, Reason.ENDED),
        ({"access": "Wrong pin code"}, False, Reason.UNKNOWN_CARD),
        ({"access": "Denied", "uid": "no number"}, False, Reason.UNREADABLE_CARD),
        ({"username": "Button", "uid": " "}, True, Reason.EXIT_REQUEST),
        ({"username": "MQTT", "uid": " "}, True, Reason.REMOTE_OPEN),
        ({"username": "MQTT"}, True, Reason.PERMIT),
    ],
)
def test_every_outcome_has_its_reason(
    changes: dict[str, object], granted: bool, reason: Reason
) -> None:
    line = line_with_permit()
    hear(line, passing(**changes))
    (seen,) = line.of(PassageSeen)
    assert (seen.granted, seen.reason) == (granted, reason)


def test_a_repeated_message_is_one_passage() -> None:
    line = line_with_permit()
    for _ in range(3):
        hear(line, passing())
    hear(line, passing(time=int(START.timestamp()) + 3))
    assert len(line.of(PassageSeen)) == 2


def test_a_clock_that_was_never_set_is_not_believed() -> None:
    line = line_with_permit()
    line.esps[0].clock_set = False
    line.tap(CARD)
    line.tap(CARD)
    seen = line.of(PassageSeen)
    assert [event.controller_at for event in seen] == [None, None]
    assert [event.reason for event in seen] == [Reason.NOT_YET_VALID] * 2
    assert line.of(ClockRead) == []


def test_heartbeats_tell_the_clock() -> None:
    line = line_with_permit()
    line.run(400)
    offsets = [event.controller_at - START for event in line.of(ClockRead)]
    assert offsets == sorted(offsets)
    assert len(offsets) == len(line.of(Watched)) == 2
    assert offsets[0] > timedelta(seconds=1000)


@pytest.mark.parametrize("branch", ["send", "tag"])
def test_home_assistant_hears_of_a_card_elsewhere(branch: str) -> None:
    line = EspLine(("/rfid",))
    line.start()
    hear(line, passing(), branch)
    assert len(line.of(PassageSeen)) == 1


def test_contacts_come_from_log_records() -> None:
    line = line_with_permit()
    device, wall = line.esps[0].device, line.wall(line.esps[0])
    device.set_door(wall, opened=True, forced=True)
    device.set_door(wall, opened=True)
    device.hold_open(wall)
    device.set_door(wall, opened=False)
    line.settle()
    changes = [(event.contact, event.active) for event in line.of(ContactChanged)]
    assert changes == [
        (Contact.DOOR, True),
        (Contact.TAMPER, True),
        (Contact.DOOR, False),
        (Contact.TAMPER, False),
    ]


def test_a_contact_is_told_again_by_a_device_that_was_away() -> None:
    line = line_with_permit()
    for _ in range(2):
        line.esps[0].device.set_door(line.wall(line.esps[0]), opened=True)
        line.run(1)
        line.connect()
        line.run(1)
    assert [event.active for event in line.of(ContactChanged)] == [True, True]


def test_a_remote_opening_is_answered_and_recorded() -> None:
    line = line_with_permit()
    line.session.send(OpenDoor(ESP, 3.0), line.now)
    line.session.send(OpenDoor(ESP, 3.0), line.now)
    line.run(30)
    assert [event.cause for event in line.of(CommandFailed)] == [
        "another opening is under way"
    ]
    assert [event.reason for event in line.of(PassageSeen)] == [Reason.REMOTE_OPEN]
    assert line.esps[0].device.openings == 1


def test_an_opening_without_an_answer_fails_and_is_never_repeated() -> None:
    line = line_with_permit()
    line.down = lambda _packet: []
    line.session.send(OpenDoor(ESP, 3.0), line.now)
    line.run(4.9)
    assert line.of(CommandFailed) == []
    line.run(30)
    assert [e.cause for e in line.of(CommandFailed)] == ["it did not answer in time"]
    assert len(line.sent) == 1


@pytest.mark.parametrize("command", [ShowRefusal(ESP), AcknowledgePassages(ESP, 1, 1)])
def test_what_it_cannot_do_is_our_own_fault(
    command: ShowRefusal | AcknowledgePassages,
) -> None:
    with pytest.raises(LocalProtocolError):
        line_with_permit().session.send(command, 0.0)


def test_its_clock_is_not_ours_to_set() -> None:
    line = line_with_permit()
    line.session.send(SetClock(ESP, START), line.now)
    line.settle()
    (failed,) = line.of(CommandFailed)
    assert "time server" in failed.cause


def test_an_address_that_changes_is_noticed_and_used() -> None:
    line = line_with_permit()
    line.esps[0].device.move("10.0.0.99")
    line.run(3)
    line.connect()
    line.run(5)
    (gone,) = line.of(Offline)
    assert "10.0.0.1 to 10.0.0.99" in gone.cause
    assert {json.loads(p.data)["doorip"] for p in line.sent} == {"10.0.0.99"}
    assert [event.digest for event in line.of(Online)] == [digest_of([permit(1)])]
    line.session.send(OpenDoor(ESP, 3.0), line.now)
    line.run(1)
    assert line.esps[0].device.openings == 1


def test_an_address_another_device_got_is_used_for_it_no_more() -> None:
    line = EspLine(("esp-0@/rfid", "esp-1@/rfid"))
    line.start(10)
    line.forget()
    line.disconnect(0)
    line.esps[1].device.move("10.0.0.1")
    line.connect(1)
    line.settle()
    line.session.send(snapshot(permit(1), place=0), line.now)
    line.session.send(OpenDoor(name(0), 3.0), line.now)
    line.run(30)
    assert {e.controller: e.cause for e in line.of(Offline)} == {
        name(0): "its address 10.0.0.1 is another device's now",
        name(1): "its address changed from 10.0.0.2 to 10.0.0.1",
    }
    assert line.esps[1].device.openings == 0
    assert line.esps[1].flash.files == {}
    line.esps[0].device.move("10.0.0.2")
    line.connect(0)
    line.run(10)
    assert set(line.esps[0].flash.files) == {"a001"}


def test_permits_under_way_follow_a_device_to_its_new_address() -> None:
    line = line_with_permit()
    line.down = lambda _packet: []
    line.send(snapshot(permit(2), revision=2), 1.0)
    line.down = lambda packet: [packet]
    line.esps[0].device.move("10.0.0.99")
    line.connect()
    line.run(10)
    (applied,) = line.of(PermitsApplied)
    assert (applied.revision, applied.digest) == (2, digest_of([permit(2)]))
    assert set(line.esps[0].flash.files) == {"a002"}


def test_a_device_without_an_address_is_seen_but_not_spoken_to() -> None:
    line = EspLine()
    line.esps[0].device.ip = "0.0.0.0"
    line.start()
    assert line.sent == []
    assert line.of(Watched)


def test_others_on_the_broker_are_counted_and_ignored() -> None:
    line = line_with_permit()
    line.session.receive_data(Packet(b"{}", "elsewhere/send"), line.now)
    line.session.receive_data(Packet(b"{}", "/rfid/cmd"), line.now)
    hear(line, passing(hostname="somebody"))
    assert line.session.unknown == 3
    hear(line, b"nonsense")
    assert line.session.refused == 1
    assert line.of(PassageSeen) == []


@pytest.mark.parametrize(
    "addresses",
    [
        ("@/rfid",),
        ("a@",),
        ("rfid/#",),
        ("$SYS",),
        ("a/b/c/d",),
        ("t" * 65,),
        ("a\n@t",),
        ("/rfid", "a@/rfid"),
        ("a@/rfid", "/rfid"),
        ("a@/rfid", "a@/rfid"),
    ],
)
def test_addresses_that_cannot_be_told_apart_are_refused(
    addresses: tuple[str, ...],
) -> None:
    members = tuple(
        Member(name(n), each, secure=False) for n, each in enumerate(addresses)
    )
    with pytest.raises(ValueError, match=r"topic|hostname|alone"):
        BrokerSession(LineSettings(members))


def test_it_has_no_keys_and_is_never_secure() -> None:
    with pytest.raises(ValueError, match="no keys"):
        BrokerSession(LineSettings((Member(ESP, "/rfid", b"k"),)))
