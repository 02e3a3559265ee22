"""Stays: declared by one side, confirmed by the other, ended by who lives there."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain import stays as words
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.history import Channel, Source
from registry.domain.occupancy import (
    Basis,
    Exemption,
    Occupancy,
    OccupancyState,
    Side,
)
from registry.domain.parties import Party, fresh_id
from registry.domain.policy import Policy
from registry.domain.principals import Principal, Role
from registry.domain.registration import missing, name_of, unknown
from registry.domain.rights import Power
from registry.domain.tenancy import Tenancy
from registry.domain.visit import VISITS, Finding, VisitEvent
from registry.persistence.tenancies import OccupancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity
from registry.services.permits import PermitService
from registry.services.scopes import may_act, may_see
from registry.services.speaking import own_side, side_in

CLOCK = Source("registry", Channel.CLOCK)
OVER = frozenset({OccupancyState.ENDED, OccupancyState.VOID})
"""The states of a stay that is not gone back to."""


@dataclass(frozen=True, slots=True)
class StayWish:
    """A stay as one side declares it; dates that are left out are the tenancy's.

    Who lives there is a `party` on record, or the name of somebody new. A tenant
    declares their own stay.
    """

    unit: str
    start: date | None = None
    end: date | None = None
    basis: Basis = Basis.TENANT
    party: str | None = None
    name: str | None = field(default=None, repr=False)
    room: str | None = None
    tenancy: str | None = None
    exemption: Exemption | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class StayDone:
    """A stay after something was said of it, and the revision of the permits."""

    stay: Occupancy
    revision: int


class StayService:
    """Takes what both sides say; permits follow in the same transaction."""

    def __init__(
        self,
        identity: Identity,
        permits: PermitService,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        """Keep names by one service, publish by another, tell days by a policy."""
        self._identity = identity
        self._permits = permits
        self._policy = policy
        self._clock = clock

    def declare(self, uow: UnitOfWork, who: Principal, wish: StayWish) -> StayDone:
        """Record that somebody lives in a unit, as one side says.

        A tenant needs nobody's leave to say so; doors open once somebody else, the
        landlord or the street, has confirmed it. Raises Invalid with every fault.
        """
        unit, today = uow.houses.unit(wish.unit), self.today()
        if unit is None or not self._may_declare(uow, who, wish.unit):
            raise NotFound(f"there is no unit {wish.unit!r}")
        tenancy = uow.tenancies.get(wish.tenancy) if wish.tenancy else None
        asked = _dated(wish, tenancy)
        errors = [*_faults(uow, who, asked, tenancy), *_twice(uow, who, asked, today)]
        if errors:
            raise Invalid(errors)
        side, now = own_side(who, wish.side), self._clock()
        stay = Occupancy(
            fresh_id("O"),
            self._party(uow, who, asked),
            unit.code,
            unit.building,
            asked.basis,
            asked.start,
            asked.end,
            asked.tenancy,
            asked.room or (None if tenancy is None else tenancy.room),
            OccupancyState.DECLARED,
            declared_by=side,
            declared_on=today,
            exemption=asked.exemption,
        )
        uow.occupancies.add([stay], who.source, now)
        deed = Deed(who.name, Action.STAY_DECLARED, f"occupancy:{stay.id}", side)
        record(uow, [deed], now)
        return StayDone(stay, self._permits.follow(uow, [stay.party]))

    def confirm(
        self, uow: UnitOfWork, who: Principal, id_: str, said: Side | None = None
    ) -> StayDone:
        """Confirm what the other side declared."""
        stay, side = self._heard(uow, who, id_, said)
        return self.keep(uow, who.source, words.confirmed(stay, side, self.today()))

    def contest(
        self, uow: UnitOfWork, who: Principal, id_: str, said: Side | None = None
    ) -> StayDone:
        """Say that what the other side declared is not so."""
        stay, side = self._heard(uow, who, id_, said)
        return self.keep(uow, who.source, words.contested(stay, side))

    def withdraw(
        self, uow: UnitOfWork, who: Principal, id_: str, said: Side | None = None
    ) -> StayDone:
        """Take back what one declared oneself."""
        stay, side = self._heard(uow, who, id_, said)
        return self.keep(uow, who.source, words.withdrawn(stay, side, self.today()))

    def leave(
        self,
        uow: UnitOfWork,
        who: Principal,
        id_: str,
        on: date,
        said: Side | None = None,
    ) -> StayDone:
        """Say that somebody leaves on a day: their own word ends it, no other does."""
        stay, side = self._heard(uow, who, id_, said)
        return self.keep(uow, who.source, words.leaving(stay, side, on, self.today()))

    def confirm_leave(
        self,
        uow: UnitOfWork,
        who: Principal,
        id_: str,
        on: date | None = None,
        said: Side | None = None,
    ) -> StayDone:
        """Confirm that one leaves, on the day that was said or on another."""
        stay, side = self._heard(uow, who, id_, said)
        left = words.leave_confirmed(stay, side, on, self.today())
        return self.keep(uow, who.source, left)

    def dispute_leave(
        self, uow: UnitOfWork, who: Principal, id_: str, said: Side | None = None
    ) -> StayDone:
        """Say that one stays, against another's word or one's own of before."""
        stay, side = self._heard(uow, who, id_, said)
        tenancy = uow.tenancies.get(stay.tenancy) if stay.tenancy else None
        until = None if tenancy is None else tenancy.until
        return self.keep(uow, who.source, words.leave_disputed(stay, side, until))

    def exempt(
        self, uow: UnitOfWork, who: Principal, id_: str, exemption: Exemption | None
    ) -> StayDone:
        """Say why a stay need not be registered as residence, or that it must be."""
        stay, side = self._heard(uow, who, id_, None)
        if side is Side.LANDLORD:
            raise Conflict("an exemption is for who lives there, or the street, to say")
        return self.keep(uow, who.source, replace(stay, exemption=exemption))

    def found(
        self, uow: UnitOfWork, source: Source, id_: str, finding: Finding
    ) -> StayDone:
        """Record what a visit found; the visit's own record is its service's."""
        stay = self.get(uow, id_)
        return self.keep(uow, source, words.found(stay, finding, self.today()))

    def pass_days(self, uow: UnitOfWork) -> int:
        """End the stays whose occupant's day has come; return how many."""
        declared = OccupancyRow.state == OccupancyState.LEAVE_DECLARED
        today, count = self.today(), 0
        for stay in uow.occupancies.find(declared):
            over = words.passed(stay, today)
            if over is not None:
                self.keep(uow, CLOCK, over)
                count += 1
        return count

    def show(self, uow: UnitOfWork, who: Principal, id_: str) -> Occupancy:
        """Return a stay to whom it concerns."""
        return self._heard(uow, who, id_, None)[0]

    def get(self, uow: UnitOfWork, id_: str) -> Occupancy:
        """Return a stay."""
        stay = uow.occupancies.get(id_)
        if stay is None:
            raise NotFound(f"there is no stay {id_!r}")
        return stay

    def keep(self, uow: UnitOfWork, source: Source, stay: Occupancy) -> StayDone:
        """Keep a stay as it is known now, and everything that follows from it."""
        now = self._clock()
        uow.occupancies.revise(stay, source, now)
        reason = stay.state
        deed = Deed(source.actor, Action.STAY_CHANGED, f"occupancy:{stay.id}", reason)
        record(uow, [deed], now)
        claimed = stay.leave_by is not None and stay.leave_by is not Side.OCCUPANT
        if stay.state is not OccupancyState.VISIT and not claimed:
            _drop_visit(uow, source, stay, now)
        if stay.state is OccupancyState.ENDED:
            _end_with_last(uow, source, stay, now)
        return StayDone(stay, self._permits.follow(uow, [stay.party]))

    def today(self) -> date:
        """Return the day it is in the street."""
        return self._policy.today()

    def _heard(
        self, uow: UnitOfWork, who: Principal, id_: str, said: Side | None
    ) -> tuple[Occupancy, Side]:
        stay = self.get(uow, id_)
        return stay, side_in(uow, who, stay, said, self.today())

    def _may_declare(self, uow: UnitOfWork, who: Principal, unit: str) -> bool:
        if who.role is Role.TENANT:
            return True
        if who.staff:
            return may_see(uow, who, unit, self.today())
        return may_act(uow, who, Power.CONFIRM, unit, self.today())

    def _party(self, uow: UnitOfWork, who: Principal, wish: StayWish) -> str:
        if who.role is Role.TENANT and who.party is not None:
            return who.party
        if wish.party is not None:
            return wish.party
        party = fresh_id("P")
        uow.parties.add([Party(party)])
        self._identity.keep(uow, {party: (wish.name or "").strip()})
        return party


