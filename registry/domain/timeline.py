"""What happened at a unit or a door, newest first."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.vocabulary import Direction, Reason
from registry.domain.credential import CardState, Credential
from registry.domain.occupancy import Occupancy
from registry.domain.permits import FAR_PAST, midnight
from registry.domain.policy import Policy
from registry.domain.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class RecordedPassage:
    """A passage as stored, attributed as things stood at its time.

    `own` says whether the gateway that told it had the door.
    """

    number: int
    gateway: str
    epoch: int
    seq: int
    door: str
    at: datetime
    recorded_at: datetime
    granted: bool
    reason: Reason
    direction: Direction
    card: int | None
    card_state: CardState | None
    credential: int | None
    party: str | None
    unit: str | None
    permit: int | None
    controller: str | None
    controller_epoch: int | None
    controller_index: int | None
    uncertainty: float = 0.0
    own: bool = True


@dataclass(frozen=True, slots=True)
class RecordedGap:
    """Events a controller lost, known to be missing."""

    number: int
    door: str | None
    controller: str
    first: int
    last: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class RecordedUnwatched:
    """A span in which nobody heard a controller that keeps no record of its own."""

    number: int
    door: str | None
    controller: str
    since: datetime
    until: datetime
    recorded_at: datetime


PASSAGE = "p"
MOST_PASSAGES = 2**63 - 1
PASSAGE_KEY = re.compile(r"p[0-9]{19}")


class EntryKind(StrEnum):
    """What an entry of a timeline tells."""

    GRANTED = "granted"
    REFUSED = "refused"
    GAP = "gap"
    UNWATCHED = "unwatched"
    TENANCY_STARTED = "tenancy_started"
    TENANCY_ENDED = "tenancy_ended"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    CARD_ISSUED = "card_issued"
    CARD_ENDED = "card_ended"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line: when, what, and the records it rests on."""

    at: datetime
    kind: EntryKind
    key: str
    party: str | None = None
    card: int | None = None
    door: str | None = None
    unit: str | None = None
    passage: RecordedPassage | None = None
    gap: RecordedGap | None = None
    unwatched: RecordedUnwatched | None = None
    tenancy: Tenancy | None = None
    credential: Credential | None = None

    @property
    def place(self) -> tuple[datetime, str]:
        """Where the entry stands in its timeline."""
        return self.at, self.key


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries; `next` is the cursor of the page after, if there is one."""

    entries: tuple[TimelineEntry, ...]
    next: str | None


def before_passages(place: tuple[datetime, str]) -> tuple[datetime, int]:
    """Return the passage number a place stands at, among those of its moment."""
    at, key = place
    if PASSAGE_KEY.fullmatch(key):
        return at, min(int(key[1:]), MOST_PASSAGES)
    return at, MOST_PASSAGES if key > PASSAGE else 0


def of_passage(passage: RecordedPassage) -> TimelineEntry:
    """Return the entry of a passage."""
    return TimelineEntry(
        at=passage.at,
        kind=EntryKind.GRANTED if passage.granted else EntryKind.REFUSED,
        key=f"{PASSAGE}{passage.number:019d}",
        party=passage.party,
        card=passage.card,
        door=passage.door,
        unit=passage.unit,
        passage=passage,
    )


def of_gap(gap: RecordedGap) -> TimelineEntry:
    """Return the entry of a gap, placed when it became known."""
    return TimelineEntry(
        at=gap.recorded_at,
        kind=EntryKind.GAP,
        key=f"g{gap.number:020d}",
        door=gap.door,
        gap=gap,
    )


def of_unwatched(span: RecordedUnwatched) -> TimelineEntry:
    """Return the entry of an unwatched span, placed where it ended."""
    return TimelineEntry(
        at=min(span.until, span.recorded_at),
        kind=EntryKind.UNWATCHED,
        key=f"u{span.number:020d}",
        door=span.door,
        unwatched=span,
    )


def of_tenancy(tenancy: Tenancy, policy: Policy) -> list[TimelineEntry]:
    """Return when a tenancy starts and when it ends."""
    days = (
        (tenancy.start, EntryKind.TENANCY_STARTED),
        (tenancy.until, EntryKind.TENANCY_ENDED),
    )
    return [
        TimelineEntry(
            at=midnight(day, policy),
            kind=kind,
            key=f"t{tenancy.id}{kind}",
            unit=tenancy.unit,
            tenancy=tenancy,
        )
        for day, kind in days
        if day is not None
    ]


def of_occupancy(occupancy: Occupancy, policy: Policy) -> list[TimelineEntry]:
    """Return when somebody moves in and out, as far as it is known."""
    days = (
        (occupancy.start, EntryKind.MOVED_IN),
        (occupancy.end, EntryKind.MOVED_OUT),
    )
    return [
        TimelineEntry(
            at=midnight(day, policy),
            kind=kind,
            key=f"o{occupancy.id}{kind}",
            party=occupancy.party,
            unit=occupancy.unit,
        )
        for day, kind in days
        if day is not None
    ]


def of_credential(credential: Credential) -> list[TimelineEntry]:
    """Return when a card was issued, if that is on record, and when it ended."""
    moments = (
        (credential.issued_at, EntryKind.CARD_ISSUED),
        (credential.ended_at, EntryKind.CARD_ENDED),
    )
    return [
        TimelineEntry(
            at=moment,
            kind=kind,
            key=f"c{credential.id:020d}{kind}",
            party=credential.party,
            card=credential.card,
            credential=credential,
        )
        for moment, kind in moments
        if moment is not None and moment > FAR_PAST
    ]


def page(
    entries: Iterable[TimelineEntry],
    now: datetime,
    before: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Sequence[TimelineEntry], bool]:
    """Return the newest entries before a place, and whether there are more.

    What is planned after `now` is left out; a passage is never hidden by its clock.
    """
    past = [
        entry
        for entry in entries
        if (entry.passage is not None or entry.at <= now)
        and (before is None or entry.place < before)
    ]
    past.sort(key=lambda entry: entry.place, reverse=True)
    return past[:limit], len(past) > limit
