import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from controller.cbor import Value, pack, unpack
from controller.encoding import (
    ALARM_KINDS,
    DIRECTIONS,
    LARGEST_COUNT,
    MOST_HOURS,
    REASONS,
    digest_bytes,
    digest_of,
    encode_entry,
    permit_row,
    permit_weight,
    read_entry,
    read_permit,
)
from controller.errors import MessageRefused
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.uplink.codec import decode_entry
from controller.uplink.formats import LONGEST_ENTRY
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    ControllerId,
    Direction,
    DoorId,
    Entry,
    Gap,
    Origin,
    Passage,
    Permit,
    PermitId,
    Reason,
    Unwatched,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
PERMIT = Permit(
    PermitId(5),
    CardNumber(4_400_000_001),
    DoorId("door-1"),
    Validity(START, START + timedelta(days=365, microseconds=1)),
    WeeklyProfile("office", "Asia/Shanghai", (Hours(0, 480, 1080), Hours(6, 0, 1440))),
)
BARE = replace(PERMIT, id=PermitId(6), profile=None)
PASSAGE = Passage(
    DoorId("door-1"),
    START,
    granted=True,
    reason=Reason.PERMIT,
    card=CardNumber(4_400_000_001),
    permit=PermitId(5),
    origin=Origin(ControllerId("lock-1"), 3, 17),
    controller_at=START - timedelta(seconds=2),
    uncertainty=0.25,
)
GAP = Gap(ControllerId("lock-1"), 3, 18, 20)
UNWATCHED = Unwatched(ControllerId("esp-1"), START, START + timedelta(seconds=90))
RAISED = AlarmChange(DoorId("door-1"), AlarmKind.FORCED_OPEN, START)
CLEARED = replace(RAISED, cleared_at=START + timedelta(minutes=3))
STARTS = 1_767_225_600_000_000


def test_a_permit_is_a_row_of_plain_values() -> None:
    row = permit_row(PERMIT)
    assert row == [
        5,
        4_400_000_001,
        "door-1",
        STARTS,
        STARTS + 365 * 86_400_000_000 + 1,
        ["office", "Asia/Shanghai", [[0, 480, 1080], [6, 0, 1440]]],
    ]
    assert permit_row(BARE)[5] is None
    assert read_permit(list(row)) == PERMIT
    assert read_permit(permit_row(BARE)) == BARE


def test_an_owner_may_live_here_since_before_1970() -> None:
    old = replace(BARE, validity=Validity(datetime(1955, 5, 1, tzinfo=UTC), START))
    assert read_permit(unpack(pack(permit_row(old)), 200)) == old


PROFILE: list[Value] = ["office", "Asia/Shanghai", []]


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        (0, -1, r"permit\.id"),
        (0, LARGEST_COUNT + 1, r"permit\.id"),
        (1, 0, r"permit\.card must be from 1"),
        (1, "1", r"permit\.card"),
        (2, "", r"permit\.door"),
        (2, "door\x00", r"permit\.door"),
        (3, 10**18, r"permit\.start"),
        (4, STARTS, "end must come after its start"),
        (5, [PROFILE], r"permit\.profile"),
        (5, ["office", "Nope", []], "zone 'Nope' is not known"),
        (5, ["", "UTC", []], r"profile\.name"),
        (5, ["office", "UTC", [[7, 0, 1]]], r"hours\.weekday"),
        (5, ["office", "UTC", [[0, 2, 1]]], "hours must lie within one day"),
        (5, ["office", "UTC", [[0, 0, 1, 2]]], "hours must be an array of 3"),
        (5, ["office", "UTC", [[0, 0, 1]] * (MOST_HOURS + 1)], r"profile\.hours"),
    ],
)
def test_a_wrong_permit_is_refused_by_field(
    field: int, value: Value, complaint: str
) -> None:
    row = permit_row(PERMIT)
    row[field] = value
    with pytest.raises(MessageRefused, match=complaint):
        read_permit(row)


def test_a_digest_is_of_the_set_not_of_its_order() -> None:
    others = [replace(PERMIT, id=PermitId(number)) for number in range(3)]
    assert len({digest_of(order) for order in permutations(others)}) == 1
    assert digest_of(others) != digest_of(others[:2])
    assert digest_of([]) == bytes(32)
    alone = hashlib.sha256(pack(permit_row(PERMIT))).digest()
    assert digest_of([PERMIT]) == alone


@pytest.mark.parametrize(
    "changed",
    [
        replace(PERMIT, id=PermitId(7)),
        replace(PERMIT, card=CardNumber(1)),
        replace(PERMIT, door=DoorId("door-2")),
        replace(PERMIT, validity=Validity(START, START + timedelta(days=365))),
        replace(PERMIT, profile=None),
        replace(PERMIT, profile=WeeklyProfile("office", "UTC", ())),
    ],
)
def test_every_field_of_a_permit_weighs(changed: Permit) -> None:
    assert permit_weight(changed) != permit_weight(PERMIT)


def test_a_digest_may_be_kept_by_adding_and_taking_away() -> None:
    total = permit_weight(PERMIT) + permit_weight(BARE) - permit_weight(PERMIT)
    assert digest_bytes(total) == digest_of([BARE])
    assert digest_bytes(-1) == b"\xff" * 32
    assert digest_bytes(1 << 256) == bytes(32)