def _dated(wish: StayWish, tenancy: Tenancy | None) -> StayWish:
    if tenancy is None:
        return wish
    return replace(
        wish, start=wish.start or tenancy.start, end=wish.end or tenancy.until
    )


def _faults(
    uow: UnitOfWork, who: Principal, wish: StayWish, tenancy: Tenancy | None
) -> list[FieldError]:
    errors: list[FieldError] = []
    if wish.start is None:
        errors.append(missing("start", "say since when, or from when on"))
    elif wish.end is not None and wish.end <= wish.start:
        errors.append(_contradiction("end", "the stay ends before it starts"))
    room = uow.houses.room(wish.room) if wish.room else None
    if wish.room and (room is None or room.unit != wish.unit):
        errors.append(unknown("room", "the room", "choose a room of the unit"))
    if wish.tenancy and (tenancy is None or tenancy.unit != wish.unit):
        errors.append(unknown("tenancy", "the tenancy", "give one of the unit"))
    try:
        own_side(who, wish.side)
    except Invalid as error:
        errors += error.fields
    return [*errors, *_who_faults(uow, who, wish)]


def _who_faults(uow: UnitOfWork, who: Principal, wish: StayWish) -> list[FieldError]:
    if who.role is Role.TENANT:
        others = wish.name is not None or wish.party not in {None, who.party}
        return [_contradiction("party", "a tenant declares their own stay")] * others
    if wish.party is not None and wish.name is not None:
        return [_contradiction("party", "somebody on record needs no name")]
    if wish.party is not None:
        known = uow.parties.get(wish.party) is not None
        found = unknown("party", "the party", "give the id of a party, or a name")
        return [] if known else [found]
    errors: list[FieldError] = []
    name_of(wish.name or "", errors)
    return errors


