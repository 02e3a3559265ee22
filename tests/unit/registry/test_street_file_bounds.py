"""Dates and rooms of a street file at the edges of what they may be."""

import pytest

from registry.domain.errors import Fault, Invalid
from registry.domain.street_file import read_street
from tests.support.registry_bench import street

END, ROOM = "$.tenancies[0].end", "$.tenancies[0].room"


def faults(**changes: object) -> dict[str, Fault]:
    """Change the first tenancy of the street; returns its faults by their path."""
    document = street()
    document["tenancies"][0] |= changes
    try:
        read_street(document)
    except Invalid as invalid:
        return {error.field: error.fault for error in invalid.fields}
    return {}


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("2000-01-01", "2000-01-02", []),
        ("2000-01-01", "2098-12-31", []),
        ("2000-01-01", "2000-01-01", ["end"]),
        ("2020-05-01", "2000-01-01", ["end"]),
        ("2026-03-01", "2026-03-01", ["end"]),
        ("1999-12-31", "2000-01-01", ["start"]),
        ("2098-12-30", "2099-01-01", ["end"]),
        ("1999-12-31", "2099-01-01", ["start", "end"]),
        ("2000-1-1", "2000-01-01", ["start"]),
        ("0001-01-01", "2026-01-01", ["start"]),
    ],
)
def test_a_tenancy_ends_after_it_starts_on_the_first_day_on_record_too(
    start: str, end: str, wrong: list[str]
) -> None:
    expected = {f"$.tenancies[0].{name}": Fault.MALFORMED for name in wrong}
    assert faults(start=start, end=end) == expected


@pytest.mark.parametrize(
    ("unit", "room", "kind"),
    [
        ("B1-0202", None, None),
        ("B1-0202", "B1-0202-A", None),
        ("B1-0202", "B1-0202-B", None),
        ("B1-0201", "B1-0202-A", Fault.MALFORMED),
        ("B1-0202", "B1-0202-C", Fault.UNKNOWN),
        ("B1-0202", "", Fault.MALFORMED),
        ("B1-0202", 7, Fault.MALFORMED),
    ],
)
def test_a_room_is_one_of_the_unit_that_is_let(
    unit: str, room: object, kind: Fault | None
) -> None:
    assert faults(unit=unit, room=room) == ({} if kind is None else {ROOM: kind})


def test_what_is_wrong_with_the_room_does_not_hide_the_rest() -> None:
    told = faults(room="B1-0202-A", end="2001-01-01", filed=None)
    assert list(told) == [END, ROOM, "$.tenancies[0].filed"]
