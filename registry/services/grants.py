"""Grants: doors opened for work or a visit, and shut again at a word."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.grant import Grant, GrantReason, GrantState
from registry.domain.parties import fresh_id
from registry.domain.permits import FAR_FUTURE, FAR_PAST
from registry.domain.policy import Policy
from registry.domain.principals import Principal, Role
from registry.domain.registration import unknown
from registry.domain.responsibility import read_reason
from registry.domain.rights import Power
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.permits import PermitService
from registry.services.scopes import may_act, may_see


@dataclass(frozen=True, slots=True)
class GrantWish:
    """A grant as it is asked for; without `doors`, every door of the building."""

    unit: str
    party: str
    reason: GrantReason
    start: datetime
    end: datetime
    doors: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class GrantDone:
    """A grant, how far it has come at each door, and the revision of the permits."""

    grant: Grant
    doors: dict[str, GrantState]
    revision: int


class GrantService:
    """Gives and revokes grants on behalf of a unit."""

    def __init__(
        self, permits: PermitService, policy: Policy, clock: Callable[[], datetime]
    ) -> None:
        """Publish by a service, tell days by a policy."""
        self._permits = permits
        self._policy = policy
        self._clock = clock

    def give(self, uow: UnitOfWork, who: Principal, wish: GrantWish) -> GrantDone:
        """Let a party pass for a time; raises Invalid with every fault."""
        unit = uow.houses.unit(wish.unit)
        if unit is None or not self._may(uow, who, wish.unit):
            raise NotFound(f"there is no unit {wish.unit!r}")
        here = {d.id for d in uow.hardware.doors() if d.building == unit.building}
        now = self._clock()
        if errors := _faults(uow, wish, here, now):
            raise Invalid(errors)
        grant = Grant(
            fresh_id("G"),
            wish.party,
            unit.building,
            unit.code,
            frozenset(wish.doors),
            wish.reason,
            wish.start,
            wish.end,
            who.side,
            revision=uow.permits.revision() + 1,
        )
        uow.grants.add([grant], who.source, now)
        deed = Deed(who.name, Action.GRANT_GIVEN, f"grant:{grant.id}", grant.reason)
        return self._done(uow, grant, deed)

    def revoke(
        self, uow: UnitOfWork, who: Principal, id_: str, reason: str
    ) -> GrantDone:
        """End a grant at once; what its holder may open otherwise stays open."""
        why = read_reason(reason)
        grant = self._found(uow, who, id_)
        if not who.staff and grant.given_by is not who.side:
            raise Conflict("the street gave this grant: ask it to revoke it")
        if grant.revoked_at is not None:
            raise Conflict("the grant has been revoked already")
        now = self._clock()
        revoked = replace(grant, revoked_at=now, revision=uow.permits.revision() + 1)
        uow.grants.revise(revoked, who.source, now)
        deed = Deed(who.name, Action.GRANT_REVOKED, f"grant:{grant.id}", why)
        return self._done(uow, revoked, deed)

    def show(self, uow: UnitOfWork, who: Principal, id_: str) -> GrantDone:
        """Return a grant and how far it has come at each door."""
        grant = self._found(uow, who, id_)
        return GrantDone(grant, _doors(uow, grant), uow.permits.revision())

    def of_unit(self, uow: UnitOfWork, who: Principal, unit: str) -> list[GrantDone]:
        """Return the grants on behalf of a unit and how far each has come."""
        if not self._may(uow, who, unit):
            raise NotFound(f"there is no unit {unit!r}")
        revision = uow.permits.revision()
        return [
            GrantDone(grant, _doors(uow, grant), revision)
            for grant in uow.grants.of_unit(unit)
        ]

    def _found(self, uow: UnitOfWork, who: Principal, id_: str) -> Grant:
        grant = uow.grants.get(id_)
        if grant is None or not self._may(uow, who, grant.unit or ""):
            raise NotFound(f"there is no grant {id_!r}")
        return grant

    def _done(self, uow: UnitOfWork, grant: Grant, deed: Deed) -> GrantDone:
        record(uow, [deed], self._clock())
        revision = self._permits.follow(uow, [grant.party])
        return GrantDone(grant, _doors(uow, grant), revision)

    def _may(self, uow: UnitOfWork, who: Principal, unit: str) -> bool:
        today = self._today()
        if who.staff:
            return may_see(uow, who, unit, today)
        landlord = who.role is Role.LANDLORD
        return landlord and may_act(uow, who, Power.ISSUE_CARD, unit, today)

    def _today(self) -> date:
        return self._policy.today()


def _doors(uow: UnitOfWork, grant: Grant) -> dict[str, GrantState]:
    statuses = {s.door.id: s for s in uow.hardware.statuses(grant.building)}
    return {id_: grant.state_at(statuses[id_]) for id_ in grant.doors_among(statuses)}


def _faults(
    uow: UnitOfWork, wish: GrantWish, here: set[str], now: datetime
) -> list[FieldError]:
    errors = []
    if uow.parties.get(wish.party) is None:
        errors.append(unknown("party", "the party", "give the id of a party"))
    if not here.issuperset(wish.doors):
        errors.append(unknown("doors", "a door", "choose doors of the unit's building"))
    if not FAR_PAST <= wish.start < wish.end <= FAR_FUTURE:
        errors.append(_contradiction("end", "a grant ends after it starts"))
    elif wish.end <= now:
        errors.append(_contradiction("end", "the grant would be over already"))
    return errors


def _contradiction(name: str, message: str) -> FieldError:
    return FieldError(name, Fault.CONTRADICTION, message, "give another time")
