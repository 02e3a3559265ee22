import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firmware_sim.journal import Journal, quantile, read_journal
from firmware_sim.taps import Outcome, Settled, Tap

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def settled(  # noqa: PLR0913  one parameter for each part a test is about
    number: int,
    outcome: Outcome,
    took: float = 0.1,
    index: int | None = None,
    card: int | None = 1_000_000_007,
    *,
    asked: bool = True,
) -> Settled:
    tap = Tap(number, "door-1", card, AT, 5.0)
    at = AT + timedelta(seconds=took)
    epoch = None if index is None else 9
    return Settled(tap, outcome, at, took, "lock-1", epoch, index, asked)


def test_a_settled_tap_is_one_line_at_once(tmp_path: Path) -> None:
    path = tmp_path / "taps.jsonl"
    journal = Journal(path)
    journal.settle(settled(1, Outcome.GRANTED, index=4))
    assert json.loads(path.read_text("utf-8")) == {
        "tap": 1,
        "door": "door-1",
        "card": 1_000_000_007,
        "at": "2026-03-01T08:00:00.000000+00:00",
        "outcome": "granted",
        "outcome_at": "2026-03-01T08:00:00.100000+00:00",
        "controller": "lock-1",
        "epoch": 9,
        "index": 4,
    }
    journal.settle(settled(2, Outcome.REFUSED))
    journal.settle(settled(3, Outcome.REFUSED))
    assert journal.outcomes == {Outcome.GRANTED: 1, Outcome.REFUSED: 2}
    journal.close()
    Journal(path).close()
    assert [line["tap"] for line in read_journal(path)] == [1, 2, 3]


def test_unlock_times_are_those_of_readers_that_granted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "taps.jsonl")
    assert journal.unlock(0.5) is None
    for number in range(100):
        journal.settle(settled(number, Outcome.GRANTED, took=number / 1000))
    journal.settle(settled(200, Outcome.REFUSED, took=9.0))
    journal.settle(settled(201, Outcome.GRANTED, took=0.0001, index=1, asked=False))
    journal.settle(settled(203, Outcome.GRANTED, took=0.0001, asked=False))
    journal.settle(settled(202, Outcome.GRANTED, took=0.0001, card=None))
    assert journal.unlock(0.5) == pytest.approx(50.0)
    assert journal.unlock(0.99) == pytest.approx(99.0)
    journal.close()


def test_a_line_cut_off_by_a_kill_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "taps.jsonl"
    path.write_text('{"tap": 1}\n{"tap": 2, "do', "utf-8")
    assert read_journal(path) == [{"tap": 1}]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [((), 0.5, None), ((3.0,), 0.99, 3.0), ((1.0, 2.0, 3.0, 4.0), 0.5, 3.0)],
)
def test_quantile(values: tuple[float, ...], share: float, expected: float) -> None:
    assert quantile(values, share) == expected
