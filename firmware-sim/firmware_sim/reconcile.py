"""The simulator's account of every tap held against the registry's record."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from controller.vocabulary import Reason
from firmware_sim.taps import Outcome

Row = Mapping[str, Any]
"""A line of the journal, or a passage or a span as the registry's API shows it."""

Key = tuple[Any, ...]
Excuse = Callable[[Row], bool]
LATENESS = timedelta(seconds=1)
"""How far apart door and gateway may see one moment: a message takes its time."""


@dataclass(slots=True)
class Account:
    """What was compared: numbers of lost taps and of passages nobody made.

    `unseen` are taps that nobody recorded at a door without a memory, within a span
    in which its gateway says that it may have been used unseen. `delays` are seconds
    from each tap that can be told apart to its recording.
    """

    taps: int = 0
    passages: int = 0
    lost: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    unseen: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Say whether every tap has its passage and every passage its tap."""
        return not self.lost and not self.duplicates


def reconcile(
    taps: Iterable[Row], passages: Iterable[Row], unwatched: Iterable[Row] = ()
) -> Account:
    """Compare taps with passages.

    A tap whose relay moved or refusal was shown has exactly one passage. A tap that
    was never answered may have one. A tap at a door that decides and keeps a record is
    known by that record's index, any other by door and card. What a door without a
    memory did has its passage too, or lies in a span its gateway owned up to.
    """
    taps, passages = list(taps), list(passages)
    account = Account(len(taps), len(passages))
    boards = {tap["controller"] for tap in taps if _is_numbered_by_board(tap)}
    expected = _group(taps, _tap_key)
    found = _group(passages, lambda row: _passage_key(row, boards))
    excused = _excuse(unwatched)
    for key in expected.keys() | found.keys():
        if key:
            _compare(expected.get(key, ()), found.get(key, ()), excused, account)
    for numbers in (account.lost, account.duplicates, account.unseen):
        numbers.sort()
    return account


def _compare(
    taps: Sequence[Row], passages: Sequence[Row], excused: Excuse, account: Account
) -> None:
    spare = sum(tap["outcome"] == Outcome.UNANSWERED for tap in taps)
    certain = not spare
    for granted, outcome in ((True, Outcome.GRANTED), (False, Outcome.REFUSED)):
        settled = [tap for tap in taps if tap["outcome"] == outcome]
        recorded = [row for row in passages if row["granted"] is granted]
        missing = max(0, len(settled) - len(recorded))
        unseen = [tap["tap"] for tap in settled if missing and excused(tap)][:missing]
        heard = [tap for tap in settled if tap["tap"] not in unseen]
        account.unseen += unseen
        account.lost += [tap["tap"] for tap in heard[len(recorded) :]]
        extra = recorded[len(settled) :]
        account.duplicates += [row["number"] for row in extra[spare:]]
        spare = max(0, spare - len(extra))
        if certain and not unseen:
            account.delays += map(_delay, settled, recorded)


def _excuse(unwatched: Iterable[Row]) -> Excuse:
    """Return what says whether a tap lies in a span of its controller."""
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in unwatched:
        since, until = (datetime.fromisoformat(row[end]) for end in ("since", "until"))
        spans[row["controller"]].append((since - LATENESS, until + LATENESS))

    def excused(tap: Row) -> bool:
        at = datetime.fromisoformat(tap["at"])
        own = spans.get(tap["controller"], ()) if tap["index"] is None else ()
        return any(since <= at <= until for since, until in own)

    return excused


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


def _is_numbered_by_board(tap: Row) -> bool:
    """Say whether a record has no epoch of its own: the gateway counts them."""
    return tap["index"] is not None and tap["epoch"] is None


def _passage_key(row: Row, boards: AbstractSet[str]) -> Key | None:
    """Return what tells whose passage this is; None when nobody was at the door."""
    if row["reason"] == Reason.REMOTE_OPEN:
        return None
    if row["controller_index"] is not None:
        name, epoch = row["controller"], row["controller_epoch"]
        if name in boards:
            epoch = None
        return (name, epoch, row["controller_index"], row["card"])
    return (row["door"], row["card"])


def _delay(tap: Row, passage: Row) -> float:
    made, recorded = tap["at"], passage["recorded_at"]
    return (
        datetime.fromisoformat(recorded) - datetime.fromisoformat(made)
    ).total_seconds()
