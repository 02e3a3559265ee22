"""Passages as plain rows: read as strictly as lines are, at several times the pace."""

from typing import Any, TypeAlias

import cbor2

from controller.cbor import FIRST_MOMENT, LAST_MOMENT, LONGEST_NAME, unpack
from controller.encoding import (
    DIRECTIONS,
    LARGEST_COUNT,
    PASSAGE,
    REASONS,
    read_entry,
)
from controller.uplink.formats import LONGEST_ENTRY
from controller.vocabulary import (
    LARGEST_CARD_NUMBER,
    AlarmChange,
    Gap,
    Passage,
    Unwatched,
)

PassageRow: TypeAlias = list[Any]
"""Kind, door, time, granted, index of the reason, card, permit, index of the
direction, [controller, epoch, index], the controller's time and the uncertainty.

Times and the uncertainty are microseconds; what is not known is None."""
CARD = 5
"""Where the card is in a row."""
LAST_REASON, LAST_DIRECTION = len(REASONS) - 1, len(DIRECTIONS) - 1


OtherEntry: TypeAlias = Gap | AlarmChange | Unwatched


def read_line(line: bytes) -> PassageRow | OtherEntry:
    """Read a line somebody has signed for, or raise MessageRefused."""
    row = _quickly(line)
    if row is not None:
        return row
    value: Any = unpack(line, LONGEST_ENTRY)
    entry = read_entry(value)
    return value if isinstance(entry, Passage) else entry


def _quickly(line: bytes) -> PassageRow | None:
    """Read a passage as a general decoder does, and see whether it is spelled so.

    A decoder may follow tags before they are refused here. None says only that the
    strict reader has to look.
    """
    try:
        row = cbor2.loads(line)
        return row if _plain(row) and cbor2.dumps(row, canonical=True) == line else None
    except Exception:  # noqa: BLE001 - whatever a tag breaks, the strict reader names it
        return None


def _plain(row: Any) -> bool:  # noqa: ANN401 - anything a decoder makes
    if type(row) is not list or len(row) != 11:  # noqa: PLR2004 - the fields of a passage
        return False
    kind, door, at, granted, reason, card, permit, direction, origin, told, vague = row
    return (
        type(kind) is int
        and kind == PASSAGE
        and _is_name(door)
        and _within(at, FIRST_MOMENT, LAST_MOMENT)
        and type(granted) is bool
        and _within(reason, 0, LAST_REASON)
        and (card is None or _within(card, 1, LARGEST_CARD_NUMBER))
        and (permit is None or _within(permit, 0, LARGEST_COUNT))
        and _within(direction, 0, LAST_DIRECTION)
        and (origin is None or _is_origin(origin))
        and (told is None or _within(told, FIRST_MOMENT, LAST_MOMENT))
        and _within(vague, 0, LARGEST_COUNT)
    )


def _within(value: Any, least: int, largest: int) -> bool:  # noqa: ANN401 - the same
    return type(value) is int and least <= value <= largest


def _is_name(value: Any) -> bool:  # noqa: ANN401 - the same
    return type(value) is str and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def _is_origin(value: Any) -> bool:  # noqa: ANN401 - the same
    if type(value) is not list or len(value) != 3:  # noqa: PLR2004 - fields of an origin
        return False
    controller, epoch, index = value
    return (
        _is_name(controller)
        and _within(epoch, 0, LARGEST_COUNT)
        and _within(index, 0, LARGEST_COUNT)
    )
