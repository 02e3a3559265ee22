"""Tenancies: recorded, renewed, held over, ended; stays go on or end with them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain import stays as words
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.occupancy import Occupancy, OccupancyState, Side
from registry.domain.parties import fresh_id
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.principals import Principal, Role
from registry.domain.registration import let_already, unknown
from registry.domain.rights import Power
from registry.domain.tenancy import TENANCIES, Tenancy, TenancyEvent, TenancyState
from registry.persistence.lettings import DelegationRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.permits import PermitService
from registry.services.policy_in_force import on_record
from registry.services.scopes import let_by, may_act, may_see
from registry.services.stays import OVER, StayService


@dataclass(frozen=True, slots=True)
class TenancyWish:
    """A tenancy as somebody asks for it; without an end it is until further notice."""

    unit: str
    start: date
    end: date | None = None
    room: str | None = None
    landlord: str | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """The term that follows; it starts where the one before ends, if not said."""

    start: date | None = None
    end: date | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class TenancyDone:
    """A tenancy after a change, and the revision of the permits."""

    tenancy: Tenancy
    revision: int


class TenancyService:
    """Changes tenancies.

    No word of a landlord alone shortens a stay: doors go on opening until who lives
    there says that they leave, a visit finds them gone, or the agreed end has passed.
    """

    def __init__(
        self,
        stays: StayService,
        permits: PermitService,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        """Change stays by one service, publish by another."""
        self._stays = stays
        self._permits = permits
        self._policy = policy
        self._clock = clock

    def add(self, uow: UnitOfWork, who: Principal, wish: TenancyWish) -> TenancyDone:
        """Record a tenancy; raises Invalid with every fault at once."""
        if not self._may_let(uow, who, wish.unit):
            raise NotFound(f"there is no unit {wish.unit!r}")
        lessor = self._lessor(uow, who, wish)
        others = uow.tenancies.of_units([wish.unit])
        errors = [*_term_faults(wish), *_faults(uow, wish, others)]
        if wish.landlord is not None and lessor is None:
            errors.append(unknown("landlord", "the landlord", "give a party who lets"))
        if errors:
            raise Invalid(errors)
        tenancy = Tenancy(
            fresh_id("T"),
            wish.unit,
            wish.room,
            lessor,
            wish.start,
            wish.end,
            wish.contract,
        )
        uow.tenancies.add([tenancy], who.source, self._clock())
        self._told(uow, who, Action.TENANCY_RECORDED, tenancy)
        return TenancyDone(tenancy, uow.permits.revision())

    def show(self, uow: UnitOfWork, who: Principal, id_: str) -> Tenancy:
        """Return a tenancy to whom it concerns."""
        return self._found(uow, who, id_)

    def renew(
        self, uow: UnitOfWork, who: Principal, id_: str, renewal: Renewal
    ) -> TenancyDone:
        """Let a new tenancy follow on one; whoever lives there stays on under it."""
        old = self._found(uow, who, id_)
        if who.role is Role.TENANT:
            raise Conflict("the landlord or the street renews: you may hold over")
        if old.renewed_by is not None:
            raise Conflict("it has been renewed already")
        TENANCIES.after(self._state(old), TenancyEvent.RENEWED)
        start = renewal.start or old.until or self._stays.today()
        wish = TenancyWish(
            old.unit, start, renewal.end, old.room, old.landlord, renewal.contract
        )
        others = [t for t in uow.tenancies.of_units([old.unit]) if t.id != id_]
        errors = [*_term_faults(wish), *_faults(uow, wish, others)]
        if start <= old.start:
            errors.append(_contradiction("start", f"the one before runs {old.term}"))
        if errors:
            raise Invalid(errors)
        new = Tenancy(
            fresh_id("T"),
            old.unit,
            old.room,
            old.landlord,
            start,
            renewal.end,
            renewal.contract,
        )
        now = self._clock()
        uow.tenancies.add([new], who.source, now)
        cut = old.until is None or start < old.until
        ended_on = start if cut else old.ended_on
        renewed = replace(old, renewed_by=new.id, ended_on=ended_on)
        uow.tenancies.revise(renewed, who.source, now)
        self._told(uow, who, Action.TENANCY_RENEWED, old)
        following = [
            _following(stay, new, alone=who.side is Side.LANDLORD)
            for stay in uow.occupancies.of_tenancy(id_)
            if _runs_to(stay, old.until)
        ]
        return TenancyDone(new, self._keep(uow, who, following))

    def hold_over(self, uow: UnitOfWork, who: Principal, id_: str) -> TenancyDone:
        """Say that somebody stays on after the end: lawful until it is decided.

        A tenant says so while their doors still open, in the grace at the latest.
        """
        old = self._found(uow, who, id_)
        TENANCIES.after(self._state(old), TenancyEvent.HELD_OVER)
        since, today = old.until or self._stays.today(), self._stays.today()
        grace = on_record(uow, self._policy).in_force(Key.DOOR_GRACE, since)
        late = since + grace.period <= today
        if who.role is Role.TENANT and late:
            raise Conflict("the end is long past: ask the landlord or the street")
        others = [t for t in uow.tenancies.of_units([old.unit]) if t.id != id_]
        if errors := let_already(others, old.room, since, date.max):
            raise Invalid(errors)
        held = replace(old, ended_on=None, holdover_since=since)
        now = self._clock()
        uow.tenancies.revise(held, who.source, now)
        self._told(uow, who, Action.TENANCY_HELD_OVER, held)
        staying = [
            replace(_stays_on(stay, who), end=None)
            for stay in uow.occupancies.of_tenancy(id_)
            if _runs_to(stay, since) or _own_leave(stay, who)
        ]
        return TenancyDone(held, self._keep(uow, who, staying))

    def end(self, uow: UnitOfWork, who: Principal, id_: str, day: date) -> int:
        """Let a tenancy end on a day; return the revision of the permits.

        The street's word ends it and every stay under it. A tenant ends their own
        stay, and the tenancy ends with the last of them. A landlord says that the
        others leave: it ends once they, or a visit, have confirmed it.
        """
        found = self._found(uow, who, id_)
        if not found.start <= day <= (found.until or date.max):
            message = f"the tenancy runs {found.term}"
            remedy = "give a day within it; a longer one is a new tenancy"
            raise Invalid([FieldError("end", Fault.CONTRADICTION, message, remedy)])
        stays = uow.occupancies.of_tenancy(id_)
        if who.staff:
            return self._decided(uow, who, found, stays, day)
        own = [s for s in stays if who.side is Side.LANDLORD or s.party == who.party]
        living = [s for s in own if s.state not in OVER]
        if not living and who.side is Side.LANDLORD:
            return self._decided(uow, who, found, [], day)
        if not living:
            raise Conflict("your stay is over")
        for stay in living:
            self._stays.leave(uow, who, stay.id, day)
        return uow.permits.revision()

    def _decided(
        self,
        uow: UnitOfWork,
        who: Principal,
        tenancy: Tenancy,
        stays: list[Occupancy],
        day: date,
    ) -> int:
        now = self._clock()
        uow.tenancies.revise(replace(tenancy, ended_on=day), who.source, now)
        for stay in stays:
            if stay.state is not OccupancyState.VOID:
                uow.occupancies.revise(words.ended(stay, day), who.source, now)
        self._told(uow, who, Action.TENANCY_ENDED, tenancy)
        return self._permits.follow(uow, {stay.party for stay in stays})

    def _keep(self, uow: UnitOfWork, who: Principal, stays: Iterable[Occupancy]) -> int:
        """Keep stays as they go on, and publish what follows at once."""
        now, parties = self._clock(), set()
        for stay in stays:
            uow.occupancies.revise(stay, who.source, now)
            parties.add(stay.party)
        return self._permits.follow(uow, parties)

    def _found(self, uow: UnitOfWork, who: Principal, id_: str) -> Tenancy:
        tenancy = uow.tenancies.get(id_)
        if tenancy is None or not self._concerns(uow, who, tenancy):
            raise NotFound(f"there is no tenancy {id_!r}")
        return tenancy

    def _concerns(self, uow: UnitOfWork, who: Principal, tenancy: Tenancy) -> bool:
        if who.role is not Role.TENANT:
            return self._may_let(uow, who, tenancy.unit)
        stays = uow.occupancies.of_tenancy(tenancy.id)
        own = [stay for stay in stays if stay.party == who.party]
        return any(stay.opens and stay.state not in OVER for stay in own)

    def _may_let(self, uow: UnitOfWork, who: Principal, unit: str) -> bool:
        today = self._stays.today()
        if who.staff:
            return may_see(uow, who, unit, today)
        return may_act(uow, who, Power.FILE, unit, today)

    def _lessor(self, uow: UnitOfWork, who: Principal, wish: TenancyWish) -> str | None:
        """Return who lets: as said where it may be said, or whoever is known to."""
        if who.staff:
            known = wish.landlord is not None and uow.parties.get(wish.landlord)
            return wish.landlord if known else None
        today = self._stays.today()
        grantors = [
            delegation.grantor
            for delegation in uow.delegations.find(DelegationRow.delegate == who.party)
            if delegation.allows(Power.FILE, wish.unit, today)
        ]
        those = [party for party in (who.party, *grantors) if party is not None]
        letting = [p for p in those if wish.unit in let_by(uow, {p}, today)]
        if wish.landlord is not None:
            return wish.landlord if wish.landlord in letting else None
        return letting[0] if letting else None

    def _state(self, tenancy: Tenancy) -> TenancyState:
        near = self._policy.due_window.days
        return tenancy.state(self._stays.today(), near)

    def _told(
        self, uow: UnitOfWork, who: Principal, action: Action, tenancy: Tenancy
    ) -> None:
        record(uow, [Deed(who.name, action, f"tenancy:{tenancy.id}")], self._clock())


def _term_faults(wish: TenancyWish) -> list[FieldError]:
    if wish.end is None or wish.start < wish.end:
        return []
    return [_contradiction("end", "the tenancy ends before it starts")]


def _faults(
    uow: UnitOfWork, wish: TenancyWish, others: Iterable[Tenancy]
) -> list[FieldError]:
    errors: list[FieldError] = []
    room = uow.houses.room(wish.room) if wish.room else None
    if wish.room and (room is None or room.unit != wish.unit):
        errors.append(unknown("room", "the room", "choose a room of the unit"))
    contract = uow.contracts.get(wish.contract) if wish.contract else None
    if wish.contract and (contract is None or contract.unit != wish.unit):
        errors.append(unknown("contract", "the contract", "give one of the unit"))
    end = date.max if wish.end is None else wish.end
    return [*errors, *let_already(others, wish.room, wish.start, end)]


def _contradiction(name: str, message: str) -> FieldError:
    return FieldError(name, Fault.CONTRADICTION, message, "give another day")


def _runs_to(stay: Occupancy, until: date | None) -> bool:
    """Say whether a stay lasts as long as its tenancy, and nobody there is leaving."""
    leaving = (
        stay.state is OccupancyState.LEAVE_DECLARED and stay.leave_by is Side.OCCUPANT
    )
    if stay.state in OVER or leaving:
        return False
    return stay.end is None or (until is not None and until <= stay.end)


def _own_leave(stay: Occupancy, who: Principal) -> bool:
    return (
        who.role is Role.TENANT
        and stay.party == who.party
        and stay.state is OccupancyState.LEAVE_DECLARED
    )


def _stays_on(stay: Occupancy, who: Principal) -> Occupancy:
    """Return a stay whose occupant says that they stay, if it is they who speak."""
    if _own_leave(stay, who):
        return words.leave_disputed(stay, Side.OCCUPANT, None)
    return stay


def _following(stay: Occupancy, new: Tenancy, *, alone: bool) -> Occupancy:
    """Return a stay under the tenancy that follows.

    Where the landlord renews `alone`, an end that is open stays open and a later one
    stays later.
    """
    longer = stay.end is None or (new.end is not None and new.end < stay.end)
    end = stay.end if alone and longer else new.end
    return replace(stay, tenancy=new.id, end=end)
