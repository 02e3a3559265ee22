"""Whose passage it was: the card's holder and their home at that time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controller.cbor import EPOCH
from registry.domain.credential import WITHDRAWN, CardState, Credential
from registry.domain.key_warning import Presented
from registry.domain.occupancy import Occupancy
from registry.domain.permits import FAR_FUTURE, FAR_PAST, grace_after
from registry.domain.policy import Policy

MINUTE = timedelta(minutes=1)
"""No midnight of a zone falls within one, since zones go by whole minutes."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What is known about a presented card; everything may be unknown."""

    state: CardState | None = None
    credential: int | None = None
    party: str | None = None
    unit: str | None = None


class Attribution:
    """Attributes passages by the credentials, occupancies and doors it is given."""

    def __init__(
        self,
        credentials: Iterable[Credential],
        occupancies: Iterable[Occupancy],
        building_of_door: Mapping[str, str],
        policy: Policy,
    ) -> None:
        """Take credentials in the order they were issued."""
        self._credentials: dict[int, list[Credential]] = defaultdict(list)
        for credential in credentials:
            self._credentials[credential.card].append(credential)
        self._homes: dict[str, list[Occupancy]] = defaultdict(list)
        for occupancy in occupancies:
            self._homes[occupancy.party].append(occupancy)
        self._building_of_door = building_of_door
        self._policy = policy
        self.withdrawn: list[Presented] = []
        """The withdrawn cards that were held to our own doors so far."""
        self._days: dict[int, date] = {}

    def of(self, card: int | None, door: str, at: datetime) -> Holder:
        """Return who presented a card at a door."""
        if card is None:
            return Holder()
        for credential in reversed(self._credentials.get(card, [])):
            state = credential.state_at(at)
            if state is not CardState.UNKNOWN:
                if state in WITHDRAWN and door in self._building_of_door:
                    shown = Presented(credential.id, door, at, state)
                    self.withdrawn.append(shown)
                unit = self._unit(credential.party, door, at)
                return Holder(state, credential.id, credential.party, unit)
        return Holder(CardState.UNKNOWN)

    def _unit(self, party: str, door: str, at: datetime) -> str | None:
        """Return the party's home behind the door, also during the grace after it."""
        building, day = self._building_of_door.get(door), self._day(at)
        left = None
        for home in self._homes.get(party, ()):
            if home.building != building:
                continue
            if home.holds(day):
                return home.unit
            if left is None and self._in_grace(home, day):
                left = home.unit
        return left

    def _day(self, at: datetime) -> date:
        """Return the street's day; most passages of a batch share a minute."""
        minute = (at - EPOCH) // MINUTE
        if minute not in self._days:
            # A clock may be so wrong that its time has no day in the street's zone.
            sane = min(max(at, FAR_PAST), FAR_FUTURE)
            self._days[minute] = sane.astimezone(self._policy.zone).date()
        return self._days[minute]

    def _in_grace(self, occupancy: Occupancy, day: date) -> bool:
        if occupancy.end is None or day < occupancy.end:
            return False
        grace = grace_after(occupancy, occupancy.end, self._policy)
        return day < occupancy.end + grace