@pytest.mark.parametrize(
    "entry",
    [
        PASSAGE,
        GAP,
        Passage(DoorId("d"), START, granted=False, reason=Reason.UNREADABLE_CARD),
        replace(PASSAGE, direction=Direction.EXIT, reason=Reason.EXIT_REQUEST),
        replace(GAP, first=20),
        UNWATCHED,
        replace(UNWATCHED, until=START),
        RAISED,
        CLEARED,
        replace(CLEARED, cleared_at=START),
    ],
)
def test_an_entry_comes_back(entry: Entry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    turned = Unwatched(UNWATCHED.controller, UNWATCHED.until, UNWATCHED.since)
    with pytest.raises(MessageRefused, match="until must not come before"):
        decode_entry(encode_entry(turned))


def test_the_order_of_codes_is_on_the_wire() -> None:
    assert [reason.value for reason in REASONS] == [
        "permit",
        "unknown_card",
        "other_door",
        "not_yet_valid",
        "ended",
        "outside_hours",
        "unreadable_card",
        "exit_request",
        "remote_open",
        "supervisor_code",
        "wrong_pin",
        "anti_passback",
        "more_cards",
        "first_card",
        "interlock",
        "held_shut",
        "controller_rule",
        "pin_needed",
        "free_passage",
        "passback_noted",
    ]
    assert DIRECTIONS == (Direction.ENTRY, Direction.EXIT)
    assert [kind.value for kind in ALARM_KINDS] == [
        "forced_open",
        "held_open",
        "tamper",
        "reader_lost",
        "power",
        "duress",
        "fire",
        "replaced",
    ]


def test_an_alarm_is_a_row_of_plain_values() -> None:
    row = [2, "door-1", 0, STARTS, STARTS + 180_000_000]
    assert unpack(encode_entry(CLEARED), LONGEST_ENTRY) == row
    assert unpack(encode_entry(RAISED), LONGEST_ENTRY) == [*row[:4], None]


def test_the_longest_entry_fits() -> None:
    name = "\U00020000" * 64
    longest = Passage(
        DoorId(name),
        datetime(9999, 1, 1, tzinfo=UTC),
        granted=False,
        reason=REASONS[-1],
        card=CardNumber(2**64 - 1),
        permit=PermitId(LARGEST_COUNT),
        direction=Direction.EXIT,
        origin=Origin(ControllerId(name), LARGEST_COUNT, LARGEST_COUNT),
        controller_at=datetime(9999, 1, 1, tzinfo=UTC),
        uncertainty=1e12,
    )
    data = encode_entry(longest)
    assert len(data) <= LONGEST_ENTRY
    assert decode_entry(data) == longest


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        (0, 3, "unwatched must be an array of 4"),
        (0, 4, "kind"),
        (0, 2, "alarm must be an array of 5"),
        (1, None, "door"),
        (2, "now", "at must be an integer"),
        (3, 1, "granted must be true or false"),
        (4, len(REASONS), "reason must be from 0"),
        (5, 0, "card"),
        (6, LARGEST_COUNT + 1, "permit"),
        (7, 2, "direction"),
        (8, ["lock-1", 1], "origin must be an array of 3"),
        (8, ["lock-1", LARGEST_COUNT + 1, 0], "epoch"),
        (9, [0], "controller_at"),
        (10, -1, "uncertainty"),
        (10, LARGEST_COUNT + 1, "uncertainty"),
    ],
)
def test_a_wrong_passage_is_refused_by_field(
    field: int, value: Value, complaint: str
) -> None:
    row = unpack(encode_entry(PASSAGE), LONGEST_ENTRY)
    assert isinstance(row, list)
    row[field] = value
    with pytest.raises(MessageRefused, match=complaint):
        read_entry(row)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ([1, "lock-1", 3, 20, 18], "last must not come before"),
        ([1, "lock-1", 3, 0, LARGEST_COUNT + 1], "last must be from 0"),
        ([1, "", 3, 18, 20], "controller"),
        ([1, "lock-1", 3, 18], "gap must be an array of 5"),
        ([True, "lock-1", 3, 18, 20], "must be an integer"),
        ([2, "", 0, STARTS, None], r"alarm\.door"),
        ([2, "door-1", 8, STARTS, None], "alarm.alarm must be from 0 to 7"),
        ([2, "door-1", -1, STARTS, None], "alarm.alarm"),
        ([2, "door-1", 0, None, None], "alarm.raised_at"),
        ([2, "door-1", 0, 10**18, None], "alarm.raised_at"),
        ([2, "door-1", 0, STARTS, "now"], "cleared_at"),
        ([2, "door-1", 0, STARTS, STARTS - 1], "cleared_at must not come before"),
        ([2, "door-1", 0, STARTS], "alarm must be an array of 5"),
        ([], "passage must be an array"),
        (None, "passage must be an array"),
        ({}, "passage must be an array"),
    ],
)
def test_a_wrong_entry_is_refused(row: Value, complaint: str) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        read_entry(row)
