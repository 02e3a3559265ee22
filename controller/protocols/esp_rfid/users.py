"""Permits as the device's users, and what a device cannot hold.

A uid is the card number in lower-case hexadecimal without leading zeros, as the
device writes what a Wiegand reader sends while "hex" is on, which is its default.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from controller.cbor import EPOCH, MICROSECOND
from controller.protocols.esp_rfid.messages import LARGEST_TIME, LONGEST_NAME, User
from controller.schedule import DAYS_PER_WEEK, MINUTES_PER_DAY, WeeklyProfile
from controller.vocabulary import CardNumber, Permit, PermitId

CAPACITY = 1000
"""Users a device holds, by its makers' account."""
MARK = "menhu-"
"""How the name of a user of ours begins; permit ids follow, never a person's name."""
OPENS_FIRST_RELAY = (1, 0, 0, 0)
SECOND = 1_000_000 * MICROSECOND
_UID = re.compile(r"[0-9a-fA-F]{1,16}")
_ONE_PERMIT = re.compile(rf"{MARK}([0-9]{{1,18}})")

Users = Mapping[str, User]
Span = tuple[int, int, PermitId]
"""The first and the last second a permit holds."""


def uid_of(card: CardNumber) -> str:
    """Return how the device writes a card number."""
    return f"{card.value:x}"


def card_of(uid: str) -> CardNumber | None:
    """Return the number a uid stands for, None for anything else."""
    number = int(uid, 16) if _UID.fullmatch(uid) else 0
    return CardNumber(number) if number else None


def is_ours(user: User) -> bool:
    """Say whether we made a user."""
    return user.name.startswith(MARK)


def permit_of(name: str) -> PermitId | None:
    """Return the permit a user's name stands for, if it is a single one."""
    match = _ONE_PERMIT.fullmatch(name)
    return PermitId(int(match[1])) if match else None


def users_of(permits: Iterable[Permit]) -> tuple[dict[str, User], dict[PermitId, str]]:
    """Return permits as users by uid, and why some cannot be held.

    A device holds one span of time for a card and no hours of a week. Spans that
    touch become one; of several apart it holds the earliest.
    """
    users: dict[str, User] = {}
    left_out: dict[PermitId, str] = {}
    by_card: dict[CardNumber, list[Span]] = {}
    for permit in permits:
        since, until = _whole_seconds(permit)
        if permit.profile is not None and not _is_always(permit.profile):
            left_out[permit.id] = "it has hours of the week"
        elif since > until:
            left_out[permit.id] = "it holds for no second the device can count"
        else:
            spans = by_card.setdefault(permit.card, [])
            spans.append((since, until, permit.id))
    for card, spans in by_card.items():
        held, later = _merge(sorted(spans))
        why = f"card {card} has an earlier span of time"
        left_out.update((identity, why) for _, _, identity in later)
        uid, until = uid_of(card), max(end for _, end, _ in held)
        name = _name([identity for _, _, identity in held])
        users[uid] = User(uid, name, OPENS_FIRST_RELAY, held[0][0], until)
    return users, left_out


def _merge(spans: list[Span]) -> tuple[list[Span], list[Span]]:
    """Part spans in order into those that touch one after the other, and the rest."""
    until = spans[0][1]
    for place, (since, end, _) in enumerate(spans):
        if since > until + 1:
            return spans[:place], spans[place:]
        until = max(until, end)
    return spans, []


def _name(held: list[PermitId]) -> str:
    name = MARK + ".".join(map(str, sorted(held)))
    return name if len(name) <= LONGEST_NAME else MARK + "several"


def _whole_seconds(permit: Permit) -> tuple[int, int]:
    """Return the first and the last whole second a permit holds; never too many."""
    since, end = _ceiling(permit.validity.start), _ceiling(permit.validity.end)
    return max(since, 0), min(end - 1, LARGEST_TIME)


def _ceiling(moment: datetime) -> int:
    return -((EPOCH - moment) // SECOND)


def _is_always(profile: WeeklyProfile) -> bool:
    whole = {h.weekday for h in profile.hours if h.closes - h.opens == MINUTES_PER_DAY}
    return len(whole) == DAYS_PER_WEEK
