"""Permits as esp-rfid users: what is sent, in which order, and how it is proved."""

import json
from dataclasses import replace

import pytest

from controller.encoding import digest_of
from controller.protocols.esp_rfid.commands import Order, Verb, write_order
from controller.protocols.esp_rfid.messages import User
from controller.protocols.esp_rfid.sync import FENCE, LONGEST_REST
from controller.protocols.esp_rfid.users import CAPACITY, card_of, uid_of, users_of
from controller.schedule import Hours, WeeklyProfile
from controller.session import (
    ApplyPermits,
    CommandFailed,
    ForeignCards,
    Online,
    Packet,
    PermitsApplied,
)
from controller.vocabulary import CardNumber, PermitId, Revision
from tests.support.esp_rfid_line import (
    START,
    EspLine,
    line_with_permit,
    name,
    permit,
    snapshot,
)

NIGHTS = WeeklyProfile("nights", "Asia/Shanghai", (Hours(0, 0, 360),))
ALL_WEEK = WeeklyProfile(
    "all", "Asia/Shanghai", tuple(Hours(day, 0, 1440) for day in range(7))
)
DAY = 86_400


def orders(line: EspLine) -> list[tuple[str, str]]:
    """Return the changing commands sent: the verb and the uid."""
    values = [json.loads(packet.data) for packet in line.sent]
    pairs = [(value["cmd"], value.get("uid", "")) for value in values]
    return [(cmd, uid) for cmd, uid in pairs if uid not in ("", FENCE)]


def add_by_hand(line: EspLine, uid: str, place: int = 0) -> None:
    """Put a user in as the device's own pages do."""
    made = {"command": "userfile", "uid": uid, "user": "Old Wang", "acctype": 99}
    body = json.dumps(made | {"validuntil": 2_000_000_000}).encode()
    line.esps[place].flash.files[uid] = body


@pytest.mark.parametrize(
    ("number", "uid"),
    [
        (1, "1"),
        (0x4A3B2C1, "4a3b2c1"),
        (0x00D507D0, "d507d0"),
        (3_000_000_001, "b2d05e01"),
        (2**64 - 1, "ffffffffffffffff"),
    ],
)
def test_a_uid_is_the_number_in_hexadecimal(number: int, uid: str) -> None:
    assert uid_of(CardNumber(number)) == uid
    for written in (uid, uid.upper(), uid.zfill(16)):
        assert card_of(written) == CardNumber(number)


@pytest.mark.parametrize("uid", ["", " ", "0", "0x1", "-1", "g", "1" * 17, FENCE])
def test_what_is_no_uid_is_no_card(uid: str) -> None:
    assert card_of(uid) is None


def test_a_permit_never_holds_longer_at_the_door() -> None:
    users, left_out = users_of([permit(7, days=(0.5 / DAY, 1.5 / DAY))])
    since = int(START.timestamp()) + 1
    assert users == {"a007": User("a007", "menhu-7", (1, 0, 0, 0), since, since)}
    assert left_out == {}
    _, left_out = users_of([permit(7, days=(0.2 / DAY, 0.8 / DAY))])
    assert set(left_out) == {7}
    late, _ = users_of([permit(8, days=(-200 * 365, 200 * 365))])
    assert (late["a008"].since, late["a008"].until) == (0, 2**32 - 1)


def test_spans_that_touch_are_one_user_and_others_are_named() -> None:
    users, left_out = users_of(
        [
            permit(1, 5, (10, 20)),
            permit(2, 5, (0, 10)),
            permit(3, 5, (5, 6)),
            permit(4, 5, (30, 40)),
        ]
    )
    begin = int(START.timestamp())
    held = User("5", "menhu-1.2.3", (1, 0, 0, 0), begin, begin + 20 * DAY - 1)
    assert users == {"5": held}
    assert left_out == {4: "card …0005 has an earlier span of time"}
    many, _ = users_of([permit(10**17 + n, 5) for n in range(9)])
    assert many["5"].name == "menhu-several"


def test_hours_of_the_week_are_held_only_when_they_are_all_hours() -> None:
    users, left_out = users_of([permit(1, profile=NIGHTS), permit(2, profile=ALL_WEEK)])
    assert set(users) == {"a002"}
    assert left_out == {1: "it has hours of the week"}


def test_removals_go_before_additions_and_the_list_proves_both() -> None:
    line = line_with_permit()
    line.send(
        ApplyPermits(name(0), Revision(2), (PermitId(1),), (permit(2), permit(3)))
    )
    assert orders(line) == [
        ("deletuid", "a001"),
        ("adduser", "a002"),
        ("adduser", "a003"),
    ]
    last = [json.loads(packet.data)["cmd"] for packet in line.sent[-4:]]
    assert last == ["getuserlist", "deletuid"] * 2, "only two equal lists are believed"
    digest = digest_of([permit(2), permit(3)])
    assert line.of(PermitsApplied) == [PermitsApplied(name(0), Revision(2), digest)]


