"""What rules read of one unit: records by opaque ids, counts and days; no names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from registry.domain.credential import CredentialState
from registry.domain.external_filing import ExternalFiling
from registry.domain.filing import RentalFiling
from registry.domain.hazards import Hazard
from registry.domain.occupancy import Occupancy
from registry.domain.places import Room, Unit
from registry.domain.rights import Contract, RightToLet
from registry.domain.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A card of somebody who is or was on record in the unit."""

    credential: int
    party: str
    issued_on: date
    state: CredentialState = CredentialState.ACTIVE
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class CardDay:
    """How often a card was let in or refused at a door on a day."""

    credential: int
    day: date
    door: str
    granted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Jump:
    """A card was presented at a door of one house, then at that of another."""

    credential: int
    day: date
    from_door: str
    to_door: str
    seconds: int


@dataclass(frozen=True, slots=True)
class DoorCondition:
    """How far a door's record can be relied on.

    `online` is the share of the last weeks in percent, `skew` its clock's error in
    seconds; `delivered` says that it works by the newest permits, `free` that it
    stands open to everybody.
    """

    grid: str = ""
    online: int = 100
    skew: int = 0
    delivered: bool = True
    free: bool = False
    own: bool = True
    """Whether it is a door of the unit's own house."""


@dataclass(frozen=True, slots=True)
class HouseInputs:
    """Everything the rules read of one unit, as of a day."""

    unit: Unit
    today: date
    rooms: tuple[Room, ...] = ()
    rights: tuple[RightToLet, ...] = ()
    filings: tuple[RentalFiling, ...] = ()
    contracts: tuple[Contract, ...] = ()
    tenancies: tuple[Tenancy, ...] = ()
    occupancies: tuple[Occupancy, ...] = ()
    elsewhere: tuple[ExternalFiling, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    cards: tuple[HeldCard, ...] = ()
    days: tuple[CardDay, ...] = ()
    jumps: tuple[Jump, ...] = ()
    doors: Mapping[str, DoorCondition] = field(default_factory=dict)
    organisations: frozenset[str] = frozenset()

    @property
    def living(self) -> tuple[Occupancy, ...]:
        """Who is on record as living there."""
        return tuple(o for o in self.occupancies if o.holds(self.today))

    @property
    def running(self) -> tuple[Tenancy, ...]:
        """The tenancies in force."""
        return tuple(t for t in self.tenancies if t.holds(self.today))

    def cards_of(self, parties: frozenset[str]) -> frozenset[int]:
        """Return the cards of parties."""
        return frozenset(c.credential for c in self.cards if c.party in parties)
