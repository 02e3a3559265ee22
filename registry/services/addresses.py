"""What places are called: codes, names, grids over time, and corrected addresses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.address_corrections import (
    AddressCorrection,
    CorrectionEvent,
    corrected,
    report,
)
from registry.domain.address_search import (
    Beginning,
    FoundBy,
    Match,
    PlaceKind,
    beginnings,
    plain,
    prefixes,
    surest,
    within,
)
from registry.domain.addresses import (
    LONGEST,
    AddressAlias,
    ExternalCode,
    alias_faults,
    code_faults,
    source_faults,
    with_code,
)
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.domain.grid_membership import GridMembership, grid_on, moved
from registry.domain.parties import fresh_id
from registry.domain.places import AreaKind, Building
from registry.domain.policy import Policy
from registry.domain.principals import Principal
from registry.domain.registration import missing, unknown
from registry.domain.responsibility import too_long
from registry.persistence.addresses import KeptCode
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.scopes import (
    may_see,
    own_units,
    require_area,
    require_building,
    require_unit,
)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Called:
    """What a place is called, over all time."""

    place: str
    codes: tuple[KeptCode, ...]
    aliases: tuple[AddressAlias, ...]
    grids: tuple[GridMembership, ...]


class AddressService:
    """Keeps what places are called and finds them by it."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        """Take days from the policy's zone and times from a clock."""
        self._policy = policy
        self._clock = clock

    def called(self, uow: UnitOfWork, who: Principal, place: str) -> Called:
        """Return everything a place is or was called."""
        self._require(uow, who, place)
        return Called(
            place,
            tuple(uow.addresses.codes_of(place)),
            tuple(uow.addresses.aliases_of(place)),
            tuple(uow.addresses.memberships(place)),
        )

    def add_code(self, uow: UnitOfWork, who: Principal, code: ExternalCode) -> None:
        """Keep a code another register has for a place.

        Raises Invalid, or Conflict where the code is another place's in that time.
        """
        self._require(uow, who, code.place)
        if faults := code_faults(code):
            raise Invalid(faults)
        alike = [kept.content for kept in uow.addresses.codes_like(code.value)]
        with_code(alike, code)
        now = self._clock()
        uow.addresses.add_codes([code], who.source, now)
        self._note(uow, who, Action.PLACE_CODED, code.place)

    def end_code(
        self, uow: UnitOfWork, who: Principal, number: int, day: date
    ) -> ExternalCode:
        """Let a code belong to its place no longer, from a day on."""
        kept = uow.addresses.code(number)
        if kept is None:
            raise NotFound(f"there is no code number {number}")
        code = kept.content
        self._require(uow, who, code.place)
        if code.valid.end is not None:
            raise Conflict("the code has an end already")
        ended = replace(code, valid=replace(code.valid, end=day))
        if faults := code_faults(ended):
            raise Invalid(faults)
        uow.addresses.end_code(number, day)
        self._note(uow, who, Action.PLACE_CODED, code.place)
        return ended

    def add_alias(self, uow: UnitOfWork, who: Principal, alias: AddressAlias) -> None:
        """Keep a name people use for a place; raises Invalid with what is wrong."""
        self._require(uow, who, alias.place)
        if faults := alias_faults(alias):
            raise Invalid(faults)
        uow.addresses.add_aliases([alias], who.source, self._clock())
        self._note(uow, who, Action.PLACE_NAMED, alias.place)

    def move(self, uow: UnitOfWork, who: Principal, new: GridMembership) -> None:
        """Let a building belong to another grid from a day on that has come."""
        building = _building(uow, who, new.building)
        grid = uow.houses.area(new.grid)
        if grid is None or grid.kind is not AreaKind.GRID:
            remedy = "give the code of a grid"
            raise Invalid([unknown("grid", "the grid", remedy)])
        require_area(uow, who, new.grid)
        if faults := source_faults(new.source):
            raise Invalid(faults)
        known = uow.addresses.memberships(building.code)
        every = moved(known, new, building.grid, self._policy.today())
        uow.addresses.put_memberships(building.code, every, who.source, self._clock())
        uow.houses.replace(replace(building, grid=new.grid))
        self._note(uow, who, Action.BUILDING_MOVED, building.code)

    def grid_on(self, uow: UnitOfWork, building: Building, day: date) -> str:
        """Return the grid a building belonged to on a day."""
        return grid_on(uow.addresses.memberships(building.code), day, building.grid)

    def search(
        self, uow: UnitOfWork, who: Principal, text: str, day: date | None = None
    ) -> list[Match]:
        """Return the places somebody may see that a text means on a day.

        An address, a name or an alias may be followed by the number of a unit.
        """
        if not plain(text):
            raise Invalid([missing("q", "give an address, a name or a code")])
        if len(text) > LONGEST:
            raise Invalid([too_long("q", "an address", LONGEST)])
        found = surest(_matches(uow, text, day or self._policy.today()))
        own = None if who.staff else own_units(uow, who, self._policy.today())
        return [match for match in found if self._visible(uow, who, match, own)]

    def report(
        self, uow: UnitOfWork, who: Principal, building: str, right: str
    ) -> AddressCorrection:
        """Report that a building's address is another one."""
        found = _building(uow, who, building, self._policy.today())
        made = report(fresh_id("A"), found, right, by=who.name, at=self._clock())
        uow.address_corrections.add(made)
        self._note(uow, who, Action.ADDRESS_REPORTED, building)
        return made

    def decide(
        self,
        uow: UnitOfWork,
        who: Principal,
        id_: str,
        event: CorrectionEvent,
        reason: str = "",
    ) -> AddressCorrection:
        """Confirm a correction, reject it with a reason, or carry it out.

        Raises Conflict where that may not happen, or is not for who reported it.
        """
        correction = _correction(uow, id_)
        building = _building(uow, who, correction.building)
        after = STEPS[event](correction, who.name, self._clock(), reason)
        if event is CorrectionEvent.APPLIED:
            right, old = corrected(correction, building)
            uow.houses.replace(right)
            uow.addresses.add_aliases([old], who.source, self._clock())
        uow.address_corrections.put(after)
        applied = event is CorrectionEvent.APPLIED
        action = Action.ADDRESS_CORRECTED if applied else Action.ADDRESS_DECIDED
        self._note(uow, who, action, building.code)
        return after

    def _visible(
        self, uow: UnitOfWork, who: Principal, match: Match, own: set[str] | None
    ) -> bool:
        if own is None and who.area is None:
            return True
        if match.kind is PlaceKind.UNIT:
            return may_see(uow, who, match.place, self._policy.today())
        if match.kind is PlaceKind.AREA:
            return who.area in uow.houses.areas_above(match.place)
        if own is None:
            return who.area in uow.houses.areas_of(match.place)
        return match.place in _buildings_of(uow, own)

    def _require(self, uow: UnitOfWork, who: Principal, place: str) -> None:
        """Raise NotFound unless a place is there and its area is that of the staff."""
        if uow.houses.area(place) is not None:
            require_area(uow, who, place)
        elif uow.houses.building(place) is not None:
            require_building(uow, who, place)
        else:
            require_unit(uow, who, place, self._policy.today())

    def _note(
        self, uow: UnitOfWork, who: Principal, action: Action, place: str
    ) -> None:
        record(uow, [Deed(who.name, action, f"place:{place}")], self._clock())


