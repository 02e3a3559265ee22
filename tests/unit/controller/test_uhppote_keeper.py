"""What is ordered of a board, when the work begins, and what is said of its end."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from controller.encoding import digest_of
from controller.protocols.uhppote.keeper import AUDIT_PERIOD, RECHECK_PAUSE, Keeper
from controller.protocols.uhppote.message import Request
from controller.protocols.uhppote.messages.cards import (
    ALWAYS,
    NEVER,
    NO_FIRST_CARD,
    CardRecord,
    CountCards,
    DeleteCard,
    GetCard,
    GetCardAt,
    PutCard,
    PutCardReply,
)
from controller.protocols.uhppote.tables import decode_reply
from controller.schedule import Validity
from controller.session import (
    ApplyPermits,
    CommandFailed,
    Event,
    ForeignCards,
    PermitsApplied,
)
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Revision,
)
from tests.support.uhppote_double import Board

SERIAL = Board().serial
NAMES = {1: ControllerId("front"), 2: ControllerId("back")}
MAY = Validity(
    datetime(2026, 4, 30, 16, tzinfo=UTC), datetime(2026, 5, 31, 16, tzinfo=UTC)
)


STRANGER = CardRecord(
    1,
    date(2026, 5, 1),
    date(2026, 5, 31),
    (ALWAYS, NEVER, NEVER, NEVER),
    0,
    NO_FIRST_CARD,
)


def permit(number: int, card: int | None = None) -> Permit:
    return Permit(PermitId(number), CardNumber(card or number), DoorId("d"), MAY)


class Keeping:
    """A keeper of a board's doors and the board it keeps."""

    def __init__(self, doors: int = 1, *, removes_foreign: bool = False) -> None:
        self.board = Board()
        self.events: list[Event] = []
        doors_of = {door: NAMES[door] for door in range(1, doors + 1)}
        self.keeper = Keeper(SERIAL, doors_of, self.events.append)
        self.keeper.removes_foreign = removes_foreign
        self.now = 0.0

    def order(
        self,
        *numbers: int,
        door: int = 1,
        revision: int = 1,
        removed: tuple[int, ...] = (),
        snapshot: bool = True,
        withdrawn: tuple[int, ...] = (),
    ) -> ApplyPermits:
        """Order permits of a door."""
        command = ApplyPermits(
            NAMES[door],
            Revision(revision),
            tuple(PermitId(each) for each in removed),
            tuple(permit(each) for each in numbers),
            snapshot=snapshot,
            withdrawn=tuple(map(CardNumber, withdrawn)),
        )
        self.keeper.order(door, command)
        return command

    def step(self) -> Request | None:
        """Carry one question to the board and its reply back; returns the question."""
        ask = self.keeper.next(self.now)
        if ask is None:
            return None
        request = ask.build(self.now)
        data = self.board.answer(request.encode(), self.now)
        assert data is not None
        assert ask.take(decode_reply(data), self.now)
        return request

    def work(self) -> list[Request]:
        """Go on until nothing is left to ask; returns what was asked."""
        asked = []
        while (request := self.step()) is not None:
            asked.append(request)
        return asked

    def told(self) -> list[Event]:
        """Return what was told since the last look."""
        events, self.events[:] = self.events[:], []
        return events


def applied(*numbers: int, door: int = 1, revision: int = 1) -> PermitsApplied:
    digest = digest_of(permit(each) for each in numbers)
    return PermitsApplied(NAMES[door], Revision(revision), digest)


def test_nothing_is_asked_before_there_is_an_order() -> None:
    assert Keeping().work() == []


def test_an_order_is_answered_once_with_what_all_its_door_holds() -> None:
    one = Keeping()
    one.order(1, 2)
    one.work()
    assert one.told() == [applied(1, 2)]
    one.order(3, revision=2, removed=(1,), snapshot=False)
    one.work()
    assert one.told() == [applied(2, 3, revision=2)]
    assert set(one.board.cards) == {2, 3}
    assert one.work() == []


def test_a_snapshot_forgets_and_a_change_remembers() -> None:
    one = Keeping()
    one.order(1)
    one.order(2, snapshot=False)
    one.order(3, snapshot=False, removed=(3,))
    one.work()
    assert set(one.board.cards) == {1, 2, 3}, "what is put outweighs what is removed"
    one.order(4)
    one.work()
    assert set(one.board.cards) == {4}


def test_a_door_whose_snapshot_is_missing_holds_up_the_others_and_says_why() -> None:
    one = Keeping(doors=2)
    one.order(1)
    change = one.order(2, door=2, snapshot=False)
    assert one.told() == [CommandFailed(NAMES[2], change, "a snapshot must come first")]
    assert one.work() == []
    one.order(2, door=2)
    one.work()
    assert one.told() == [applied(1), applied(2, door=2)]


def test_only_the_last_order_of_a_door_is_answered() -> None:
    one = Keeping()
    one.order(*range(1, 9), revision=1)
    while not one.board.cards:
        one.step()
    one.order(9, revision=2)
    written = [each.card.number for each in one.work() if isinstance(each, PutCard)]
    assert written == [9], "a new order interrupts the work on an old one"
    assert one.told() == [applied(9, revision=2)]
    assert set(one.board.cards) == {9}


def test_a_reply_that_comes_after_a_new_order_is_taken_and_means_nothing() -> None:
    one = Keeping()
    one.order(1)
    ask = one.keeper.next(0.0)
    assert ask is not None
    data = one.board.answer(ask.build(0.0).encode(), 0.0)
    assert data is not None
    one.order(2, revision=2)
    assert ask.take(decode_reply(data), 0.0)
    one.work()
    assert one.told() == [applied(2, revision=2)]


