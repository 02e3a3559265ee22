"""The permits of this gateway: durable, and in memory for decisions."""

import asyncio

from controller.permit_table import PermitTable
from controller.uplink.messages import PermitDelta, PermitSnapshot
from controller.vocabulary import DoorId, Permit, Revision
from gateway.store.state import Changes, State

NOTHING = Revision(0)


class Permits:
    """One set of permits at one revision."""

    def __init__(self, state: State) -> None:
        """Load what is held."""
        self._state = state
        self.table = PermitTable(state.permits())
        self.revision = state.revision

    @property
    def digest(self) -> bytes:
        """The digest of the whole set."""
        return self.table.digest

    def of_door(self, door: DoorId) -> tuple[Permit, ...]:
        """Return the permits of one door."""
        return self._state.of_door(door)

    async def apply(self, delta: PermitDelta) -> Changes:
        """Move on by a delta; returns what it changes by door."""
        changes = await asyncio.to_thread(
            self._state.apply, delta.revision, delta.removed, delta.put
        )
        self.table.apply(delta.removed, delta.put)
        self.revision = delta.revision
        return changes

    async def replace(self, snapshot: PermitSnapshot) -> bool:
        """Hold what a snapshot holds and nothing else, if its digest says the same."""
        table = await asyncio.to_thread(PermitTable, snapshot.permits)
        if table.digest != snapshot.digest:
            return False
        await asyncio.to_thread(
            self._state.replace, snapshot.revision, snapshot.permits
        )
        self.table = table
        self.revision = snapshot.revision
        return True
