"""Which doors' first card came, and until when that counts."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from controller.cbor import Row, Value, microseconds
from controller.door_rules import holds
from controller.schedule import WeeklyProfile
from controller.vocabulary import DoorId

LONGEST = timedelta(days=1)
"""Hours that never end need a first card every day."""
MINUTE = timedelta(minutes=1)
MOST_DOORS = 5_000


class FirstCards:
    """Spans of wall-clock time in which a door's first card has come."""

    def __init__(self) -> None:
        """Begin with none."""
        self._spans: dict[DoorId, tuple[datetime, datetime]] = {}

    def came(self, door: DoorId, now: datetime) -> bool:
        """Say whether the first card came in the hours `now` lies in."""
        since, until = self._spans.get(door, (now, now))
        return since <= now < until

    def note(
        self,
        door: DoorId,
        hours: WeeklyProfile,
        now: datetime,
        special_days: Mapping[date, int],
    ) -> None:
        """Take that it came; it counts until the hours end, a day at most."""
        since = until = now.replace(second=0, microsecond=0)
        while until < since + LONGEST and holds(hours, until, special_days):
            until += MINUTE
        self._spans[door] = since, until

    def forget(self, door: DoorId) -> None:
        """Take that it did not come after all."""
        self._spans.pop(door, None)

    def row(self) -> list[Value]:
        """Return everything as plain values."""
        return [
            [door, microseconds(since), microseconds(until)]
            for door, (since, until) in sorted(self._spans.items())
        ]

    def restore(self, value: Value) -> None:
        """Go on with what `row` returned, or raise MessageRefused."""
        found = {}
        for item in Row([value], "first_cards", 1).items("spans", MOST_DOORS):
            row = Row(item, "spans", 3)
            door = DoorId(row.text("door"))
            found[door] = row.moment("since"), row.moment("until")
        self._spans = found
