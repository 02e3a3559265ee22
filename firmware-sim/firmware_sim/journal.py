"""The simulator's own account of every tap, to hold against the registry's."""

import json
import os
from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware_sim.taps import Outcome, Settled

_REMEMBERED = 10_000


class Journal:
    """`taps.jsonl`: one line for each settled tap, written at once."""

    def __init__(self, path: Path) -> None:
        _drop_torn_line(path)
        self._file = path.open("a", encoding="utf-8")
        self._unlocks: deque[float] = deque(maxlen=_REMEMBERED)
        self.outcomes: Counter[Outcome] = Counter()

    def settle(self, settled: Settled) -> None:
        """Write a tap down; a card a reader let in counts for the latency figures."""
        self._file.write(json.dumps(_line(settled)) + "\n")
        self._file.flush()
        self.outcomes[settled.outcome] += 1
        card_at_reader = settled.tap.card is not None and settled.asked
        if settled.outcome is Outcome.GRANTED and card_at_reader:
            self._unlocks.append(settled.took)

    def unlock(self, share: float) -> float | None:
        """Return a quantile of card-to-relay times at readers, in milliseconds."""
        value = quantile(sorted(self._unlocks), share)
        return None if value is None else round(value * 1000, 1)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Read a journal; a last line cut off by a kill does not count."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that this share of sorted values does not exceed."""
    if not ordered:
        return None
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _drop_torn_line(path: Path) -> None:
    """Cut off what a kill left half written, or the next line would join it."""
    written = path.read_bytes() if path.exists() else b""
    if not written.endswith(b"\n") and written:
        os.truncate(path, written.rfind(b"\n") + 1)


def _line(settled: Settled) -> dict[str, str | int | None]:
    tap = settled.tap
    return {
        "tap": tap.number,
        "door": tap.door,
        "card": tap.card,
        "at": _iso(tap.at),
        "outcome": settled.outcome,
        "outcome_at": _iso(settled.at),
        "controller": settled.controller,
        "epoch": settled.epoch,
        "index": settled.index,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
