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
    # Types first: true is an integer too. Calls would take longer than all of this.
    return (
        type(kind) is type(at) is type(reason) is type(direction) is type(vague) is int
        and type(granted) is bool
        and kind == PASSAGE
        and FIRST_MOMENT <= at <= LAST_MOMENT
        and 0 <= reason <= LAST_REASON
        and 0 <= direction <= LAST_DIRECTION
        and 0 <= vague <= LARGEST_COUNT
        and _is_name(door)
        and (card is None or (type(card) is int and 0 < card <= LARGEST_CARD_NUMBER))
        and (permit is None or _is_count(permit))
        and (origin is None or _is_origin(origin))
        and (
            told is None or (type(told) is int and FIRST_MOMENT <= told <= LAST_MOMENT)
        )
    )


def _is_count(value: Any) -> bool:  # noqa: ANN401 - the same
    return type(value) is int and 0 <= value <= LARGEST_COUNT


def _is_name(value: Any) -> bool:  # noqa: ANN401 - the same
    return type(value) is str and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def _is_origin(value: Any) -> bool:  # noqa: ANN401 - the same
    if type(value) is not list or len(value) != 3:  # noqa: PLR2004 - fields of an origin
        return False
    controller, epoch, index = value
    return _is_name(controller) and _is_count(epoch) and _is_count(index)