def test_a_question_stays_until_its_own_reply_comes() -> None:
    one = Keeping()
    one.order(1)
    one.work()
    one.order(1, 2, revision=2)
    assert isinstance(one.step(), PutCard)
    ask = one.keeper.next(0.0)
    assert ask is not None
    assert ask.build(0.0) == GetCard(SERIAL, 2)
    other = one.board.answer(GetCard(SERIAL, 1).encode(), 0.0)
    assert other is not None
    assert not ask.take(decode_reply(other), 0.0)
    assert not ask.take(PutCardReply(SERIAL, ok=True), 0.0)
    one.work()
    assert one.told()[-1] == applied(1, 2, revision=2)


def test_changed_cards_are_read_once_more_after_a_pause() -> None:
    one = Keeping()
    one.order(1, 2)
    one.work()
    one.now = RECHECK_PAUSE - 0.1
    assert one.work() == []
    one.now = RECHECK_PAUSE
    assert one.work() == [GetCard(SERIAL, 1), GetCard(SERIAL, 2), CountCards(SERIAL)]
    one.now = 3 * RECHECK_PAUSE
    assert one.work() == []
    assert len(one.told()) == 1, "a second look answers no order"


def test_a_second_look_that_had_to_write_is_followed_by_a_third() -> None:
    one = Keeping()
    one.order(1)
    one.work()
    one.board.cards.clear()
    one.now = RECHECK_PAUSE
    assert PutCard in {type(each) for each in one.work()}
    one.now = 2 * RECHECK_PAUSE
    assert one.work() == [GetCard(SERIAL, 1), CountCards(SERIAL)]


def test_everything_is_read_again_once_in_an_audit_period() -> None:
    one = Keeping()
    one.order(1)
    one.work()
    one.now = RECHECK_PAUSE
    one.work()
    for turn in (1, 2):
        one.now = turn * AUDIT_PERIOD - 0.1
        assert one.work() == []
        one.now = turn * AUDIT_PERIOD
        assert GetCardAt(SERIAL, 1) in one.work()
        assert one.work() == []


@pytest.mark.parametrize("removes", [False, True])
def test_an_audit_answers_no_order_and_names_strangers(removes: bool) -> None:
    one = Keeping(removes_foreign=removes)
    one.order(1)
    one.work()
    one.told()
    one.board.cards[5] = replace(one.board.cards[1], number=5)
    one.now = AUDIT_PERIOD
    assert (DeleteCard(SERIAL, 5) in one.work()) is removes
    assert one.told() == [ForeignCards(NAMES[1], (CardNumber(5),))]
    one.now = 2 * AUDIT_PERIOD
    one.work()
    assert one.told() == [], "once is enough"
    assert (5 in one.board.cards) is not removes


def test_cards_that_were_ours_go_however_they_left() -> None:
    one = Keeping()
    one.board.cards = {
        number: replace(STRANGER, number=number) for number in (1, 2, 3, 4, 5)
    }
    one.order(1, 2, withdrawn=(4,))
    one.work()
    assert set(one.board.cards) == {1, 2, 3, 5}
    one.order(3, removed=(1,), revision=2, snapshot=False)
    one.work()
    assert set(one.board.cards) == {2, 3, 5}
    one.order(3, revision=3)
    one.work()
    assert set(one.board.cards) == {3, 5}
    one.keeper.order(
        1,
        ApplyPermits(
            NAMES[1], Revision(4), (), (permit(3, 6),), withdrawn=(CardNumber(77),)
        ),
    )
    one.work()
    assert set(one.board.cards) == {5, 6}, "a permit may move to another card"


def test_what_was_ours_is_owed_until_the_board_let_it_go() -> None:
    one = Keeping()
    one.order(1, 2)
    one.work()
    one.order(2, revision=2)
    one.keeper.forget("it went silent")
    one.order(2, revision=3)
    one.work()
    assert set(one.board.cards) == {2}
    one.board.cards[1] = replace(one.board.cards[2], number=1)
    one.keeper.forget("it went silent")
    one.order(2, revision=4)
    one.work()
    assert set(one.board.cards) == {1, 2}, "now somebody else put it there"


def test_what_is_forgotten_fails_its_orders_and_is_read_anew() -> None:
    one = Keeping()
    one.order(1)
    one.work()
    one.told()
    command = one.order(1, 2, revision=2)
    one.step()
    one.keeper.forget("it went silent")
    assert one.told() == [CommandFailed(NAMES[1], command, "it went silent")]
    one.keeper.forget("again")
    assert one.told() == []
    assert one.work() == [], "nothing is ordered now"
    one.order(1, 2, revision=3)
    assert GetCardAt(SERIAL, 1) in one.work()
    assert one.told() == [applied(1, 2, revision=3)]


def test_a_forgotten_board_gets_no_second_look() -> None:
    one = Keeping()
    one.order(1)
    one.work()
    one.keeper.forget("it went silent")
    one.now = 2 * RECHECK_PAUSE
    assert one.work() == []


@pytest.mark.parametrize("declined", [PutCard, DeleteCard])
def test_a_failure_names_every_door_that_is_concerned(declined: type[Request]) -> None:
    one = Keeping(doors=2)
    one.order(1)
    one.order(2, door=2)
    if declined is DeleteCard:
        one.work()
        one.order(1, 3, revision=2)
        one.order(3, door=2, revision=2)
    one.told()
    one.board.declines.add(declined)
    one.work()
    failed = [each for each in one.told() if isinstance(each, CommandFailed)]
    assert [each.controller for each in failed] == [NAMES[1], NAMES[2]]
