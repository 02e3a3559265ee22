"""Who asks: in which role, for which part of the street, by which way."""

from dataclasses import dataclass
from enum import StrEnum

from registry.domain.history import Channel, Source
from registry.domain.occupancy import Side


class Role(StrEnum):
    """What somebody is in the street."""

    OPERATOR = "operator"
    """Whoever runs the machine: everything, everywhere."""
    CLERK = "clerk"
    GRID_OFFICER = "grid_officer"
    LANDLORD = "landlord"
    TENANT = "tenant"


SIDES = {Role.LANDLORD: Side.LANDLORD, Role.TENANT: Side.OCCUPANT}
STAFF = frozenset({Role.OPERATOR, Role.CLERK, Role.GRID_OFFICER})


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody known to the registry.

    Staff may be bound to an `area` (a street's, community's or grid's code); landlords
    and tenants are a `party` and see what is theirs.
    """

    role: Role
    name: str
    party: str | None = None
    area: str | None = None
    channel: Channel = Channel.API

    @property
    def staff(self) -> bool:
        """Say whether they act for the street."""
        return self.role in STAFF

    @property
    def side(self) -> Side:
        """For whom they speak when two sides must."""
        return SIDES.get(self.role, Side.GRID)

    @property
    def source(self) -> Source:
        """How what they record is signed."""
        return Source(self.name, self.channel)
