"""One pass over a board: what is asked, what is believed, and what is left in doubt."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from controller.protocols.uhppote import sync as sync_module
from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages.cards import (
    ABSENT_CARD,
    ALWAYS,
    DELETED_CARD,
    NEVER,
    NO_FIRST_CARD,
    CardRecord,
    CountCards,
    CountCardsReply,
    DeleteCard,
    GetCard,
    GetCardAt,
    GetCardAtReply,
    GetCardReply,
    PutCard,
    PutCardReply,
)
from controller.protocols.uhppote.messages.schedules import GetProfile, GetProfileReply
from controller.protocols.uhppote.sync import ROUNDS, TRIES, Mirror, Sync, SyncFailed
from controller.protocols.uhppote.tables import decode_reply
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId
from tests.support.uhppote_double import NO_PROFILE, Board

SERIAL = Board().serial
MAY = Validity(
    datetime(2026, 4, 30, 16, tzinfo=UTC), datetime(2026, 5, 31, 16, tzinfo=UTC)
)
MORNINGS = WeeklyProfile(
    "mornings", "Asia/Shanghai", tuple(Hours(day, 480, 720) for day in range(7))
)
Bend = Callable[[Request, Reply], Reply]


def card(number: int, first: int = ALWAYS, second: int = NEVER) -> CardRecord:
    start, end = date(2026, 5, 1), date(2026, 5, 31)
    doors = (first, second, NEVER, NEVER)
    return CardRecord(number, start, end, doors, 0, NO_FIRST_CARD)


def permits(
    *numbers: int, profile: WeeklyProfile | None = None
) -> dict[PermitId, Permit]:
    return {
        PermitId(each): Permit(
            PermitId(each), CardNumber(each), DoorId("d"), MAY, profile
        )
        for each in numbers
    }


class Pass:
    """A pass over a board for the sake of door 1."""

    def __init__(
        self,
        wanted: dict[PermitId, Permit],
        board: Board,
        mirror: Mirror | None = None,
        ours: frozenset[int] | None = None,
    ) -> None:
        self.board = board
        self.mirror = mirror or Mirror()
        self.found: list[tuple[CardNumber, ...]] = []
        self.sync = Sync(SERIAL, self.mirror, {1: wanted}, self.found.append, ours)

    def run(self, bend: Bend = lambda _request, reply: reply) -> "Pass":
        """Carry it out; `bend` may change what the board answers."""
        work = self.sync.run()
        try:
            question = next(work)
            while True:
                data = self.board.answer(question.request.encode(), 0.0)
                assert data is not None
                reply = bend(question.request, decode_reply(data))
                assert question.fits(reply)
                question = work.send(reply)
        except StopIteration:
            return self

    def asked(self, *kinds: type[Request]) -> list[Request]:
        """Return what was asked of some kinds."""
        return [each for each in self.board.asked if isinstance(each, kinds)]


def miscount(*wrong: int) -> Bend:
    """Have some counts, numbered from 1, be one too many."""
    seen = 0

    def bend(request: Request, reply: Reply) -> Reply:
        nonlocal seen
        if isinstance(request, CountCards) and isinstance(reply, CountCardsReply):
            seen += 1
            if seen in wrong:
                return replace(reply, count=reply.count + 1)
        return reply

    return bend


def holding(*numbers: int) -> Board:
    return Board(cards={each: card(each) for each in numbers})


def test_a_list_ends_with_as_many_cards_as_there_are() -> None:
    done = Pass(permits(1, 2, 3), holding(1, 2, 3)).run()
    indexes = [
        each.index for each in done.asked(GetCardAt) if isinstance(each, GetCardAt)
    ]
    assert indexes == [1, 2, 3]
    assert done.mirror.cards == done.board.cards
    assert done.asked(PutCard, DeleteCard, GetCard) == []


def test_a_list_ends_where_no_card_is_whatever_was_counted() -> None:
    done = Pass(permits(1), holding(1)).run(miscount(1))
    assert len(done.asked(GetCardAt)) == 2
    assert done.mirror.cards == {1: card(1)}


def test_places_of_deleted_cards_are_passed_over() -> None:
    gone = replace(ABSENT_CARD, number=DELETED_CARD)
    rows = [gone, card(1), gone, card(2)]

    def bend(request: Request, reply: Reply) -> Reply:
        if isinstance(request, GetCardAt):
            return GetCardAtReply(SERIAL, rows[request.index - 1])
        return reply

    done = Pass(permits(1, 2), holding(1, 2)).run(bend)
    assert done.mirror.cards == {1: card(1), 2: card(2)}
    assert len(done.asked(GetCardAt)) == 4


def test_cards_are_strangers_by_number_or_by_a_door_that_is_not_ours() -> None:
    board = holding(1, 7)
    board.cards[2] = card(2, ALWAYS, ALWAYS)
    done = Pass(permits(1, 2), board).run()
    assert done.found == [(CardNumber(2), CardNumber(7))]
    assert board.cards == {1: card(1), 2: card(2)}
    assert Pass(permits(1, 2), board).run().found == [()]


def test_what_was_never_ours_stays_where_nobody_takes_it_out() -> None:
    board = holding(1, 7, 9)
    board.cards[2] = card(2, ALWAYS, 5)
    board.cards[8] = card(8, ALWAYS, ALWAYS)
    done = Pass(permits(2, 3), board, ours=frozenset({1, 8})).run()
    assert done.found == [tuple(map(CardNumber, (2, 7, 8, 9)))]
    assert board.cards == {
        2: card(2, ALWAYS, 5),
        3: card(3),
        7: card(7),
        8: card(8, NEVER, ALWAYS),
        9: card(9),
    }
    assert done.asked(DeleteCard) == [DeleteCard(SERIAL, 1)]
    assert done.sync.faults == {}
    board.asked.clear()
    again = Pass(permits(2, 3), board, ours=frozenset()).run()
    assert again.asked(PutCard, DeleteCard) == []


def test_withdrawals_come_first_then_what_changed_then_what_is_new() -> None:
    board = holding(5, 6)
    board.cards[4] = card(4, NEVER, ALWAYS)
    done = Pass(permits(1, 4, 5), board).run()
    writes = done.asked(DeleteCard, PutCard)
    assert writes == [
        DeleteCard(SERIAL, 6),
        PutCard(SERIAL, card(4)),
        PutCard(SERIAL, card(1)),
    ]
    assert done.sync.touched == {1, 4, 6}
    assert done.mirror.doubtful == set()
    assert done.asked(CountCards) == [CountCards(SERIAL)] * 2, "one round is enough"


def test_a_permit_no_board_can_hold_is_named_and_keeps_no_other_out() -> None:
    done = Pass(permits(1, 2**32), Board()).run()
    assert done.board.cards == {1: card(1)}
    assert "no board can hold" in done.sync.faults[1]


def test_a_count_that_is_wrong_has_everything_read_again() -> None:
    board = Board()
    done = Pass(permits(1, profile=MORNINGS), board).run()
    (number,) = board.profiles
    board.asked.clear()
    again = Pass(permits(1, profile=MORNINGS), board, done.mirror).run(miscount(1))
    assert again.asked(GetCardAt) == [GetCardAt(SERIAL, 1)]
    assert again.asked(GetProfile) == [GetProfile(SERIAL, number)]
    assert again.sync.faults == {}


def test_a_board_that_never_counts_right_is_given_up() -> None:
    one = Pass(permits(1), holding(1), Mirror({1: card(1)}))
    with pytest.raises(SyncFailed, match="not what it was told"):
        one.run(miscount(*range(1, 99)))
    # The first round trusts the mirror; each later one counts before it lists.
    assert len(one.asked(CountCards)) == 2 * ROUNDS - 1


def test_a_fault_of_an_earlier_round_that_came_right_is_none() -> None:
    board = Board(declines={PutCard})
    wrong = miscount(2)

    def bend(request: Request, reply: Reply) -> Reply:
        if isinstance(request, PutCard) and board.took(PutCard) >= TRIES:
            board.declines.clear()
        return wrong(request, reply)

    done = Pass(permits(1), board).run(bend)
    assert board.took(PutCard) == TRIES + 1
    assert done.sync.faults == {}


@pytest.mark.parametrize("kind", [PutCard, DeleteCard])
def test_a_write_without_effect_is_tried_so_often_and_named_by_four_digits(
    kind: type[Request],
) -> None:
    deleting = kind is DeleteCard
    board = Board(declines={kind}, cards={12345678: card(12345678)} if deleting else {})
    done = Pass(permits() if deleting else permits(12345678), board).run()
    assert board.took(kind) == TRIES
    assert "5678" in done.sync.faults[1]
    assert "1234" not in done.sync.faults[1]


def test_a_card_in_doubt_is_read_and_only_then_believed() -> None:
    mirror = Mirror({1: card(1), 2: card(2)}, doubtful={2})
    done = Pass(permits(1, 2), holding(1), mirror).run()
    assert done.asked(GetCard) == [GetCard(SERIAL, 2), GetCard(SERIAL, 2)]
    assert done.asked(PutCard) == [PutCard(SERIAL, card(2))]
    assert done.board.cards == {1: card(1), 2: card(2)}


def test_a_list_that_was_just_read_leaves_no_doubt() -> None:
    done = Pass(permits(1), holding(1), Mirror(doubtful={1, 9})).run()
    assert done.asked(GetCard) == []
    assert done.mirror.doubtful == set()


def test_a_write_that_is_cut_off_leaves_a_doubt() -> None:
    one = Pass(permits(1), Board(), Mirror({}))
    work = one.sync.run()
    assert next(work).request == PutCard(SERIAL, card(1))
    work.close()
    assert (one.mirror.doubtful, one.sync.touched) == ({1}, {1})


def test_a_card_read_back_is_taken_from_a_reply_about_it_alone() -> None:
    one = Pass(permits(1), Board(), Mirror({}))
    work = one.sync.run()
    next(work)
    question = work.send(PutCardReply(SERIAL, ok=True))
    assert question.request == GetCard(SERIAL, 1)
    assert question.fits(GetCardReply(SERIAL, card(1)))
    assert question.fits(GetCardReply(SERIAL, ABSENT_CARD))
    assert not question.fits(GetCardReply(SERIAL, card(2)))
    assert not question.fits(GetCardAtReply(SERIAL, card(1)))


def test_a_profile_read_back_is_taken_from_a_reply_about_it_alone() -> None:
    mirror = Mirror({1: card(1, 5)})
    work = Pass(permits(1, profile=MORNINGS), Board(), mirror).sync.run()
    question = next(work)
    assert question.request == GetProfile(SERIAL, 5)
    assert question.fits(GetProfileReply(SERIAL, replace(NO_PROFILE, id=5)))
    assert question.fits(GetProfileReply(SERIAL, NO_PROFILE))
    assert not question.fits(GetProfileReply(SERIAL, replace(NO_PROFILE, id=6)))
    assert not question.fits(GetCardReply(SERIAL, ABSENT_CARD))


def test_an_answer_of_another_kind_ends_the_pass() -> None:
    def bend(_request: Request, _reply: Reply) -> Reply:
        return PutCardReply(SERIAL, ok=True)

    with pytest.raises(SyncFailed, match="PutCardReply"):
        Pass(permits(1), Board()).run(bend)


@pytest.mark.parametrize(("count", "fits"), [(3, True), (4, False)])
def test_a_board_is_filled_to_its_last_place_and_no_further(
    count: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_module, "CAPACITY", 3)
    done = Pass(permits(*range(1, count + 1)), holding(1, 9)).run()
    assert set(done.board.cards) == ({1, 2, 3} if fits else {1})
    assert bool(done.sync.faults) is not fits
