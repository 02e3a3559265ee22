"""The policy book: what it starts with, what counts on a day, how it is added to."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Fault, Invalid, NotFound
from registry.domain.policy import Policy
from registry.domain.policy.book import PolicyBook
from registry.domain.policy.form import LARGEST_AMOUNT, PolicyForm, read
from registry.domain.policy.keys import DUTIES, Key
from registry.domain.policy.seeded import meanings, seeded
from registry.domain.policy.value import (
    OURS,
    PERIODS,
    Jurisdiction,
    PolicyValue,
    Unit,
    Verification,
)
from registry.domain.registration import FIRST_YEAR, LAST_YEAR
from tests.support.policy_values import FIRST_DAY, value

KEY = Key.LEASE_FILING
TODAY = date(2026, 6, 1)
MIDNIGHT = datetime.fromisoformat("2026-01-02T00:00:00+08:00")
FIRST, LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


def test_every_key_has_a_meaning_and_a_value_with_its_source() -> None:
    book = seeded()
    assert set(meanings()) == set(Key) == {each.key for each in book.values}
    for each in book.values:
        house = each.verification is Verification.HOUSE_RULE
        assert house is (each.jurisdiction is Jurisdiction.STREET), each
        assert house is each.source.startswith("street's own rule"), each
        assert each.amount > 0
        assert each.verification is not Verification.PARTIAL_TEXT or each.caution


@pytest.mark.parametrize(
    ("key", "amount", "unit"),
    [
        (Key.LEASE_FILING, 30, Unit.CALENDAR_DAYS),
        (Key.OCCUPANT_REPORT, 3, Unit.WORKING_DAYS),
        (Key.FOREIGNER_REPORT, 24, Unit.HOURS),
        (Key.PERMIT_AFTER, 183, Unit.CALENDAR_DAYS),
        (Key.ENDORSEMENT_WINDOW, 1, Unit.MONTHS),
        (Key.DEPOSIT_WARN, 3, Unit.NUMBER),
        (Key.LARGE_HOUSE_ROOMS, 10, Unit.NUMBER),
        (Key.LARGE_HOUSE_BEDS, 30, Unit.NUMBER),
        (Key.REMINDER_FIRST, 90, Unit.CALENDAR_DAYS),
        (Key.REMINDER_SECOND, 30, Unit.CALENDAR_DAYS),
        (Key.REMINDER_LAST, 7, Unit.CALENDAR_DAYS),
        (Key.LEASE_END_GRACE, 30, Unit.CALENDAR_DAYS),
        (Key.DOOR_GRACE, 14, Unit.CALENDAR_DAYS),
        (Key.BELONGINGS_GRACE, 72, Unit.HOURS),
        (Key.TRANSFER_GRACE, 21, Unit.CALENDAR_DAYS),
        (Key.EVENT_IDENTIFIABLE, 90, Unit.CALENDAR_DAYS),
    ],
)
def test_the_register_starts_with(key: Key, amount: int, unit: Unit) -> None:
    found = seeded().in_force(key, TODAY)
    assert (found.amount, found.unit, found.enforced) == (amount, unit, True)


def test_what_no_source_of_ours_says_is_on_record_and_off() -> None:
    off = {each.key for each in seeded().values if not each.enforced}
    assert off == {Key.MIN_AREA_PER_PERSON, Key.MAX_PER_ROOM}
    area = seeded().in_force(Key.MIN_AREA_PER_PERSON, TODAY)
    assert (area.amount, area.unit) == (5, Unit.SQUARE_METRES)


def test_a_value_unknown_on_a_day_names_key_and_day() -> None:
    book = seeded()
    with pytest.raises(NotFound, match=r"occupant_report .* 2012-09-30"):
        book.in_force(Key.OCCUPANT_REPORT, date(2012, 9, 30))
    assert book.in_force(Key.OCCUPANT_REPORT, date(2012, 10, 1)).amount == 3


def test_rules_of_other_places_are_shown_and_never_count() -> None:
    book = seeded()
    (elsewhere,) = book.history(Key.RESIDENCE_REGISTRATION)
    assert elsewhere.jurisdiction is Jurisdiction.HANGZHOU
    with pytest.raises(NotFound, match="residence_registration"):
        book.in_force(Key.RESIDENCE_REGISTRATION, TODAY)
    places = {each.jurisdiction for each in book.history(Key.OCCUPANT_REPORT)}
    assert places == {Jurisdiction.GUANGDONG, Jurisdiction.ZHUHAI}


def test_a_later_value_counts_from_its_day_and_until_its_end() -> None:
    book = PolicyBook([value(1), value(2, valid_from=TODAY)])
    spring = value(3, valid_from=date(2027, 1, 1), valid_to=date(2027, 2, 1))
    wider = book.added([spring])
    days = [date(2026, 5, 31), TODAY, date(2027, 1, 1), date(2027, 2, 1)]
    assert [wider.in_force(KEY, day).amount for day in days] == [1, 2, 3, 2]
    assert book.in_force(KEY, date(2027, 1, 1)).amount == 2, "a book never changes"


def test_the_nearest_place_counts_and_then_what_was_recorded_last() -> None:
    places = [value(n, jurisdiction=place) for n, place in enumerate(reversed(OURS))]
    old = replace(places[0], valid_from=FIRST_DAY - timedelta(days=1), amount=9)
    assert PolicyBook([*places, old]).in_force(KEY, TODAY) is places[0]
    corrected = replace(places[0], amount=7)
    assert PolicyBook([*places, corrected]).in_force(KEY, TODAY) is corrected


days = st.dates(date(2026, 1, 1), date(2026, 1, 20))
values = st.builds(
    value,
    st.integers(0, 9),
    valid_from=days,
    valid_to=st.none() | days,
    jurisdiction=st.sampled_from(Jurisdiction),
)


@given(st.lists(values, max_size=8), days)
def test_what_counts_is_the_nearest_the_latest_and_the_last(
    recorded: list[PolicyValue], day: date
) -> None:
    candidates = [
        (OURS.index(each.jurisdiction), each.valid_from, number)
        for number, each in enumerate(recorded)
        if each.jurisdiction in OURS
        and each.valid_from <= day
        and (each.valid_to is None or each.valid_to > day)
    ]
    book = PolicyBook(recorded)
    expected = recorded[max(candidates)[2]] if candidates else None
    assert book.known(KEY, day) == expected
    assert sorted(book.history(KEY), key=repr) == sorted(recorded, key=repr)


@given(st.dates(FIRST, LAST))
def test_what_doors_and_pages_need_is_known_on_every_day(day: date) -> None:
    policy = Policy()
    for key in (Key.DOOR_GRACE, Key.DUE_WINDOW):
        assert policy.in_force(key, day).period == timedelta(
            days=policy.in_force(key, day).days
        )


def form(**changes: Any) -> PolicyForm:  # noqa: ANN401 - fields of several types
    fields: dict[str, Any] = {
        "key": "door_grace",
        "amount": "21",
        "valid_from": "2027-01-01",
        "source": "street's own rule: three weeks",
        "operator": "operator",
        "reason": "decided today",
    }
    return PolicyForm(**(fields | changes))


def faults(typed: PolicyForm) -> dict[str, Fault]:
    with pytest.raises(Invalid) as caught:
        read(typed, seeded(), "cli")
    assert all(each.remedy for each in caught.value.fields)
    return {each.field: each.fault for each in caught.value.fields}


def test_a_form_of_the_streets_own_is_a_house_rule_in_the_unit_so_far() -> None:
    recorded, responsible = read(form(amount=" 21 "), seeded(), "cli")
    assert recorded == value(
        21,
        key=Key.DOOR_GRACE,
        valid_from=date(2027, 1, 1),
        source="street's own rule: three weeks",
    )
    assert responsible.signature == "operator via cli"


def test_a_law_that_nobody_checked_is_unverified() -> None:
    law = form(
        key="occupant_report",
        amount="24",
        unit="hours",
        jurisdiction="guangzhou",
        valid_to="2030-01-01",
        enforced=False,
    )
    recorded, _ = read(law, seeded(), "cli")
    assert recorded.verification is Verification.UNVERIFIED
    assert (recorded.unit, recorded.valid_to) == (Unit.HOURS, date(2030, 1, 1))
    assert not recorded.enforced


def test_every_fault_is_told_at_once() -> None:
    empty = PolicyForm("", "", "", "", "", "", jurisdiction="mars", verification="x")
    assert faults(empty) == {
        "key": Fault.UNKNOWN,
        "jurisdiction": Fault.UNKNOWN,
        "valid_from": Fault.MALFORMED,
        "amount": Fault.MALFORMED,
        "source": Fault.MISSING,
        "operator": Fault.MISSING,
        "reason": Fault.MISSING,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": "-1"}, {"amount": Fault.MALFORMED}),
        ({"amount": str(LARGEST_AMOUNT + 1)}, {"amount": Fault.MALFORMED}),
        ({"amount": "1" * 5000}, {"amount": Fault.MALFORMED}),
        ({"amount": "\uff12\uff11"}, {"amount": Fault.MALFORMED}),
        ({"amount": "1.5"}, {"amount": Fault.MALFORMED}),
        ({"valid_from": "2026-02-30"}, {"valid_from": Fault.MALFORMED}),
        ({"valid_to": "2027-01-01"}, {"valid_to": Fault.CONTRADICTION}),
        ({"valid_to": "soon"}, {"valid_to": Fault.MALFORMED}),
        ({"source": "a\nb"}, {"source": Fault.MALFORMED}),
        ({"source": "a" * 201}, {"source": Fault.MALFORMED}),
        ({"unit": "hours"}, {"unit": Fault.CONTRADICTION}),
        ({"unit": "fortnights"}, {"unit": Fault.UNKNOWN}),
        ({"jurisdiction": "zhuhai"}, {"jurisdiction": Fault.UNKNOWN}),
        ({"verification": "official_text"}, {"verification": Fault.CONTRADICTION}),
        (
            {"jurisdiction": "china", "verification": "house_rule"},
            {"verification": Fault.CONTRADICTION},
        ),
        ({"key": "residence_registration"}, {"unit": Fault.MISSING}),
    ],
)
def test_a_form_is_refused(
    changes: dict[str, object], expected: dict[str, Fault]
) -> None:
    assert faults(form(**changes)) == expected


@pytest.mark.parametrize("key", sorted(DUTIES))
def test_a_deadline_may_be_counted_in_any_unit_of_time(key: Key) -> None:
    for unit in PERIODS:
        assert read(form(key=key, unit=unit), seeded(), "cli")[0].unit is unit
    assert faults(form(key=key, unit="number")) == {"unit": Fault.CONTRADICTION}


def test_the_policy_reads_today_in_the_street() -> None:
    def clock(hour: int) -> Policy:
        tomorrow = value(21, key=Key.DOOR_GRACE, valid_from=date(2026, 1, 2))
        policy = Policy(clock=lambda: MIDNIGHT + timedelta(hours=hour))
        policy.take(policy.book.added([tomorrow]))
        return policy

    assert clock(-1).door_grace.days == 14
    assert clock(0).door_grace.days == 21
