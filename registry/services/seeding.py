"""Imports a street: checked whole before anything is written, safe to repeat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.cbor import EPOCH
from registry.audit.trail import EXAMPLE, Action, Deed, record
from registry.domain.history import Channel, Source
from registry.domain.parties import Party
from registry.domain.places import Area, Building, Room, Unit
from registry.domain.street_file import StreetFile, read_street
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity
from registry.services.permits import PermitService

Progress = Callable[[str, int], None]
"""Told what was written and how many of them."""
FILE = Source("street file", Channel.IMPORT)
Step = Callable[[UnitOfWork, StreetFile], int]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many records of each kind were new, and the revision of the permits."""

    added: Mapping[str, int]
    revision: int


def silent(_what: str, _count: int) -> None:
    """Report no progress."""


class Seeding:
    """Adds what a street file holds and the register does not."""

    def __init__(
        self,
        identity: Identity,
        permits: PermitService,
        clock: Callable[[], datetime],
    ) -> None:
        """Work with the two services an import needs."""
        self._identity = identity
        self._permits = permits
        self._clock = clock
        self.steps: Mapping[str, Step] = {
            "places": self._places,
            "parties": self._parties,
            "tenancies": self._tenancies,
            "filings": self._filings,
            "residences": self._residences,
            "credentials": self._credentials,
            "hardware": self._hardware,
        }

    def load(
        self,
        uow: UnitOfWork,
        document: object,
        actor: str,
        progress: Progress = silent,
    ) -> Imported:
        """Import a street from parsed JSON.

        Raises Invalid with the JSON path of every fault; then nothing was written.
        """
        street = read_street(document)
        added = {}
        for what, step in self.steps.items():
            added[what] = step(uow, street)
            progress(what, added[what])
        revision = uow.permits.revision()
        if any(added.values()):
            reason = EXAMPLE if street.example else None
            subject = f"street:{street.code}"
            deed = Deed(actor, Action.STREET_IMPORTED, subject, reason)
            record(uow, [deed], self._clock())
            revision = self._permits.rederive(uow)
        progress("permits", revision)
        return Imported(added, revision)

    def _places(self, uow: UnitOfWork, street: StreetFile) -> int:
        kinds = (
            (Area, street.areas),
            (Building, street.buildings),
            (Unit, street.units),
            (Room, street.rooms),
        )
        count = 0
        for kind, places in kinds:
            known = uow.houses.codes(kind)
            fresh = [place for place in places if place.code not in known]
            uow.houses.add(fresh)
            count += len(fresh)
        return count

    def _parties(self, uow: UnitOfWork, street: StreetFile) -> int:
        known = uow.parties.ids()
        fresh = {id_: name for id_, name in street.names.items() if id_ not in known}
        uow.parties.add(map(Party, fresh))
        self._identity.keep(uow, fresh)
        return len(fresh)

    def _tenancies(self, uow: UnitOfWork, street: StreetFile) -> int:
        known = uow.tenancies.ids()
        fresh = [t for t in street.tenancies if t.id not in known]
        uow.tenancies.add(fresh, FILE, self._clock())
        occupancies = [o for o in street.occupancies if o.tenancy not in known]
        uow.occupancies.add(occupancies, FILE, self._clock())
        return len(fresh)

    def _filings(self, uow: UnitOfWork, street: StreetFile) -> int:
        known = {filing.unit for filing in uow.filings.find()}
        fresh = [f for f in street.filings if f.unit not in known]
        uow.filings.add(fresh, FILE, self._clock())
        return len(fresh)

    def _residences(self, uow: UnitOfWork, street: StreetFile) -> int:
        known = {(o.party, o.unit) for o in uow.occupancies.find()}
        fresh = [o for o in street.residences if (o.party, o.unit) not in known]
        uow.occupancies.add(fresh, FILE, self._clock())
        return len(fresh)

    def _credentials(self, uow: UnitOfWork, street: StreetFile) -> int:
        known = uow.credentials.cards()
        fresh = [(card, p) for card, p in street.cards.items() if card not in known]
        uow.credentials.add(fresh, EPOCH)
        return len(fresh)

    def _hardware(self, uow: UnitOfWork, street: StreetFile) -> int:
        gateways = {gateway.id for gateway in uow.hardware.gateways()}
        controllers = uow.hardware.controller_ids()
        doors = {door.id for door in uow.hardware.doors()}
        fresh_gateways = [g for g in street.gateways if g.id not in gateways]
        fresh_controllers = [c for c in street.controllers if c.id not in controllers]
        fresh_doors = [d for d in street.doors if d.id not in doors]
        uow.hardware.add_gateways(fresh_gateways)
        uow.hardware.add_controllers(fresh_controllers)
        uow.hardware.add_doors(fresh_doors)
        return len(fresh_gateways) + len(fresh_controllers) + len(fresh_doors)
