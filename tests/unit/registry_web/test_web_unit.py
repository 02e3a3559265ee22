from datetime import UTC, date, datetime

from registry.domain.credential import Credential, CredentialState
from registry.domain.hardware import Delivery, Door, DoorStatus
from registry.domain.house import PermitView, UnitDetail, UnitState
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.places import Building, Room, Unit, UnitUse
from registry.domain.tenancy import Tenancy
from registry.web import unit
from registry.web.delivery import permit_rows
from registry.web.words import DELIVERIES

TODAY = date(2026, 11, 23)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2099, 1, 1, tzinfo=UTC)
ACTIVE, LOST = CredentialState.ACTIVE, CredentialState.LOST


def door(number: int, *, online: bool = True) -> DoorStatus:
    place = Door(f"door-{number}", f"reader-{number}", "B", f"{number} 号门")
    return DoorStatus(place, "gateway-1", "osdp", online=online)


def permit(number: int, at: DoorStatus, delivery: Delivery) -> PermitView:
    return PermitView(number, 4_400_001_234, at, THEN, FAR, 3, delivery)


FRONT, BACK = door(1), door(2, online=False)
DETAIL = UnitDetail(
    unit=Unit("B-0302", "B", "0302", 3, UnitUse.RENTAL),
    building=Building("B", "G", "楼", "路", 3),
    state=UnitState.LET_REGISTERED,
    rooms=(Room("B-0302-A", "B-0302", "A"),),
    tenancies=(
        Tenancy("T2", "B-0302", None, None, date(2027, 2, 1), date(2028, 1, 1)),
        Tenancy("T1", "B-0302", "B-0302-A", "L", date(2026, 1, 1), date(2027, 1, 1)),
        Tenancy("T0", "B-0302", None, "X", date(2025, 1, 1), date(2026, 1, 1)),
    ),
    occupancies=(
        Occupancy(
            "O-P1",
            "P1",
            "B-0302",
            "B",
            Basis.TENANT,
            THEN.date(),
            date(2027, 1, 1),
            "T1",
        ),
        Occupancy("O-P2", "P2", "B-0302", "B", Basis.OWNER),
        Occupancy(
            "O-P0", "P0", "B-0302", "B", Basis.TENANT, None, date(2026, 1, 1), "T0"
        ),
    ),
    credentials=(
        Credential(7, 4_400_001_234, "P1", ACTIVE, THEN),
        Credential(8, 4_400_005_678, "P1", LOST, THEN, THEN),
    ),
    permits=(
        permit(1, FRONT, Delivery.ACKNOWLEDGED),
        permit(2, FRONT, Delivery.PUSHED),
        permit(3, BACK, Delivery.WANTED),
    ),
    doors=(FRONT, BACK),
)
NAMES = {"P1": "示*", "L": "东*"}


def test_only_names_that_are_shown_are_asked_for() -> None:
    assert unit.parties(DETAIL, TODAY) == {"P1", "P2", "L"}


def test_tenancies_that_are_over_are_not_shown() -> None:
    running, planned = unit.tenancies(DETAIL, NAMES, TODAY)
    assert (running.tenancy.id, running.room, running.landlord) == ("T1", "A", "东*")
    assert (planned.tenancy.id, planned.room, planned.landlord) == ("T2", None, None)
    assert (running.badge.word, planned.badge.word) == ("租期中", "未开始")


def test_occupants_of_today_are_shown_with_the_cards_in_force() -> None:
    tenant, owner = unit.occupants(DETAIL, NAMES, TODAY)
    assert (tenant.name, tenant.basis, tenant.end) == ("示*", "租客", date(2027, 1, 1))
    assert [(card.id, card.number) for card in tenant.cards] == [(7, "…1234")]
    assert (owner.name, owner.end, owner.cards) == (unit.NAMELESS, None, ())


def test_a_door_is_no_further_than_its_slowest_permit() -> None:
    front, back = unit.deliveries(DETAIL.permits)
    assert (front.door, front.permits) == ("1 号门", 2)
    assert front.badge is DELIVERIES[Delivery.PUSHED]
    assert back.badge is DELIVERIES[Delivery.WANTED]


def test_a_permit_waits_for_a_door_that_is_away() -> None:
    in_force, pushed, wanted = permit_rows(DETAIL.permits)
    assert [r.in_force for r in (in_force, pushed, wanted)] == [True, False, False]
    assert [r.waits_for_door for r in (in_force, pushed, wanted)] == [
        False,
        False,
        True,
    ]
    assert (in_force.card, in_force.open_start, in_force.open_end) == (
        "…1234",
        False,
        True,
    )