def test_what_is_held_already_is_not_sent_again() -> None:
    line = line_with_permit()
    line.send(snapshot(permit(1), revision=9))
    assert line.sent == []
    assert [event.revision for event in line.of(PermitsApplied)] == [9]


def test_a_changed_permit_replaces_its_user() -> None:
    line = line_with_permit()
    line.send(ApplyPermits(name(0), Revision(2), (), (permit(1, days=(-1, 2)),)))
    assert orders(line) == [("adduser", "a001")]
    assert len(line.of(PermitsApplied)) == 1


def test_commands_on_top_of_each_other_are_answered_once() -> None:
    line = line_with_permit()
    for number in range(2, 6):
        command = ApplyPermits(name(0), Revision(number), (), (permit(number),))
        line.session.send(command, line.now)
    line.run(10)
    (applied,) = line.of(PermitsApplied)
    assert applied.revision == 5
    assert set(line.esps[0].flash.files) == {f"a00{n}" for n in range(1, 6)}


def test_hours_fail_closed_and_the_rest_is_carried_out() -> None:
    line = line_with_permit()
    line.send(snapshot(permit(2), permit(1, profile=NIGHTS)))
    (failed,) = line.of(CommandFailed)
    assert failed.cause == "permit 1: it has hours of the week"
    assert line.of(PermitsApplied) == []
    assert set(line.esps[0].flash.files) == {"a002"}, "the old permit is revoked"
    line.forget()
    line.send(snapshot(permit(2), permit(1, profile=NIGHTS)))
    assert len(line.of(CommandFailed)) == 1
    assert line.sent == [], "nothing to change, nothing to ask"


def test_a_door_that_lacks_a_permit_never_claims_to_hold_all() -> None:
    line = line_with_permit()
    line.send(snapshot(permit(2), permit(1, profile=NIGHTS)))
    line.connect()
    line.run(5)
    (online,) = line.of(Online)
    whole = [permit(2), permit(1, profile=NIGHTS)]
    assert online.digest not in (digest_of(whole), digest_of([permit(2)]))


def test_a_failure_names_a_few_permits_and_counts_the_rest() -> None:
    line = line_with_permit()
    line.send(snapshot(*(permit(n, profile=NIGHTS) for n in range(9))))
    (failed,) = line.of(CommandFailed)
    assert failed.cause.endswith("and 6 more")


def test_what_does_not_fit_is_refused_before_anything_is_added() -> None:
    line = line_with_permit()
    line.send(snapshot(*(permit(n) for n in range(2, CAPACITY + 3))))
    (failed,) = line.of(CommandFailed)
    assert failed.cause == f"{CAPACITY + 1} users and 0 foreign exceed {CAPACITY}"
    assert orders(line) == [("deletuid", "a001")], "revoked all the same"


def test_foreign_users_take_room() -> None:
    line = EspLine()
    add_by_hand(line, "beef")
    line.start()
    line.send(snapshot(*(permit(n) for n in range(CAPACITY))))
    (failed,) = line.of(CommandFailed)
    assert failed.cause == f"{CAPACITY} users and 1 foreign exceed {CAPACITY}"
    assert orders(line) == []


def test_an_acknowledgement_from_elsewhere_is_none_of_ours() -> None:
    line = line_with_permit()
    line.down = lambda _packet: []
    line.session.send(snapshot(permit(1), permit(2)), line.now)
    line.settle()
    line.forget()
    said = {"type": "adduser", "ip": "10.0.0.99", "hostname": "esp-0"}
    line.session.receive_data(Packet(json.dumps(said).encode(), "/rfid/send"), line.now)
    line.settle()
    assert line.sent == [], "it waits on"


def test_foreign_users_are_taken_out_where_the_policy_says_so() -> None:
    line = EspLine(remove_foreign=True)
    add_by_hand(line, "beef")
    line.start()
    assert line.of(ForeignCards) == [ForeignCards(name(0), (CardNumber(0xBEEF),))]
    (online,) = line.of(Online)
    assert online.digest != digest_of([]), "so that permits are sent at all"
    line.send(snapshot(permit(1)))
    assert set(line.esps[0].flash.files) == {"a001"}
    (applied,) = line.of(PermitsApplied)
    assert applied.digest == digest_of([permit(1)])


def test_foreign_users_are_reported_and_left_alone() -> None:
    line = EspLine()
    add_by_hand(line, "beef")
    line.start()
    assert line.of(ForeignCards) == [ForeignCards(name(0), (CardNumber(0xBEEF),))]
    line.send(snapshot(permit(1)))
    assert set(line.esps[0].flash.files) == {"beef", "a001"}
    (applied,) = line.of(PermitsApplied)
    assert applied.digest == digest_of([permit(1)])
    assert len(line.of(ForeignCards)) == 1
    del line.esps[0].flash.files["beef"]
    line.send(snapshot(permit(2)))
    assert len(line.of(ForeignCards)) == 1
    add_by_hand(line, "Master")
    add_by_hand(line, "cafe")
    line.send(snapshot(permit(3)))
    assert line.of(ForeignCards)[1:] == [ForeignCards(name(0), (CardNumber(0xCAFE),))]


