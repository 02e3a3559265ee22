"""What a smart door must not forget when its power goes."""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from controller.permit_table import PermitTable
from controller.protocols.smart_door.formats import MOST_RECORDS
from controller.protocols.smart_door.messages import Events, Permits, Record
from controller.vocabulary import Revision

NO_REVISION = Revision(0)


@dataclass(slots=True)
class DoorMemory:
    """The door's permanent store: a ring of records, its permits, its clock.

    Indexes rise from 1 within an epoch. A door that lost its memory starts with an
    epoch it never used, such as the seconds since 1970. `clock_offset` is what the
    gateway's corrections add to the hardware clock.
    """

    epoch: int
    capacity: int = 10_000
    permit_capacity: int = 20_000
    last: int = 0
    acknowledged: int = 0
    records: deque[Record] = field(default_factory=deque)
    permits: PermitTable = field(default_factory=PermitTable)
    revision: Revision = NO_REVISION
    clock_offset: timedelta = timedelta()

    @property
    def oldest(self) -> int:
        """The lowest index still held, or the next one when the ring is empty."""
        return self.last - len(self.records) + 1

    def keep(self, record: Record) -> int:
        """Append a record and return its index; a full ring drops its oldest."""
        self.last += 1
        self.records.append(record)
        if len(self.records) > self.capacity:
            self.records.popleft()
        return self.last

    def after(self, index: int) -> Events | None:
        """Return the next records behind an index, or None when there are none."""
        first = max(index + 1, self.oldest)
        start = first - self.oldest
        records = tuple(islice(self.records, start, start + MOST_RECORDS))
        return Events(self.epoch, self.oldest, first, records) if records else None

    def acknowledge(self, upto: int) -> None:
        """Forget records the gateway holds.

        An index never given out shows that this memory is older than what the
        gateway saw: what is left is numbered anew in the next epoch.
        """
        if upto > self.last:
            self.epoch += 1
            self.acknowledged, self.last = 0, len(self.records)
            return
        self.acknowledged = max(self.acknowledged, upto)
        while self.records and self.oldest <= upto:
            self.records.popleft()

    def apply(self, parts: list[Permits]) -> str | None:
        """Move to a revision at once, or return why nothing changed."""
        head = parts[0]
        if not head.snapshot and head.base != self.revision:
            return f"revision {self.revision} is held, not {head.base}"
        put = {permit.id: permit for part in parts for permit in part.put}
        removed = {permit for part in parts for permit in part.removed}
        if len(self.permits) + len(put) > self.permit_capacity:
            held = () if head.snapshot else self.permits.permits()
            kept = {permit.id for permit in held} - removed
            if len(kept | put.keys()) > self.permit_capacity:
                return f"the door holds at most {self.permit_capacity} permits"
        if head.snapshot:
            self.permits = PermitTable(put.values())
        else:
            self.permits.apply(removed, put.values())
        self.revision = head.revision
        return None
