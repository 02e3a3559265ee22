"""Which card may open which door, derived from who lives where."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from controller.cbor import microseconds
from controller.schedule import Validity
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId
from registry.domain.credential import Credential
from registry.domain.deadlines.arithmetic import start_of
from registry.domain.grant import Grant
from registry.domain.hardware import Door
from registry.domain.occupancy import Occupancy
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key

FAR_PAST = datetime(2000, 1, 1, tzinfo=UTC)
FAR_FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
"""The years controllers can store (UHPPOTE date fields hold four digits)."""


@dataclass(frozen=True, slots=True)
class PermitChange:
    """What to take away and what to put, in this order."""

    removed: frozenset[PermitId]
    put: frozenset[Permit]

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.removed or self.put)


def derive(  # noqa: PLR0913 - all a permit follows from, and nothing else
    occupancies: Iterable[Occupancy],
    credentials: Iterable[Credential],
    doors: Iterable[Door],
    policy: Policy,
    now: datetime,
    *,
    grants: Iterable[Grant] = (),
) -> frozenset[Permit]:
    """Return the permits that should be in force or will be, as of `now`.

    What several occupancies and grants say of one card at one door becomes one permit
    where they touch. What has ended, with its grace, is left out. Filings, contracts
    and the answers of other offices are no arguments: none opens or shuts a door.
    """
    doors_of: dict[str, list[str]] = defaultdict(list)
    for door in doors:
        doors_of[door.building].append(door.id)
    windows: dict[str, dict[str, list[Validity]]] = defaultdict(
        lambda: defaultdict(list)
    )
    rights = [
        *((o.party, validity_of(o, policy), doors_of[o.building]) for o in occupancies),
        *((g.party, g.validity, g.doors_among(doors_of[g.building])) for g in grants),
    ]
    for party, window, opened in rights:
        if window is not None and now < window.end:
            for door_id in opened:
                windows[party][door_id].append(window)
    return frozenset(
        _permit(credential.card, door_id, window)
        for credential in credentials
        if credential.opens
        for door_id, spans in windows.get(credential.party, {}).items()
        for window in _merged(spans)
    )


def diff(current: Iterable[Permit], desired: Iterable[Permit]) -> PermitChange:
    """Return what turns the current set into the desired one; the same is left."""
    have = {permit.id: permit for permit in current}
    want = {permit.id: permit for permit in desired}
    return PermitChange(
        frozenset(have.keys() - want.keys()),
        frozenset(permit for id_, permit in want.items() if have.get(id_) != permit),
    )


def validity_of(occupancy: Occupancy, policy: Policy) -> Validity | None:
    """Return when doors open for an occupancy: until its end and the grace after.

    None when nobody vouched for it, or when it ends before it starts. The grace
    is the one in force on its last day.
    """
    if not occupancy.opens:
        return None
    start, end = FAR_PAST, FAR_FUTURE
    if occupancy.start is not None:
        start = max(start, midnight(occupancy.start, policy))
    if occupancy.end is not None:
        moved_out = midnight(occupancy.end, policy)
        if moved_out <= start:
            return None
        end = min(end, moved_out + grace_after(occupancy, occupancy.end, policy))
    return Validity(start, end) if start < end else None


def grace_after(occupancy: Occupancy, end: date, policy: Policy) -> timedelta:
    """Return how long doors open after the end: less for who said that they left."""
    left = occupancy.left_by_own_word
    key = Key.BELONGINGS_GRACE if left else Key.DOOR_GRACE
    return policy.in_force(key, end).period


def midnight(day: date, policy: Policy) -> datetime:
    """Return when a day begins in the street, in UTC."""
    return start_of(day, policy.zone)


def _merged(windows: list[Validity]) -> list[Validity]:
    """Join windows that overlap or touch."""
    merged: list[Validity] = []
    for window in sorted(windows, key=lambda w: w.start):
        if merged and window.start <= merged[-1].end:
            last = merged.pop()
            merged.append(Validity(last.start, max(last.end, window.end)))
        else:
            merged.append(window)
    return merged


def _permit(card: int, door: str, window: Validity) -> Permit:
    """Return a permit whose id follows from card, door and start alone."""
    seed = f"{card}|{door}|{microseconds(window.start)}".encode()
    number = int.from_bytes(hashlib.sha256(seed).digest()[:8]) >> 1
    return Permit(PermitId(number), CardNumber(card), DoorId(door), window)
