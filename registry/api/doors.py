"""Doors and how far their permits have come."""

from dataclasses import asdict, dataclass
from datetime import datetime

from fastapi import APIRouter

from registry.api.access import Registry
from registry.domain.hardware import DoorStatus
from registry.services.housing import Figures

router = APIRouter(prefix="/api", tags=["doors"])


@dataclass(frozen=True, slots=True)
class DoorRecord:
    """A door as last reported, and the revisions wanted, pushed and acknowledged."""

    id: str
    name: str
    building: str
    controller: str
    gateway: str
    protocol: str
    online: bool
    secure: bool
    open: bool | None
    tampered: bool
    clock_offset: float | None
    wanted: int
    pushed: int
    acknowledged: int
    wanted_at: datetime | None
    pushed_at: datetime | None
    acknowledged_at: datetime | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class DoorList:
    """Every door."""

    doors: list[DoorRecord]


@dataclass(frozen=True, slots=True)
class DoorPermitRecord:
    """How many permits a door should have and which revision it has."""

    door: str
    permits: int
    wanted: int
    pushed: int
    acknowledged: int
    in_force: bool
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class PermitList:
    """The state of permits by door, and the global revision."""

    revision: int
    doors: list[DoorPermitRecord]


@router.get("/doors", summary="List every door")
def doors(registry: Registry) -> DoorList:
    """Return the doors as last reported."""
    with registry.store.reading() as uow:
        return DoorList([_record(status) for status in registry.housing.doors(uow)])


@router.get("/permits", summary="Say how far permits have come, by door")
def permits(registry: Registry, door: str | None = None) -> PermitList:
    """Return the state of one door's permits, or of every door's."""
    with registry.store.reading() as uow:
        if door is not None:
            registry.housing.door(uow, door)
        found = registry.permits.of_doors(uow, door)
        revision = uow.permits.revision()
    return PermitList(
        revision,
        [
            DoorPermitRecord(
                door=entry.status.door.id,
                permits=entry.permits,
                wanted=entry.status.wanted,
                pushed=entry.status.pushed,
                acknowledged=entry.status.acknowledged,
                in_force=entry.status.acknowledged >= entry.status.wanted,
                acknowledged_at=entry.status.acknowledged_at,
            )
            for entry in found
        ],
    )


@router.get("/figures", summary="Give the street in numbers")
def figures(registry: Registry) -> Figures:
    """Return counts only."""
    with registry.store.reading() as uow:
        return registry.housing.figures(uow)


def _record(status: DoorStatus) -> DoorRecord:
    fields = asdict(status)
    return DoorRecord(**fields.pop("door"), **fields)
