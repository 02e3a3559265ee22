"""A silent reader costs its neighbours little, and a slow one is found again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.protocols.osdp.patience import REPLY_DELAY, Patience

DELAYS = st.lists(st.floats(0.001, REPLY_DELAY), min_size=1, max_size=50)


def test_a_reader_that_never_answered_always_gets_its_right() -> None:
    patience = Patience()
    for _ in range(20):
        assert patience.slot == REPLY_DELAY
        patience.missed()


def test_a_quick_reader_that_falls_silent_is_waited_for_briefly() -> None:
    patience = Patience()
    for _ in range(100):
        patience.heard(0.016)
    assert patience.slot == REPLY_DELAY, "the first doubt is in its favour"
    patience.missed()
    assert 0.032 <= patience.slot < 0.06


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
def test_a_reader_that_came_back_slower_is_found_within_eight_questions(
    delays: list[float], missed: int
) -> None:
    patience = Patience()
    for delay in delays:
        patience.heard(delay)
    slots = []
    for _ in range(missed + 8):
        slots.append(patience.slot)
        patience.missed()
    assert REPLY_DELAY in slots[missed:]


def test_a_probe_is_brief_but_for_one_in_many() -> None:
    stranger, known = Patience(), Patience()
    known.heard(0.08)
    for patience, brief, full in ((stranger, 0.03, 2), (known, 0.1, 1)):
        probes = []
        for _ in range(60):
            probes.append(patience.probe)
            patience.missed()
        assert probes.count(REPLY_DELAY) == full
        assert sorted(set(probes)) == pytest.approx([brief, REPLY_DELAY])
