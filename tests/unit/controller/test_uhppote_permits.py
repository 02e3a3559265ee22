"""Permits as cards and profiles of a board: proved by reading back, never wider."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from controller.encoding import digest_of
from controller.protocols.uhppote import sync
from controller.protocols.uhppote.keeper import AUDIT_PERIOD, RECHECK_PAUSE
from controller.protocols.uhppote.messages.cards import (
    NO_FIRST_CARD,
    CardRecord,
    DeleteCard,
    GetCardAt,
    PutCard,
)
from controller.protocols.uhppote.messages.schedules import GetProfile, SetProfile
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.session import CommandFailed, ForeignCards, Offline, PermitsApplied
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId, Revision
from tests.support.uhppote_double import Board, passes
from tests.support.uhppote_line import line, member

SERIAL = Board().serial
DOOR, SIDE = (member(SERIAL, door).controller for door in (1, 2))
MAY = Validity(
    datetime(2026, 4, 30, 16, tzinfo=UTC), datetime(2026, 5, 31, 16, tzinfo=UTC)
)
OFFICE = WeeklyProfile(
    "office", "Asia/Shanghai", tuple(Hours(day, 9 * 60, 17 * 60) for day in range(5))
)


def permit(
    number: int,
    validity: Validity = MAY,
    profile: WeeklyProfile | None = None,
    card: int | None = None,
) -> Permit:
    value = CardNumber(card or number)
    return Permit(PermitId(number), value, DoorId("d"), validity, profile)


def card(number: int, first: int = 1, second: int = 0) -> CardRecord:
    return CardRecord(
        number,
        date(2026, 5, 1),
        date(2026, 5, 31),
        (first, second, 0, 0),
        0,
        NO_FIRST_CARD,
    )


def local(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute)  # noqa: DTZ001 - a board's wall time


def test_a_snapshot_is_applied_and_proved() -> None:
    board, permits = Board(), [permit(number) for number in (1, 2, 3)]
    net = line(board)
    net.until_online()
    net.apply(DOOR, permits, 7)
    net.run(1)
    assert board.cards == {number: card(number) for number in (1, 2, 3)}
    assert net.of(PermitsApplied) == [
        PermitsApplied(DOOR, Revision(7), digest_of(permits))
    ]
    assert not net.of(ForeignCards)


def test_a_change_touches_only_what_it_names_and_removals_come_first() -> None:
    board, permits = Board(), [permit(number) for number in range(1, 31)]
    net = line(board)
    net.until_online()
    net.apply(DOOR, permits)
    net.run(1)
    board.asked.clear()
    net.apply(DOOR, [permit(40)], 2, snapshot=False, removed=permits[:2])
    net.run(1)
    assert set(board.cards) == {*range(3, 31), 40}
    assert board.took(GetCardAt) == 0
    writes = [
        type(each) for each in board.asked if isinstance(each, PutCard | DeleteCard)
    ]
    assert writes == [DeleteCard, DeleteCard, PutCard]
    digest = digest_of([*permits[2:], permit(40)])
    assert net.of(PermitsApplied)[-1] == PermitsApplied(DOOR, Revision(2), digest)


def test_a_change_without_a_snapshot_before_it_is_refused() -> None:
    net = line(Board())
    net.until_online()
    net.apply(DOOR, [permit(1)], snapshot=False)
    assert [each.cause for each in net.of(CommandFailed)] == [
        "a snapshot must come first"
    ]


def test_cards_nobody_ordered_are_reported_and_taken_out() -> None:
    stray = card(5, 1, 1)
    board = Board(cards={5: stray, 77: card(77), 78: card(78)})
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(5)])
    net.run(1)
    assert board.cards == {5: card(5)}
    assert net.of(ForeignCards) == [
        ForeignCards(DOOR, (CardNumber(5), CardNumber(77), CardNumber(78)))
    ]
    assert net.of(PermitsApplied)


def test_nothing_is_sent_before_every_door_of_a_board_is_known() -> None:
    board = Board(cards={9: card(9, 1, 1)})
    net = line(board, doors=2)
    net.until_online()
    net.apply(DOOR, [permit(9)])
    net.run(1)
    assert board.cards == {9: card(9, 1, 1)}
    assert not net.of(PermitsApplied)
    net.apply(SIDE, [permit(8)])
    net.run(1)
    assert board.cards == {9: card(9), 8: card(8, 0, 1)}
    assert {each.controller for each in net.of(PermitsApplied)} == {DOOR, SIDE}


def test_one_card_with_other_dates_at_other_doors_gets_profiles() -> None:
    board = Board()
    net = line(board, doors=2)
    net.until_online()
    week = Validity(MAY.start, MAY.start + timedelta(days=7))
    net.apply(DOOR, [permit(1, card=6)])
    net.apply(SIDE, [permit(2, week, card=6)])
    net.run(2)
    assert board.cards[6].doors[0] == 1
    for day, side in ((1, True), (7, True), (8, False), (31, False)):
        assert passes(board, 6, 1, local(day, 12))
        assert passes(board, 6, 2, local(day, 12)) is side
    assert not passes(board, 6, 1, datetime(2026, 6, 1))  # noqa: DTZ001 - wall time


def test_profiles_are_confirmed_before_the_cards_that_need_them() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1, profile=OFFICE)])
    net.run(2)
    writes = [each for each in board.asked if isinstance(each, PutCard | SetProfile)]
    assert [type(each) for each in writes] == [SetProfile, PutCard]
    assert passes(board, 1, 1, local(1, 9))
    assert passes(board, 1, 1, local(1, 16, 59))
    assert not passes(board, 1, 1, local(1, 17))
    assert not passes(board, 1, 1, local(2, 12)), "a Saturday"


def test_a_profile_that_is_not_kept_blocks_its_cards_and_no_others() -> None:
    board = Board(declines={SetProfile})
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1, profile=OFFICE), permit(2)])
    net.run(2)
    assert not passes(board, 1, 1, local(1, 12))
    assert passes(board, 2, 1, local(1, 12))
    causes = [each.cause for each in net.of(CommandFailed)]
    assert causes == ["a time profile is not kept as it was sent"]
    board.declines.clear()
    net.apply(DOOR, [permit(1, profile=OFFICE), permit(2)])
    net.run(2)
    assert passes(board, 1, 1, local(1, 12))
    assert net.of(PermitsApplied)


def test_a_time_of_day_becomes_a_first_day_and_a_last() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    stay = Validity(
        datetime(2026, 5, 3, 6, 30, tzinfo=UTC), datetime(2026, 5, 9, 2, tzinfo=UTC)
    )
    net.apply(DOOR, [permit(1, stay)])
    net.run(2)
    for moment, may in (
        (local(3, 14, 29), False),
        (local(3, 14, 30), True),
        (local(6), True),
        (local(9, 9, 59), True),
        (local(9, 10), False),
    ):
        assert passes(board, 1, 1, moment) is may


def test_equal_hours_share_a_chain_and_unused_ones_are_used_again() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(number, profile=OFFICE) for number in range(1, 20)])
    net.run(2)
    assert len(board.profiles) == 1
    later = Validity(MAY.start, MAY.end + timedelta(days=1))
    for revision in range(260):
        validity = Validity(MAY.start, later.end + timedelta(days=revision))
        net.apply(DOOR, [permit(1, validity, OFFICE)], revision)
        net.run(1)
    assert not net.of(CommandFailed)
    assert passes(board, 1, 1, local(1, 12))


def test_more_hours_than_a_board_can_hold_close_the_doors_concerned() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    many = [
        permit(number, Validity(MAY.start, MAY.end + timedelta(days=number)), OFFICE)
        for number in range(1, 261)
    ]
    net.apply(DOOR, many)
    net.run(5)
    assert [each.cause for each in net.of(CommandFailed)] == [
        "a board holds 253 time profiles"
    ]
    assert sum(passes(board, n, 1, local(1, 12)) for n in range(1, 261)) == 253
    assert all(each.doors[0] in (0, *board.profiles) for each in board.cards.values())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (permit(1, card=0x00FFFFFF), "no board can hold card …7215"),
        (permit(1, card=0xFFFFFFFF), "no board can hold"),
        (permit(1, card=2**32), "no board can hold"),
        (permit(1, profile=replace(OFFICE, zone="UTC")), "hours in UTC"),
    ],
)
def test_what_a_board_cannot_hold_stays_shut_and_is_named(
    wrong: Permit, says: str
) -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [wrong, permit(2)])
    net.run(1)
    assert set(board.cards) == {2}
    (failed,) = net.of(CommandFailed)
    assert says in failed.cause


def test_more_cards_than_there_is_room_for_are_not_sent_but_removals_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sync, "CAPACITY", 20)
    board = Board(cards={1: card(1), 2: card(2)})
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(number) for number in range(2, 23)])
    net.run(1)
    assert set(board.cards) == {2}
    assert board.took(PutCard) == 0
    (failed,) = net.of(CommandFailed)
    assert failed.cause == "it would need room for 21 cards, not 20"


@pytest.mark.parametrize(
    ("declined", "cause"),
    [
        (PutCard, "card …0001 is not kept as it was sent"),
        (DeleteCard, "card …0009 cannot be taken out"),
    ],
)
def test_a_board_that_only_says_yes_is_found_out(
    declined: type[PutCard | DeleteCard], cause: str
) -> None:
    board = Board(cards={9: card(9)}, declines={declined})
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1)])
    net.run(2)
    assert [each.cause for each in net.of(CommandFailed)] == [cause]
    assert not net.of(PermitsApplied)


def test_a_withdrawal_interrupts_a_long_delivery() -> None:
    board, permits = Board(), [permit(number) for number in range(1, 501)]
    net = line(board)
    net.until_online()
    net.apply(DOOR, permits)
    net.run(0.2)
    assert 1 in board.cards
    assert len(board.cards) < 250
    net.apply(DOOR, permits[1:], 2)
    net.run(0.05)
    assert 1 not in board.cards
    net.run(10)
    applied = net.of(PermitsApplied)
    assert applied == [PermitsApplied(DOOR, Revision(2), digest_of(permits[1:]))]


def test_a_network_that_loses_doubles_and_mixes_ends_in_the_same_cards() -> None:
    boards = [Board(serial=number) for number in range(1, 6)]
    net = line(*boards, loss=0.05, doubled=0.1, mixed=0.1)
    net.run(5)
    for revision in range(1, 6):
        rows = [
            permit(n, profile=OFFICE if n % 2 else None) for n in range(revision, 20)
        ]
        for board in boards:
            net.apply(member(board.serial).controller, rows, revision)
        net.run(40)
    for board in boards:
        name = member(board.serial).controller
        assert set(board.cards) == set(range(5, 20))
        last = [each for each in net.of(PermitsApplied) if each.controller == name][-1]
        assert last == PermitsApplied(name, Revision(5), digest_of(rows))
        for number in range(5, 20):
            assert passes(board, number, 1, local(2, 12)) is (number % 2 == 0)


def test_what_changes_behind_our_back_is_found_by_an_audit() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1), permit(2, profile=OFFICE)])
    net.run(1)
    board.cards[66] = card(66)
    del board.cards[1]
    board.profiles.clear()
    assert passes(board, 2, 1, local(2, 12)), "a missing profile lets pass"
    net.run(AUDIT_PERIOD + 5)
    assert set(board.cards) == {1, 2}
    assert not passes(board, 2, 1, local(2, 12))
    assert net.of(ForeignCards) == [ForeignCards(DOOR, (CardNumber(66),))]


def test_after_a_silence_nothing_is_believed_any_more() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1), permit(2)])
    net.run(1)
    board.deaf = True
    net.apply(DOOR, [permit(3)], 2)
    net.run(20)
    assert [each.cause for each in net.of(CommandFailed)] == ["silent"]
    assert net.of(Offline)
    board.deaf = False
    del board.cards[2]
    net.run(15)
    net.apply(DOOR, [permit(1), permit(2)], 3)
    net.run(1)
    assert set(board.cards) == {1, 2}
    assert net.of(PermitsApplied)[-1].revision == 3


def test_a_request_the_network_kept_and_delivered_late_puts_no_card_back() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1), permit(2)])
    net.run(1)
    late = next(each for each in board.asked if isinstance(each, PutCard))
    net.apply(DOOR, [permit(2)], 2)
    net.run(1)
    assert set(board.cards) == {2}
    board.answer(late.encode(), net.now)
    assert set(board.cards) == {1, 2}
    net.run(RECHECK_PAUSE + 1)
    assert set(board.cards) == {2}
    asked = board.took(GetCardAt)
    net.run(60)
    assert board.took(GetCardAt) == asked, "nothing is left to look at"


def test_only_profiles_that_matter_are_read() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.apply(DOOR, [permit(1)])
    net.run(1)
    assert board.took(GetProfile) == 0
    net.apply(DOOR, [permit(1, profile=OFFICE)], 2)
    net.run(1)
    assert board.took(GetProfile) == 1, "to confirm it"
    net.open()
    net.until_online()
    net.apply(DOOR, [permit(1, profile=OFFICE)], 2)
    net.run(1)
    assert (board.took(GetProfile), board.took(SetProfile)) == (2, 1)
