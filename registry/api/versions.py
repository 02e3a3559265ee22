"""Reading versioned records: as of a day, as known on a day, and their history."""

from datetime import datetime
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ConfigDict

from registry.api.access import Caller, Registry
from registry.api.days import Day
from registry.api.paging import Page, Turn
from registry.domain.history import AsOf, Channel, Version
from registry.domain.principals import Principal
from registry.persistence.ledger import Entity
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.lookups import Lookup, Slice
from registry.services.registry_services import Services
from registry.services.street_days import StreetDays


class Shown(BaseModel):
    """What is told of a record: read from what the register keeps."""

    model_config = ConfigDict(from_attributes=True)


R = TypeVar("R", bound=Shown)
E = TypeVar("E", bound=Entity)


class Getting(Protocol):
    """Where a record is read from."""

    def get(self, uow: UnitOfWork, who: Principal, id_: str, at: AsOf) -> object:
        """Return a record; raises NotFound where there is none to see."""


class VersionRecord(BaseModel, Generic[R]):
    """One description of a record.

    It holds in real time from `valid_from` until, not including, `valid_to`; it was
    what the register knew from `recorded_at` until `superseded_at`. Who recorded it is
    told to staff.
    """

    record: R
    valid_from: datetime | None
    valid_to: datetime | None
    recorded_at: datetime
    superseded_at: datetime | None
    channel: Channel
    actor: str | None


class History(BaseModel, Generic[R]):
    """Every version of a record, the first recorded first."""

    versions: list[VersionRecord[R]]


class Reading:
    """One request to read: by whom, and as of which days."""

    def __init__(self, registry: Services, who: Principal, at: AsOf) -> None:
        """Read for a principal at a point of both times."""
        self._registry = registry
        self._who = who
        self._at = at

    def page(
        self, lookup: Lookup[E], kind: type[R], turn: Turn, /, **wanted: object
    ) -> Page[R]:
        """Return a page of a list; of what is wanted, None is anything."""
        part = Slice(turn.after, turn.limit + 1, self._at)
        with self._registry.store.reading() as uow:
            found = lookup.some(uow, self._who, part, **wanted)
        page = turn.page(found, lambda record: record.id)
        items = [kind.model_validate(record) for record in page.items]
        return Page[kind](items=items, next=page.next)  # type: ignore[valid-type]

    def one(self, records: Getting, kind: type[R], id_: str) -> R:
        """Return a record."""
        with self._registry.store.reading() as uow:
            return kind.model_validate(records.get(uow, self._who, id_, self._at))

    def history(self, lookup: Lookup[E], kind: type[R], id_: str) -> History[R]:
        """Return every version of a record."""
        with self._registry.store.reading() as uow:
            versions = lookup.history(uow, self._who, id_)
        told = [self._version(version, kind) for version in versions]
        return History[kind](versions=told)  # type: ignore[valid-type]

    def _version(self, version: Version[E], kind: type[R]) -> VersionRecord[R]:
        return VersionRecord[kind](  # type: ignore[valid-type]
            record=kind.model_validate(version.content),
            valid_from=version.span.start,
            valid_to=version.span.end,
            recorded_at=version.recorded_at,
            superseded_at=version.superseded_at,
            channel=version.source.channel,
            actor=version.source.actor if self._who.staff else None,
        )


def _reading(
    registry: Registry,
    who: Caller,
    as_of: Day | None = None,
    as_known_on: Day | None = None,
) -> Reading:
    days = StreetDays(registry.policy.zone, registry.clock)
    return Reading(registry, who, days.as_of(as_of, as_known_on))


AtDays = Annotated[Reading, Depends(_reading)]
"""Reads as of the end of a day, as known at the end of a day; without, as of now."""
