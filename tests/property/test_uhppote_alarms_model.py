"""The first of many boards that is due, whatever becomes of their deadlines."""

from dataclasses import dataclass
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.protocols.uhppote.alarms import Alarms
from controller.protocols.uhppote.panel import Panel

BOARDS = 4
MOMENTS = st.integers(0, 20).map(float)


@dataclass(eq=False)
class Clock:
    """A board of which only the deadline matters."""

    due: float

    def deadline(self) -> float:
        """Return when it wants to be called next."""
        return self.due


@given(
    st.lists(MOMENTS, min_size=BOARDS, max_size=BOARDS),
    st.lists(st.tuples(st.integers(0, BOARDS - 1), MOMENTS, st.booleans())),
)
@settings(max_examples=60)
def test_the_first_alarm_is_always_that_of_the_board_that_is_due_first(
    dues: list[float], steps: list[tuple[int, float, bool]]
) -> None:
    boards, alarms = [Clock(due) for due in dues], Alarms()
    for board in boards:
        alarms.add(cast(Panel, board))
    for number, due, looks in steps:
        board = boards[number]
        earlier, board.due = due < board.due, due
        if earlier:
            alarms.touch(cast(Panel, board))
        if looks:
            first = min(each.due for each in boards)
            assert alarms.first() == first
            assert alarms.due(first - 0.5) is None
            found = cast(Clock, alarms.due(first))
            assert found in boards
            assert found.due == first


def test_no_boards_are_never_due() -> None:
    assert Alarms().first() is None
    assert Alarms().due(1e9) is None
