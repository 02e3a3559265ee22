"""Codes and names of places from elsewhere, and corrections of addresses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from registry.domain.address_corrections import (
    AddressCorrection,
    CorrectionState,
    corrected,
    report,
)
from registry.domain.addresses import (
    AddressAlias,
    CodeScheme,
    ExternalCode,
    Validity,
    alias_faults,
    code_faults,
    double_codes,
    place_of,
    places_called,
    with_code,
)
from registry.domain.errors import Conflict, Fault, Invalid
from registry.domain.places import Building
from tests.support.identifiers import full_width

HOUSE, STATISTICS = CodeScheme.HOUSE, CodeScheme.STATISTICS
NEW_YEAR, SPRING = date(2026, 1, 1), date(2026, 4, 1)
AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
BUILDING = Building("B1", "G001", "1栋", "示例路1号", 6)


def code(
    place: str, start: date | None = None, end: date | None = None
) -> ExternalCode:
    return ExternalCode(place, HOUSE, "F0001", "a list", Validity(start, end))


def reported() -> AddressCorrection:
    return report("K1", BUILDING, "示例路1号之一", by="P1", at=AT)


def test_a_code_goes_from_one_place_to_the_next_on_a_day() -> None:
    codes = with_code([code("B1", end=SPRING)], code("B2", SPRING))
    assert not double_codes(codes)
    assert place_of(codes, HOUSE, "F0001", SPRING - timedelta(days=1)) == "B1"
    assert place_of(codes, HOUSE, "F0001", SPRING) == "B2"
    assert place_of(codes, CodeScheme.TITLE, "F0001", SPRING) is None


@pytest.mark.parametrize(
    "new", [code("B2"), code("B2", NEW_YEAR), code("B2", None, SPRING), code("B1")]
)
def test_one_code_is_never_that_of_two_places_at_once(new: ExternalCode) -> None:
    held = code("B1", None, date(2026, 2, 1))
    with pytest.raises(Conflict, match="that of B1: end it there first"):
        with_code([held], new)
    assert double_codes([held, new]) == [(held, new)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (ExternalCode("B1", HOUSE, "F0001", "a list"), []),
        (ExternalCode("B1", STATISTICS, "440105000000", "a list"), []),
        (ExternalCode("B1", HOUSE, "F" * 200, "s" * 200), []),
        (
            ExternalCode("B1", STATISTICS, "440105", "a list"),
            [("value", Fault.MALFORMED)],
        ),
        (
            ExternalCode("B1", HOUSE, " ", "", Validity(SPRING, NEW_YEAR)),
            [
                ("value", Fault.MISSING),
                ("source", Fault.MISSING),
                ("valid_to", Fault.CONTRADICTION),
            ],
        ),
        (
            ExternalCode("B1", HOUSE, "F" * 201, "a\nlist", Validity(SPRING, SPRING)),
            [
                ("value", Fault.MALFORMED),
                ("source", Fault.MALFORMED),
                ("valid_to", Fault.CONTRADICTION),
            ],
        ),
    ],
)
def test_a_code_by_itself_is_judged_whole(
    changed: ExternalCode, told: list[tuple[str, Fault]]
) -> None:
    assert [(e.field, e.fault) for e in code_faults(changed)] == told


def test_a_name_may_be_shared_and_is_found_however_it_is_written() -> None:
    names = [
        AddressAlias("B1", "旧街 10号 a座", "grid officer"),
        AddressAlias("B2", "旧街10号A座", "grid officer", Validity(None, SPRING)),
    ]
    assert places_called(names, f"旧街{full_width('10')}号A座", NEW_YEAR) == {
        "B1",
        "B2",
    }
    assert places_called(names, "旧街10号A座", SPRING) == {"B1"}
    assert not any(alias_faults(name) for name in names)
    wrong = AddressAlias("B1", "\u3000", "", Validity(SPRING, NEW_YEAR))
    assert [e.field for e in alias_faults(wrong)] == ["text", "source", "valid_to"]
    assert [e.field for e in alias_faults(AddressAlias("B1", "路" * 201, "x"))] == [
        "text"
    ]


def test_a_correction_changes_the_address_and_keeps_the_old_one_as_a_name() -> None:
    correction = reported().confirmed("C1", AT + HOUR)
    building, old = corrected(correction, BUILDING)
    done = correction.applied("C1", AT + 2 * HOUR)
    assert done.state is CorrectionState.APPLIED
    assert building.address == "示例路1号之一"
    assert places_called([old], BUILDING.address, SPRING) == {"B1"}
    with pytest.raises(Conflict):
        corrected(done, building)


def test_a_correction_is_not_made_of_what_has_changed_or_is_not_confirmed() -> None:
    with pytest.raises(Conflict, match="reported, so it cannot be applied"):
        corrected(reported(), BUILDING)
    other, _ = corrected(reported().confirmed("C1", AT), BUILDING)
    with pytest.raises(Conflict, match="has changed since"):
        corrected(reported().confirmed("C1", AT), other)


def test_who_reports_a_correction_does_not_decide_it() -> None:
    with pytest.raises(Conflict, match="does not decide"):
        reported().confirmed("P1", AT)
    with pytest.raises(Conflict, match="does not decide"):
        reported().rejected("P1", AT, "no such number")
    done = reported().confirmed("C1", AT).applied("P1", AT)
    assert done.state is CorrectionState.APPLIED


def test_a_rejection_says_why_and_is_final() -> None:
    for reason in (" ", "x" * 201, "a\nb"):
        with pytest.raises(Invalid):
            reported().rejected("C1", AT, reason)
    assert reported().rejected("C1", AT, "x" * 200).steps[0].reason == "x" * 200
    rejected = reported().confirmed("C1", AT).rejected("C2", AT, " no such number ")
    assert rejected.state is CorrectionState.REJECTED
    assert rejected.steps[-1].reason == "no such number"
    with pytest.raises(Conflict, match="this is final"):
        rejected.confirmed("C1", AT)


@pytest.mark.parametrize("right", ["", " ", "示例路 １号", "路" * 201, "a\nb"])
def test_a_report_gives_another_address(right: str) -> None:
    with pytest.raises(Invalid) as refused:
        report("K1", BUILDING, right, by="P1", at=AT)
    assert [error.field for error in refused.value.fields] == ["address"]