def _twice(
    uow: UnitOfWork, who: Principal, wish: StayWish, today: date
) -> list[FieldError]:
    """Say that the stay is on record already: then it is answered, not declared."""
    party = who.party if who.role is Role.TENANT else wish.party
    stays = [] if party is None else uow.occupancies.of_parties([party])
    same = [s for s in stays if s.unit == wish.unit and s.lasts(today)]
    if not any(stay.state not in OVER for stay in same):
        return []
    return [
        FieldError(
            "unit",
            Fault.TAKEN,
            "this stay is on record already",
            "confirm what the other side declared, or say that it ends first",
        )
    ]


def _contradiction(name: str, message: str) -> FieldError:
    return FieldError(name, Fault.CONTRADICTION, message, "correct one of the two")


def _drop_visit(
    uow: UnitOfWork, source: Source, stay: Occupancy, now: datetime
) -> None:
    """Let nobody go and look any more: the two sides agreed."""
    visit = uow.visits.of_occupancy(stay.id)
    if visit is not None:
        state = VISITS.after(visit.state, VisitEvent.DROPPED)
        uow.visits.revise(replace(visit, state=state), source, now)


def _end_with_last(
    uow: UnitOfWork, source: Source, stay: Occupancy, now: datetime
) -> None:
    """End a tenancy with the last who lived there under it."""
    tenancy = uow.tenancies.get(stay.tenancy) if stay.tenancy else None
    if tenancy is None or stay.end is None:
        return
    stays = uow.occupancies.of_tenancy(tenancy.id)
    over = all(s.state in OVER for s in stays)
    ends = [s.end for s in stays if s.end and s.state is OccupancyState.ENDED]
    day = max([tenancy.start, *ends])
    if over and (tenancy.until is None or day < tenancy.until):
        uow.tenancies.revise(replace(tenancy, ended_on=day), source, now)
