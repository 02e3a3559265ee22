"""Seven columns: what each counts, and when it does not follow from what is before."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest

from registry.domain.external_filing import ExternalFiling, ExternalKind, ExternalState
from registry.domain.filing import FilingState, LettingMode, RentalFiling
from registry.domain.history import ALWAYS, Source, Version
from registry.domain.house_truth import (
    Column,
    Gap,
    Keys,
    Patience,
    UnitFacts,
    UnitTruth,
    Use,
    read,
)
from registry.domain.occupancy import Basis, Occupancy, OccupancyState, Side
from registry.domain.places import Unit, UnitUse
from registry.domain.rights import RightBasis, RightToLet
from registry.domain.tenancy import Tenancy

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
PATIENCE = Patience(contract_filing=30, confirmation=7, after_end=30)
CLERK = Source("clerk")
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
UNIT = Unit("U", "B", "0101", 1, UnitUse.RENTAL)
RIGHT = RightToLet("R", "L", "U", RightBasis.TITLE, date(2020, 1, 1))
FILING = RentalFiling("F", "U", "L", LettingMode.WHOLE, FilingState.ACCEPTED)
TENANCY = Tenancy("T", "U", None, "L", date(2026, 1, 1), date(2027, 1, 1))
STAY = Occupancy("O", "P", "U", "B", Basis.TENANT, date(2026, 1, 1), tenancy="T")
RECEIPT = ExternalFiling(
    "E",
    ExternalKind.CONTRACT_FILING,
    "U",
    ExternalState.GRANTED,
    tenancy="T",
    on=date(2026, 1, 9),
)
T = TypeVar("T")


def told(*records: T) -> list[Version[T]]:
    return [Version(record, ALWAYS, CLERK, NOON) for record in records]


WHOLE = UnitFacts(
    UNIT,
    told(RIGHT),
    told(replace(FILING, accepted_on=date(2026, 1, 3))),
    [],
    told(TENANCY),
    told(STAY),
    told(RECEIPT),
    Keys(frozenset({"P"}), 2, date(2026, 1, 2)),
    Use(12, TODAY),
)


def truth(**changes: Any) -> UnitTruth:  # noqa: ANN401 - fields of several types
    return read(replace(WHOLE, **changes), TODAY, PATIENCE)


def test_a_house_in_order_has_seven_facts_and_no_gap() -> None:
    whole = truth()
    assert [cell.column for cell in whole.cells] == list(Column)
    assert [cell.count for cell in whole.cells] == [2, 1, 1, 1, 1, 2, 12]
    assert whole.gaps == ()
    right = whole.cells[0]
    assert (right.since, right.source) == (date(2026, 1, 3), CLERK)
    assert whole.cells[4].since == date(2026, 1, 9)


waiting = replace(
    STAY, state=OccupancyState.DECLARED, declared_by=Side.LANDLORD, confirmed_by=None
)


@pytest.mark.parametrize(
    ("changes", "gaps"),
    [
        ({"filings": []}, [Gap.UNFILED]),
        ({"filings": [], "tenancies": []}, [Gap.UNFILED, Gap.NO_CONTRACT]),
        ({"rights": []}, []),
        ({"rights": [], "filings": told(FILING)}, [Gap.NO_RIGHT]),
        (
            {"filings": told(replace(FILING, state=FilingState.LAPSED))},
            [Gap.UNFILED],
        ),
        ({"tenancies": []}, [Gap.NO_CONTRACT]),
        (
            {"occupancies": [], "keys": Keys(frozenset(), 0), "use": Use(0, None)},
            [Gap.NOBODY_DECLARED],
        ),
        ({"elsewhere": []}, [Gap.NOT_FILED_ELSEWHERE]),
        (
            {"elsewhere": told(replace(RECEIPT, state=ExternalState.REFUSED))},
            [Gap.NOT_FILED_ELSEWHERE],
        ),
        ({"elsewhere": told(replace(RECEIPT, state=ExternalState.EXEMPT))}, []),
        (
            {"occupancies": told(replace(waiting, declared_on=TODAY - 8 * DAY))},
            [Gap.UNCONFIRMED, Gap.KEY_UNCONFIRMED],
        ),
        ({"occupancies": told(replace(waiting, declared_on=TODAY - 7 * DAY))}, []),
    ],
)
def test_what_does_not_follow_is_a_gap(
    changes: dict[str, Any], gaps: list[Gap]
) -> None:
    assert list(truth(**changes).gaps) == gaps


def test_what_waits_is_pending_and_no_gap() -> None:
    submitted = replace(FILING, state=FilingState.SUBMITTED, submitted_on=TODAY)
    assert truth(filings=told(submitted)).cells[0].pending
    assert truth(occupancies=told(replace(waiting, declared_on=TODAY))).cells[3].pending
    asked = replace(RECEIPT, state=ExternalState.SUBMITTED)
    assert truth(elsewhere=told(asked)).cells[4].pending


@pytest.mark.parametrize(
    ("days_ago", "gap"),
    [(31, Gap.USED_AFTER_END), (30, Gap.USED_AFTER_END), (29, None), (1, None)],
)
def test_a_card_used_after_the_end_is_asked_about_after_the_grace(
    days_ago: int, gap: Gap | None
) -> None:
    over = replace(STAY, end=TODAY - days_ago * DAY, state=OccupancyState.ENDED)
    past = replace(TENANCY, ended_on=TODAY - days_ago * DAY)
    used = truth(occupancies=told(over), tenancies=told(past)).cells[6]
    assert used.gap is gap


def test_nobody_is_asked_why_an_owner_a_family_or_a_shop_is_there() -> None:
    owner = replace(STAY, basis=Basis.OWNER, tenancy=None)
    family = replace(owner, id="O2", party="Q", basis=Basis.FAMILY)
    home: dict[str, Any] = {
        "rights": [],
        "filings": [],
        "tenancies": [],
        "elsewhere": [],
    }
    assert truth(**home, occupancies=told(owner, family)).gaps == ()
    shop = replace(UNIT, use=UnitUse.SHOP)
    assert Gap.UNFILED not in truth(unit=shop, filings=[]).gaps


def test_used_without_anybody_ever_on_record_is_used_while_empty() -> None:
    empty: dict[str, Any] = {
        "filings": [],
        "tenancies": [],
        "occupancies": [],
        "elsewhere": [],
    }
    assert truth(**empty, keys=Keys(frozenset(), 0)).gaps == (Gap.USED_WHILE_EMPTY,)
    assert truth(**empty, use=Use(0, None)).gaps == ()
