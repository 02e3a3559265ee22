"""The seven columns of units, as of any day and as known on any day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from registry.domain.credential import CardState, Credential
from registry.domain.deadlines.arithmetic import INSTANT, ONE_DAY
from registry.domain.history import AsOf, Version
from registry.domain.house_truth import (
    Keys,
    Patience,
    UnitFacts,
    UnitTruth,
    Use,
    read,
)
from registry.domain.occupancy import Occupancy
from registry.domain.permits import FAR_PAST, validity_of
from registry.domain.places import Building, Unit
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.persistence.lettings import (
    ContractRow,
    ExternalFilingRow,
    FilingRow,
    RightRow,
)
from registry.persistence.tenancies import OccupancyRow, TenancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.policy_in_force import on_record
from registry.services.street_days import StreetDays

USE_DAYS = 28
"""How far back the last column looks."""


class InUnit(Protocol):
    """What every fact of a unit has."""

    @property
    def unit(self) -> str:
        """The unit's code."""


F = TypeVar("F", bound=InUnit)


@dataclass(frozen=True, slots=True)
class Moment:
    """Which day is asked about, and what was known when."""

    day: date
    at: AsOf


@dataclass(frozen=True, slots=True)
class HouseTruth:
    """The units of a building and what was true of them on a day, as then known."""

    building: Building
    day: date
    known_on: date | None
    units: tuple[UnitTruth, ...]


class HouseTruths:
    """Reads the columns; names are never among its answers."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Read under a policy."""
        self._policy = policy
        self._clock = clock
        self._days = StreetDays(policy.zone, clock)

    def of_building(
        self,
        uow: UnitOfWork,
        building: Building,
        day: date | None = None,
        known_on: date | None = None,
        number: str | None = None,
    ) -> HouseTruth:
        """Return the units of a building, or one; a day left out is today."""
        moment = self._moment(day, known_on)
        units = uow.houses.units([building.code])
        if number is not None:
            units = [unit for unit in units if unit.number == number]
        truths = self._read(uow, units, moment)
        return HouseTruth(building, moment.day, known_on, tuple(truths))

    def count(self, uow: UnitOfWork) -> None:
        """Count new passages into days."""
        now = self._clock()
        uow.daily_use.count(uow.passages.last_number(), self._offset(now), now)

    def _moment(self, day: date | None, known_on: date | None) -> Moment:
        """Take the end of each day: what happened on it is part of it."""
        today = self._days.today()
        chosen = day or today
        valid = None if chosen >= today else chosen
        return Moment(chosen, self._days.as_of(valid, known_on))

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self._policy.zone).utcoffset() or timedelta()

    def _read(
        self, uow: UnitOfWork, units: Sequence[Unit], moment: Moment
    ) -> list[UnitTruth]:
        codes, at = [unit.code for unit in units], moment.at
        stays = uow.occupancies.versions(OccupancyRow.unit.in_(codes), at=at)
        living = _by_unit(stays)
        rights = _by_unit(uow.rights.versions(RightRow.unit.in_(codes), at=at))
        filings = _by_unit(uow.filings.versions(FilingRow.unit.in_(codes), at=at))
        contracts = _by_unit(uow.contracts.versions(ContractRow.unit.in_(codes), at=at))
        lets = _by_unit(uow.tenancies.versions(TenancyRow.unit.in_(codes), at=at))
        elsewhere = _by_unit(
            uow.external_filings.versions(ExternalFilingRow.unit.in_(codes), at=at)
        )
        keys = self._keys(uow, stays, moment)
        used = self._used(uow, codes, moment)
        patience = self._patience(uow)
        return [
            read(
                UnitFacts(
                    unit,
                    rights[unit.code],
                    filings[unit.code],
                    contracts[unit.code],
                    lets[unit.code],
                    living[unit.code],
                    elsewhere[unit.code],
                    keys.get(unit.code, NO_KEYS),
                    used.get(unit.code, NO_USE),
                ),
                moment.day,
                patience,
            )
            for unit in units
        ]

    def _patience(self, uow: UnitOfWork) -> Patience:
        """Judge every day by what is asked for today: the page says what to do now."""
        policy = on_record(uow, self._policy)
        day = policy.today()
        force = policy.in_force
        return Patience(
            contract_filing=force(Key.LEASE_FILING, day).days,
            confirmation=force(Key.SILENCE_VISIT, day).days,
            after_end=force(Key.LEASE_END_GRACE, day).days,
        )

    def _keys(
        self, uow: UnitOfWork, stays: Iterable[Version[Occupancy]], moment: Moment
    ) -> dict[str, Keys]:
        """Return by unit which cards open the house for who is on record in it."""
        # What happened on a day is part of it, and today is as far as it has come.
        begin, end = (self._days.begin(moment.day + n * ONE_DAY) for n in (0, 1))
        then = min(end - INSTANT, max(self._clock(), begin))
        opening: dict[str, set[str]] = defaultdict(set)
        for version in stays:
            window = validity_of(version.content, self._policy)
            if window is not None and window.start <= then < window.end:
                opening[version.content.unit].add(version.content.party)
        parties = set().union(*opening.values()) if opening else set()
        held: dict[str, list[Credential]] = defaultdict(list)
        for credential in uow.credentials.of_parties(parties):
            if credential.state_at(then) is CardState.ACTIVE:
                held[credential.party].append(credential)
        return {unit: self._opened(those, held) for unit, those in opening.items()}

    def _opened(
        self, parties: set[str], held: Mapping[str, Sequence[Credential]]
    ) -> Keys:
        cards = [card for party in sorted(parties) for card in held.get(party, ())]
        # Cards that were there before the register have no day of issue.
        issued = [c.issued_at for c in cards if c.issued_at > FAR_PAST]
        days = map(self._days.day_of, issued)
        holders = frozenset(card.party for card in cards)
        return Keys(holders, len(cards), max(days, default=None))

    def _used(
        self, uow: UnitOfWork, codes: Sequence[str], moment: Moment
    ) -> dict[str, Use]:
        span = moment.day - timedelta(days=USE_DAYS - 1), moment.day
        offset = self._offset(self._clock())
        used = uow.daily_use.days_of_units(codes, span, offset)
        return {unit: Use(days, last) for unit, (days, last) in used.items()}


NO_KEYS = Keys(frozenset(), 0)
NO_USE = Use(0, None)


def _by_unit(versions: Iterable[Version[F]]) -> dict[str, list[Version[F]]]:
    found: dict[str, list[Version[F]]] = defaultdict(list)
    for version in versions:
        found[version.content.unit].append(version)
    return found
