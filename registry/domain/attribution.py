"""Whose passage it was: the card's holder and their home at that time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from registry.domain.credential import WITHDRAWN, CardState, Credential
from registry.domain.key_warning import Presented
from registry.domain.occupancy import Occupancy
from registry.domain.permits import FAR_FUTURE, FAR_PAST
from registry.domain.policy import Policy


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
        building = self._building_of_door.get(door)
        # A clock may be so wrong that its time has no day in the street's zone.
        sane = min(max(at, FAR_PAST), FAR_FUTURE)
        day = sane.astimezone(self._policy.zone).date()
        homes = [o for o in self._homes.get(party, ()) if o.building == building]
        return next(
            (o.unit for o in homes if o.holds(day)),
            next((o.unit for o in homes if self._in_grace(o, day)), None),
        )

    def _in_grace(self, occupancy: Occupancy, day: date) -> bool:
        return (
            occupancy.end is not None
            and occupancy.end <= day < occupancy.end + self._policy.door_grace.period
        )