def test_a_foreign_user_with_our_card_becomes_ours() -> None:
    line = EspLine()
    add_by_hand(line, "a001")
    line.start()
    line.send(snapshot(permit(1)))
    assert len(line.of(ForeignCards)) == 1
    assert len(line.of(PermitsApplied)) == 1


def test_an_answer_that_is_lost_is_waited_out_and_all_begins_anew() -> None:
    line = line_with_permit()
    lost = iter([True])
    line.up = lambda packet: (
        [] if b'"adduser","ip"' in packet.data and next(lost, False) else [packet]
    )
    line.send(snapshot(permit(1), permit(2)), 4.0)
    assert line.of(PermitsApplied) == []
    line.run(20)
    assert orders(line) == [("adduser", "a002")], "the list showed it was carried out"
    assert len(line.of(PermitsApplied)) == 1


def test_a_list_with_holes_is_not_believed() -> None:
    line = line_with_permit()
    line.send(snapshot(*(permit(n) for n in range(1, 30))))
    line.forget()
    holes = iter([True])
    line.up = lambda packet: (
        [] if b'"uid":"a001"' in packet.data and next(holes, False) else [packet]
    )
    line.send(snapshot(*(permit(n) for n in range(2, 31))))
    assert ("deletuid", "a001") in orders(line)
    lists = [p for p in line.sent if b"getuserlist" in p.data]
    assert len(lists) == 2
    assert "a001" not in line.esps[0].flash.files
    line.esps[0].device.disconnected()
    holes = iter([True])
    line.up = lambda packet: (
        [] if b'"uid":"a002"' in packet.data and next(holes, False) else [packet]
    )
    line.forget()
    line.connect()
    line.run(5)
    assert len([p for p in line.sent if b"getuserlist" in p.data]) == 3
    expected = digest_of([permit(n) for n in range(2, 31)])
    assert [event.digest for event in line.of(Online)] == [expected]


def test_a_device_that_does_not_answer_is_asked_more_and_more_rarely() -> None:
    line = line_with_permit()
    line.down = lambda _packet: []
    line.send(snapshot(permit(2)), 100)
    assert [event.cause for event in line.of(CommandFailed)] == ["it does not answer"]
    line.forget()
    line.run(20 * LONGEST_REST)
    assert len(line.sent) < 60


def test_a_device_that_is_full_is_found_out_by_its_list() -> None:
    line = line_with_permit()
    line.esps[0].flash.capacity = 2
    line.send(snapshot(permit(1), permit(2), permit(3)), 30)
    (failed,) = line.of(CommandFailed)
    assert failed.cause == "it holds other users than it was sent"
    assert line.of(PermitsApplied) == []


def test_a_user_somebody_changed_is_put_right() -> None:
    line = line_with_permit()
    held = users_of([permit(1)])[0]["a001"]
    forever = Order(Verb.ADD_USER, user=replace(held, until=2**32 - 1))
    line.esps[0].flash.files["a001"] = write_order(forever, "10.0.0.1")
    line.connect()
    line.run(5)
    (online,) = line.of(Online)
    assert online.digest != digest_of([permit(1)])
    line.send(snapshot(permit(1)))
    assert orders(line) == [("adduser", "a001")]
    assert len(line.of(PermitsApplied)) == 1


def test_devices_of_one_topic_list_their_users_one_after_the_other() -> None:
    line = EspLine(("esp-0@/rfid", "esp-1@/rfid", "esp-2@/rfid", "/own"))
    for place in range(4):
        add_by_hand(line, f"b{place}", place=place)
    line.start(10)
    assert {event.controller for event in line.of(Online)} == {
        name(place) for place in range(4)
    }
    found = {e.controller: e.cards for e in line.of(ForeignCards)}
    assert found == {name(n): (CardNumber(0xB0 + n),) for n in range(4)}
    for place in range(4):
        line.session.send(snapshot(permit(place), place=place), line.now)
    line.run(10)
    assert {(e.controller, e.digest) for e in line.of(PermitsApplied)} == {
        (name(place), digest_of([permit(place)])) for place in range(4)
    }


def test_a_device_that_vanishes_during_its_list_gives_the_turn_away() -> None:
    line = EspLine(("esp-0@/rfid", "esp-1@/rfid"))
    line.down = lambda packet: [] if b"10.0.0.1" in packet.data else [packet]
    line.start(10)
    assert [event.controller for event in line.of(Online)] == [name(1)]


def test_a_list_nobody_asked_for_is_ignored() -> None:
    line = line_with_permit()
    stray = write_order(
        Order(Verb.ADD_USER, user=users_of([permit(9)])[0]["a009"]), "10.0.0.1"
    )
    line.session.receive_data(Packet(stray, "/rfid/send"), line.now)
    line.run(5)
    assert line.events == []
