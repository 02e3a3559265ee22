"""A silent reader costs its neighbours little, and a slow one is found again."""

from hypothesis import given
from hypothesis import strategies as st

from controller.protocols.osdp.patience import REPLY_DELAY, Patience

DELAYS = st.lists(st.floats(0.001, REPLY_DELAY), min_size=1, max_size=50)


def test_a_reader_that_never_answered_gets_its_right_at_first_and_now_and_then() -> (
    None
):
    patience = Patience()
    slots = []
    for _ in range(61):
        slots.append(patience.slot)
        patience.missed()
    assert [at for at, slot in enumerate(slots) if slot == REPLY_DELAY] == [0, 30, 60]
    assert min(slots) >= 0.03


def test_a_quick_reader_that_falls_silent_is_waited_for_briefly() -> None:
    patience = Patience()
    for _ in range(100):
        patience.heard(0.016)
    assert patience.slot == REPLY_DELAY, "the first doubt is in its favour"
    patience.missed()
    assert 0.024 <= patience.slot < 0.05


@given(DELAYS)
def test_a_doubted_reader_is_waited_for_longer_than_its_last_reply(
    delays: list[float],
) -> None:
    patience = Patience()
    for delay in delays:
        patience.heard(delay)
    patience.missed()
    assert min(delays[-1], REPLY_DELAY) <= patience.slot <= REPLY_DELAY


@given(DELAYS, st.integers(0, 100))
def test_a_reader_that_came_back_slower_is_found_within_thirty_questions(
    delays: list[float], missed: int
) -> None:
    patience = Patience()
    for delay in delays:
        patience.heard(delay)
    slots = []
    for _ in range(missed + 30):
        slots.append(patience.slot)
        patience.missed()
    assert REPLY_DELAY in slots[missed:]
