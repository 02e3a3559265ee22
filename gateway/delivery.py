"""Permits on their way to controllers that store them, and proof of arrival."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from controller.encoding import digest_of
from controller.session import (
    ApplyPermits,
    Command,
    CommandFailed,
    Event,
    ForeignCards,
    Offline,
    Online,
    PermitsApplied,
)
from controller.vocabulary import ControllerId, DoorId, Permit, PermitId, Revision
from gateway.doors import Door
from gateway.permits import NOTHING, Permits
from gateway.site import Site
from gateway.store.state import Changes, DoorChange, State

RETRY = 10.0
"""Seconds before a controller that failed to apply permits gets them again."""
MOST_SHOWN = 10
LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Consignment:
    """What one controller was sent and what waits behind it.

    `expected` is the digest that confirms it; `whole` says that it was a snapshot.
    """

    expected: bytes | None = None
    whole: bool = False
    removed: set[PermitId] = field(default_factory=set)
    put: dict[PermitId, Permit] = field(default_factory=dict)

    def add(self, change: DoorChange) -> None:
        """Put a change behind those that wait."""
        self.removed |= change.removed
        for identity in change.removed:
            self.put.pop(identity, None)
        self.put |= change.put
        self.removed -= change.put.keys()

    @property
    def waiting(self) -> bool:
        """Whether anything is still to be sent."""
        return bool(self.removed or self.put)

    def clear(self) -> None:
        """Forget everything: a snapshot says it all."""
        self.expected = None
        self.whole = False
        self.removed.clear()
        self.put.clear()


class Delivery:
    """Keeps doors at the gateway's revision and notes which one is in force."""

    def __init__(
        self,
        site: Site,
        permits: Permits,
        state: State,
        send: Callable[[Command], None],
    ) -> None:
        """Doors whose controller stores no permits follow the gateway at once."""
        self._doors, self._counters = site.doors, site.counters
        self._permits = permits
        self._state = state
        self._send = send
        self._parcels = {
            door.controller: _Consignment()
            for door in site.doors
            if door.capabilities.stores_permits
        }
        self._acknowledge(self._followers())

    def handle(self, event: Event) -> None:
        """Take what controllers say of their permits."""
        parcel = self._parcels.get(event.controller)
        if parcel is None:
            return
        door = self._doors.of(event.controller).id
        match event:
            case Online():
                parcel.clear()
                self._compare(event)
            case Offline():
                parcel.clear()
            case PermitsApplied(digest=digest) if parcel.expected is not None:
                self._applied(event.controller, digest)
            case CommandFailed(command=ApplyPermits(), cause=cause):
                LOG.warning("%s took no permits: %s", event.controller, cause)
                self._retry(event.controller)
            case ForeignCards(cards=cards):
                shown = ", ".join(map(str, cards[:MOST_SHOWN]))
                LOG.warning("%s held %d other cards: %s", door, len(cards), shown)
                self._counters.foreign_cards += len(cards)

    def changed(self, before: Revision, changes: Changes) -> None:
        """Pass a delta on; doors it does not touch are at its revision at once."""
        untouched = []
        for name, parcel in self._parcels.items():
            door = self._doors.of(name)
            change = changes.get(door.id)
            if change is None:
                if door.acknowledged == before:
                    untouched.append(door)
            elif door.online:
                parcel.add(change)
                if parcel.expected is None:
                    self._push(door, parcel)
        self._acknowledge([*self._followers(), *untouched])

    def replaced(self) -> None:
        """Bring every controller to a snapshot."""
        self._acknowledge(self._followers())
        for name in self._parcels:
            if self._doors.of(name).online:
                self._push_snapshot(name)

    def _followers(self) -> list[Door]:
        return [door for door in self._doors if door.controller not in self._parcels]

    def _compare(self, online: Online) -> None:
        """Leave a controller as it is, or believe it no more than it says it holds."""
        door = self._doors.of(online.controller)
        if online.digest == digest_of(self._permits.of_door(door.id)):
            self._acknowledge([door])
            return
        held = min(door.acknowledged, online.revision or NOTHING)
        self._note_in_force([door], held)
        self._push_snapshot(online.controller)

    def _applied(self, name: ControllerId, digest: bytes) -> None:
        door, parcel = self._doors.of(name), self._parcels[name]
        if digest != parcel.expected:
            LOG.error("%s holds other permits than it was sent", name)
            self._counters.permit_mismatches += 1
            if parcel.whole:
                self._retry(name)
            else:
                self._push_snapshot(name)
            return
        parcel.expected = None
        if parcel.waiting:
            self._push(door, parcel)
        else:
            self._acknowledge([door])

    def _push(self, door: Door, parcel: _Consignment) -> None:
        removed, put = tuple(parcel.removed), tuple(parcel.put.values())
        parcel.clear()
        parcel.expected = digest_of(self._permits.of_door(door.id))
        self._send(ApplyPermits(door.controller, self._permits.revision, removed, put))

    def _push_snapshot(self, name: ControllerId) -> None:
        door, parcel = self._doors.of(name), self._parcels[name]
        permits = self._permits.of_door(door.id)
        parcel.clear()
        parcel.expected, parcel.whole = digest_of(permits), True
        revision = self._permits.revision
        gone = tuple(sorted(self._state.withdrawn(door.id)))
        self._send(
            ApplyPermits(name, revision, (), permits, snapshot=True, withdrawn=gone)
        )

    def _retry(self, name: ControllerId) -> None:
        self._parcels[name].clear()
        asyncio.get_running_loop().call_later(RETRY, self._push_again, name)

    def _push_again(self, name: ControllerId) -> None:
        if self._doors.of(name).online:
            self._push_snapshot(name)

    def _acknowledge(self, doors: Iterable[Door]) -> None:
        self._note_in_force(doors, self._permits.revision)

    def _note_in_force(self, doors: Iterable[Door], revision: Revision) -> None:
        moved = [door for door in doors if door.acknowledged != revision]
        if not moved:
            return
        for door in moved:
            door.acknowledged = revision
            self._doors.note(door)
        try:
            self._state.acknowledge([DoorId(door.id) for door in moved], revision)
        except sqlite3.Error as error:
            LOG.warning("acknowledgements are not durable: %s", error)
