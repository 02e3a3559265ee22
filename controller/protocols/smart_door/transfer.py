"""Permit changes as messages: two in a row made one, a large one cut into parts."""

from dataclasses import replace

from controller.cbor import pack
from controller.encoding import permit_row
from controller.protocols.smart_door.codec import LIMITS
from controller.protocols.smart_door.formats import MOST_PARTS
from controller.protocols.smart_door.messages import Permits
from controller.protocols.smart_door.topics import Direction
from controller.session import ApplyPermits
from controller.vocabulary import Permit, PermitId, Revision

PART_SIZE = LIMITS[Direction.DOWN] - 1024
"""Bytes of permits in one message, with room left for the rest of it."""
REMOVAL_SIZE = 9


def merge(older: ApplyPermits, newer: ApplyPermits) -> ApplyPermits:
    """Return one change that does what two in a row would."""
    if newer.snapshot:
        return newer
    removed = dict.fromkeys(older.removed + newer.removed)
    put = {permit.id: permit for permit in older.put}
    for identity in newer.removed:
        put.pop(identity, None)
    put.update({permit.id: permit for permit in newer.put})
    return replace(
        newer,
        removed=tuple(removed),
        put=tuple(put.values()),
        snapshot=older.snapshot,
    )


def split(command: ApplyPermits, number: int, base: Revision) -> tuple[Permits, ...]:
    """Return a change as messages; ValueError when they would be too many."""
    loads: list[tuple[list[PermitId], list[Permit]]] = [([], [])]
    room = PART_SIZE
    items: list[tuple[PermitId | Permit, int]] = [
        *((identity, REMOVAL_SIZE) for identity in command.removed),
        *((permit, len(pack(permit_row(permit)))) for permit in command.put),
    ]
    for item, size in items:
        if size > room:
            loads.append(([], []))
            room = PART_SIZE
        room -= size
        removed, put = loads[-1]
        if isinstance(item, Permit):
            put.append(item)
        else:
            removed.append(item)
    if len(loads) > MOST_PARTS:
        raise ValueError(f"the change takes more than {MOST_PARTS} messages")
    return tuple(
        Permits(
            command=number,
            part=part,
            parts=len(loads),
            base=base,
            revision=command.revision,
            snapshot=command.snapshot,
            removed=tuple(removed),
            put=tuple(put),
        )
        for part, (removed, put) in enumerate(loads)
    )