Stepping = Callable[[AddressCorrection, str, datetime, str], AddressCorrection]
STEPS: dict[CorrectionEvent, Stepping] = {
    CorrectionEvent.CONFIRMED: lambda c, by, at, _: c.confirmed(by, at),
    CorrectionEvent.REJECTED: lambda c, by, at, reason: c.rejected(by, at, reason),
    CorrectionEvent.APPLIED: lambda c, by, at, _: c.applied(by, at),
}


def _matches(uow: UnitOfWork, text: str, day: date) -> Iterator[Match]:
    code = "".join(filter(str.isprintable, text)).strip()
    if place := _kind(uow, code):
        yield Match(code, place, FoundBy.CODE)
    for kept in uow.addresses.codes_like(code):
        if kept.content.valid.holds(day):
            place = _kind(uow, kept.content.place)
            if place is not None:
                yield Match(kept.content.place, place, FoundBy.EXTERNAL_CODE)
    starts = list(beginnings(text, uow.houses.buildings()))
    for alias in uow.addresses.aliases_among(prefixes(text), day):
        rest = plain(text).removeprefix(plain(alias.text))
        place = _kind(uow, alias.place)
        if place is PlaceKind.BUILDING:
            starts.append(Beginning(alias.place, FoundBy.ALIAS, rest))
        elif place is not None and not rest:
            yield Match(alias.place, place, FoundBy.ALIAS)
    units = uow.houses.units({start.building for start in starts if start.rest})
    for start in starts:
        yield from within(start, (u for u in units if u.building == start.building))


def _kind(uow: UnitOfWork, code: str) -> PlaceKind | None:
    if uow.houses.unit(code) is not None:
        return PlaceKind.UNIT
    if uow.houses.building(code) is not None:
        return PlaceKind.BUILDING
    return None if uow.houses.area(code) is None else PlaceKind.AREA


def _buildings_of(uow: UnitOfWork, units: set[str]) -> set[str]:
    found = (uow.houses.unit(unit) for unit in units)
    return {unit.building for unit in found if unit is not None}


def _building(
    uow: UnitOfWork, who: Principal, code: str, today: date | None = None
) -> Building:
    """Return a building somebody may see; with a day, also who lives or lets there."""
    own = set() if today is None or who.staff else own_units(uow, who, today)
    if code not in _buildings_of(uow, own):
        require_building(uow, who, code)
    found = uow.houses.building(code)
    if found is None:
        raise NotFound(f"there is no building {code!r}")
    return found


def _correction(uow: UnitOfWork, id_: str) -> AddressCorrection:
    found = uow.address_corrections.get(id_)
    if found is None:
        raise NotFound(f"there is no correction {id_!r}")
    return found
