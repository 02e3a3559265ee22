"""A board on any network: every event once and in order, and the cards ordered."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from controller.encoding import digest_of
from controller.protocols.uhppote.messages.cards import (
    ALWAYS,
    NEVER,
    NO_FIRST_CARD,
    CardRecord,
)
from controller.schedule import Validity
from controller.session import CommandFailed, PermitsApplied
from controller.vocabulary import CardNumber, ControllerId, DoorId, Permit, PermitId
from tests.support.uhppote_double import Board
from tests.support.uhppote_line import Line, line, member

SERIAL = Board().serial
LOG = ControllerId(f"uhppote-{SERIAL}")
DOORS = [member(SERIAL, door).controller for door in (1, 2)]
MAY = Validity(
    datetime(2026, 4, 30, 16, tzinfo=UTC), datetime(2026, 5, 31, 16, tzinfo=UTC)
)
RING = 25
SETTLED = 25.0
"""Seconds on a quiet network in which everything must have come right."""
FOREIGN = 99
OTHERS = 3
"""A door of the board that is not ours."""
NUMBERS = st.frozensets(st.integers(1, 6), max_size=4)
SHARE = st.sampled_from([0.0, 0.1, 0.3])


def permit(door: int, number: int) -> Permit:
    """Return a permit of a card for a door; its id tells both."""
    identity = PermitId(10 * number + door)
    return Permit(identity, CardNumber(number), DoorId(f"d{door}"), MAY)


class LineModel(RuleBasedStateMachine):
    """A line, and beside it only what was swiped and what was ordered."""

    net: Line
    board: Board

    @initialize(loss=SHARE, doubled=SHARE, mixed=SHARE, seed=st.integers(0, 999))
    def begin(self, loss: float, doubled: float, mixed: float, seed: int) -> None:
        """Meet a board whose events are known from the first on."""
        self.board = Board(ring=RING)
        self.ordered: list[set[int]] = [set(), set()]
        self.told: set[int] = set()
        self.failures = 0
        self.meddled = False
        self.net = line(self.board, doors=2, random=Random(seed))  # noqa: S311 - repeatable
        self.net.desk.cursors[LOG] = (1, 0)
        self.net.open()
        self.net.until_online()
        self.net.loss, self.net.doubled, self.net.mixed = loss, doubled, mixed

    @rule(count=st.integers(1, RING), door=st.integers(1, 3))
    def swipe(self, count: int, door: int) -> None:
        """Let cards pass, at doors of ours and at one of somebody else's."""
        for _ in range(count):
            self.board.swipe(1000 + len(self.board.events), door)

    @rule(seconds=st.sampled_from([0.002, 0.05, 0.4, 3.0, 12.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.net.run(seconds)

    @rule(deaf=st.booleans())
    def cable(self, deaf: bool) -> None:
        """Pull the board's cable, or plug it in again."""
        self.board.deaf = deaf

    @rule(durable=st.booleans())
    def disk(self, durable: bool) -> None:
        """Let the owner's disk fail, or work again."""
        self.net.durable = durable

    @rule()
    def restart(self) -> None:
        """Kill the gateway and start it again from its durable cursor."""
        self.net.open()
        self.told.clear()
        self.failures = len(self.net.of(CommandFailed))

    @rule(door=st.integers(0, 1), numbers=NUMBERS)
    def snapshot(self, door: int, numbers: frozenset[int]) -> None:
        """Tell a door everything it is to hold."""
        self.ordered[door] = set(numbers)
        self.told.add(door)
        self._apply(door, numbers)

    @precondition(lambda self: self.held)
    @rule(door=st.integers(0, 1), put=NUMBERS, removed=NUMBERS)
    def change(self, door: int, put: frozenset[int], removed: frozenset[int]) -> None:
        """Change what a door was told; what is put outweighs what is removed."""
        self.ordered[door] = self.ordered[door] - removed | put
        self._apply(door, put, removed)

    @rule()
    def meddle(self) -> None:
        """Write a card to the board that nobody ordered."""
        self.board.cards[FOREIGN] = self._record(FOREIGN)
        self.meddled = True

    @invariant()
    def every_event_is_kept_or_known_to_be_lost(self) -> None:
        """Look at the owner's record: no hole, nothing twice, nothing out of turn."""
        desk = self.net.desk
        spans = [(each.index, each.index) for each in desk.kept]
        spans += [(each.first, each.last) for each in desk.lost]
        spans.sort()
        ours = [each.index for each in self.board.events if each.door != OTHERS]
        kept = [each.index for each in desk.kept]
        assert kept == sorted(set(kept))
        assert desk.cursors[LOG][0] == 1
        missed = {index for first, last in spans for index in range(first, last + 1)}
        assert sum(last - first + 1 for first, last in spans) == len(missed)
        assert {i for i in ours if i <= desk.cursors[LOG][1]} <= missed
        for event in desk.kept:
            assert event.card == CardNumber(999 + event.index)
        for loss in desk.lost:
            assert loss.last < self.board.oldest, "it could still be fetched"

    def teardown(self) -> None:
        """Let the network be quiet: what was ordered and what happened is there."""
        net = self.net
        net.loss = net.doubled = net.mixed = 0.0
        net.durable, self.board.deaf = True, False
        net.run(SETTLED)
        if self.meddled or not self.held:
            net.open()
            net.run(SETTLED)
            for door in (0, 1):
                self._apply(door, self.ordered[door])
            net.run(SETTLED)
        self.every_event_is_kept_or_known_to_be_lost()
        assert net.desk.cursors[LOG] == (1, len(self.board.events))
        wanted = self.ordered[0] | self.ordered[1]
        assert self.board.cards == {each: self._record(each) for each in wanted}
        for door, name in enumerate(DOORS):
            told = [e for e in net.of(PermitsApplied) if e.controller == name]
            held = [permit(door, each) for each in self.ordered[door]]
            assert told[-1].digest == digest_of(held)

    @property
    def held(self) -> bool:
        """Whether every door was told and nothing it was told has failed since."""
        failures = len(self.net.of(CommandFailed))
        return len(self.told) == len(DOORS) and failures == self.failures

    def _apply(
        self, door: int, put: Collection[int], removed: Collection[int] | None = None
    ) -> None:
        self.net.apply(
            DOORS[door],
            [permit(door, each) for each in put],
            snapshot=removed is None,
            removed=[permit(door, each) for each in removed or ()],
        )

    def _record(self, number: int) -> CardRecord:
        first, second = (ALWAYS if number in held else NEVER for held in self.ordered)
        doors = (first, second, NEVER, NEVER)
        start, end = date(2026, 5, 1), date(2026, 5, 31)
        return CardRecord(number, start, end, doors, 0, NO_FIRST_CARD)


TestLine = LineModel.TestCase
TestLine.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
