"""A unit's register as the panel shows it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from registry.domain.credential import Credential
from registry.domain.hardware import Delivery
from registry.domain.house import PermitView, UnitDetail
from registry.domain.tenancy import Tenancy, TenancyState
from registry.web.timeline import masked
from registry.web.words import BASES, DELIVERIES, TENANCY_STATES, Badge

NAMELESS = "姓名未登记"
ORDER = tuple(Delivery)
OVER = (TenancyState.ENDED, TenancyState.RENEWED)


@dataclass(frozen=True, slots=True)
class Card:
    """A card in force; the number shows its last digits only."""

    id: int
    number: str


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody who lives in the unit, by a masked name."""

    name: str
    basis: str
    end: date | None
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class TenancyFacts:
    """A tenancy that runs or will."""

    tenancy: Tenancy
    badge: Badge
    room: str | None
    landlord: str | None


@dataclass(frozen=True, slots=True)
class DoorDelivery:
    """How many of the unit's permits a door should have and the least advanced."""

    door: str
    permits: int
    badge: Badge


def frame(detail: UnitDetail) -> dict[str, object]:
    """Return what every page about a unit says of it."""
    place = f"{detail.building.name} {detail.unit.number} 房"
    return {"section": "street", "unit": detail.unit, "place": place}


def parties(detail: UnitDetail, today: date) -> set[str]:
    """Return whose names the panel shows."""
    living = {o.party for o in detail.occupancies if o.holds(today)}
    return living | {t.landlord for t in current(detail, today) if t.landlord}


def current(detail: UnitDetail, today: date) -> list[Tenancy]:
    """Return the tenancies that run or are planned, the earliest first."""
    shown = [t for t in detail.tenancies if t.state(today) not in OVER]
    return sorted(shown, key=lambda tenancy: tenancy.start)


def tenancies(
    detail: UnitDetail, names: Mapping[str, str], today: date
) -> list[TenancyFacts]:
    """Return the facts of every tenancy that is not over."""
    rooms = {room.code: room.name for room in detail.rooms}
    return [
        TenancyFacts(
            tenancy=tenancy,
            badge=TENANCY_STATES[tenancy.state(today)],
            room=rooms.get(tenancy.room or ""),
            landlord=names.get(tenancy.landlord or ""),
        )
        for tenancy in current(detail, today)
    ]


def occupants(
    detail: UnitDetail, names: Mapping[str, str], today: date
) -> list[Occupant]:
    """Return who lives in the unit today and the cards they hold."""
    cards = in_force(detail.credentials)
    return [
        Occupant(
            name=names.get(occupancy.party, NAMELESS),
            basis=BASES[occupancy.basis],
            end=occupancy.end,
            cards=tuple(cards[occupancy.party]),
        )
        for occupancy in detail.occupancies
        if occupancy.holds(today)
    ]


def in_force(credentials: Iterable[Credential]) -> Mapping[str, list[Card]]:
    """Return the cards in force by holder."""
    cards: dict[str, list[Card]] = defaultdict(list)
    for credential in credentials:
        if credential.opens:
            cards[credential.party].append(Card(credential.id, masked(credential.card)))
    return cards


def deliveries(permits: Iterable[PermitView]) -> list[DoorDelivery]:
    """Return for each door how far the unit's permits have come."""
    by_door: dict[str, list[PermitView]] = defaultdict(list)
    for permit in permits:
        by_door[permit.door.door.id].append(permit)
    return [
        DoorDelivery(
            door=views[0].door.door.name,
            permits=len(views),
            badge=DELIVERIES[min((v.delivery for v in views), key=ORDER.index)],
        )
        for views in by_door.values()
    ]
