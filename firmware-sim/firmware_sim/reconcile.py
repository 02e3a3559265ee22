"""The simulator's account of every tap held against the registry's record."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from controller.vocabulary import Reason
from firmware_sim.taps import Outcome

Row = Mapping[str, Any]
"""A line of the journal, or a passage as the registry's API shows it."""

Key = tuple[Any, ...]


@dataclass(slots=True)
class Account:
    """What was compared: numbers of lost taps and of passages nobody made.

    `delays` are seconds from each tap that can be told apart to its recording.
    """

    taps: int = 0
    passages: int = 0
    lost: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Say whether every tap has its passage and every passage its tap."""
        return not self.lost and not self.duplicates


def reconcile(taps: Iterable[Row], passages: Iterable[Row]) -> Account:
    """Compare taps with passages.

    A tap whose relay moved or refusal was shown has exactly one passage. A tap that
    was never answered may have one. A smart door's tap is known by its record's
    index, a reader's by door and card.
    """
    taps, passages = list(taps), list(passages)
    account = Account(len(taps), len(passages))
    expected, found = _group(taps, _tap_key), _group(passages, _passage_key)
    for key in expected.keys() | found.keys():
        if key:
            _compare(expected.get(key, ()), found.get(key, ()), account)
    account.lost.sort()
    account.duplicates.sort()
    return account


def _compare(taps: Sequence[Row], passages: Sequence[Row], account: Account) -> None:
    spare = sum(tap["outcome"] == Outcome.UNANSWERED for tap in taps)
    certain = not spare
    for granted, outcome in ((True, Outcome.GRANTED), (False, Outcome.REFUSED)):
        settled = [tap for tap in taps if tap["outcome"] == outcome]
        recorded = [row for row in passages if row["granted"] is granted]
        account.lost += [tap["tap"] for tap in settled[len(recorded) :]]
        extra = recorded[len(settled) :]
        account.duplicates += [row["number"] for row in extra[spare:]]
        spare = max(0, spare - len(extra))
        if certain:
            account.delays += map(_delay, settled, recorded)


def _group(
    rows: Iterable[Row], key: Callable[[Row], Key | None]
) -> dict[Key | None, list[Row]]:
    groups: dict[Key | None, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: datetime.fromisoformat(row["at"])):
        groups[key(row)].append(row)
    return groups


def _tap_key(tap: Row) -> Key | None:
    if tap["index"] is not None:
        return (tap["controller"], tap["epoch"], tap["index"], tap["card"])
    return (tap["door"], tap["card"])


def _passage_key(row: Row) -> Key | None:
    """Return what tells whose passage this is; None when nobody was at the door."""
    if row["reason"] == Reason.REMOTE_OPEN:
        return None
    if row["controller_index"] is not None:
        return (
            row["controller"],
            row["controller_epoch"],
            row["controller_index"],
            row["card"],
        )
    return (row["door"], row["card"])


def _delay(tap: Row, passage: Row) -> float:
    made, recorded = tap["at"], passage["recorded_at"]
    return (
        datetime.fromisoformat(recorded) - datetime.fromisoformat(made)
    ).total_seconds()
