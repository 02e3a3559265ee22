"""Commissioning: records taken from gateways, and how every door stands."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from controller.errors import SignatureRefused
from controller.uplink.commissioning import digest_of_record, open_record
from controller.uplink.messages import CommissioningReceipt, CommissioningReport
from controller.vocabulary import AlarmKind
from registry.audit.trail import Action, Deed, record
from registry.domain.commissioning import Commissioned, DoorService
from registry.domain.errors import NotFound
from registry.domain.hardware import DoorStatus
from registry.domain.places import AreaKind
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.gateways import Gateways


class Commissioning:
    """Keeps every record once, as it was signed."""

    def __init__(self, gateways: Gateways, clock: Callable[[], datetime]) -> None:
        """Take the gateways' keys and times from a clock."""
        self._gateways = gateways
        self._clock = clock

    def take(
        self, uow: UnitOfWork, report: CommissioningReport
    ) -> CommissioningReceipt:
        """Keep a record unless it is here; send the receipt once that is committed.

        Raises SignatureRefused or MessageRefused for what the gateway did not sign.
        """
        digest = digest_of_record(report.record)
        receipt = CommissioningReceipt(report.gateway, digest)
        if uow.commissioning.known(digest):
            return receipt
        key_of = partial(self._gateways.key, uow)
        signer, found = open_record(report.record, key_of)
        if signer != report.gateway:
            raise SignatureRefused("the signer is not the gateway of the message")
        now = self._clock()
        kept = Commissioned(report.gateway, found, digest, now)
        uow.commissioning.add(kept, report.record)
        deed = Deed(
            f"operator:{found.operator} via gateway:{report.gateway}",
            Action.READER_COMMISSIONED,
            f"door:{found.door}",
        )
        record(uow, [deed], now)
        return receipt

    def doors(self, uow: UnitOfWork) -> list[DoorService]:
        """Return how every door of the street stands."""
        return _services(uow, uow.hardware.statuses(), uow.commissioning.all())

    def door(
        self, uow: UnitOfWork, id_: str
    ) -> tuple[DoorService, tuple[Commissioned, ...]]:
        """Return how a door stands, and its records, the newest first."""
        status = uow.hardware.status(id_)
        if status is None:
            raise NotFound(f"there is no door {id_!r}")
        records = uow.commissioning.all(id_)
        (service,) = _services(uow, [status], records)
        return service, tuple(r for r in reversed(records) if _of_door(r, status))


def _services(
    uow: UnitOfWork, doors: Iterable[DoorStatus], records: Iterable[Commissioned]
) -> list[DoorService]:
    communities = _communities(uow)
    last: dict[tuple[str, str, str], Commissioned] = {
        (r.gateway, r.record.door, r.record.controller): r for r in records
    }
    replaced = uow.alarms.active(AlarmKind.REPLACED)
    return [
        DoorService(
            status,
            communities[status.door.building],
            last.get((status.gateway, status.door.id, status.door.controller)),
            replaced.get(status.door.id),
        )
        for status in doors
    ]


def _of_door(found: Commissioned, status: DoorStatus) -> bool:
    """Say whether a gateway spoke of a door and a controller of its own."""
    own = (status.gateway, status.door.controller)
    return (found.gateway, found.record.controller) == own


def _communities(uow: UnitOfWork) -> dict[str, str]:
    """Return the community of each building, by code."""
    grids = {grid.code: grid.parent or "" for grid in uow.houses.areas(AreaKind.GRID)}
    return {b.code: grids[b.grid] for b in uow.houses.buildings()}
