"""Doors as rows: what is known of each and how far its permits have come."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.domain.hardware import Delivery, DoorStatus
from registry.web.words import DELIVERIES, PROTOCOLS, Badge

ONLINE = Badge("在线", "check", "ok")
OFFLINE = Badge("离线", "cross", "miss")
SILENT = Badge("从未报告", "empty", "vac")
OPEN = {True: "门开着", False: "门关着", None: "门位未知"}


class DoorFilter(StrEnum):
    """What a list of doors may be narrowed to."""

    ALL = "all"
    ONLINE = "online"
    OFFLINE = "offline"
    PENDING = "pending"
    INSECURE = "insecure"


FILTERS: dict[DoorFilter, str] = {
    DoorFilter.ALL: "全部",
    DoorFilter.ONLINE: "在线",
    DoorFilter.OFFLINE: "离线",
    DoorFilter.PENDING: "授权未生效",
    DoorFilter.INSECURE: "线路未加密",
}


@dataclass(frozen=True, slots=True)
class DoorRow:
    """A door with the words for its state."""

    status: DoorStatus
    building: str
    link: Badge
    permits: Badge
    position: str
    protocol: str

    @property
    def pending(self) -> bool:
        """Whether the door does not have its latest permits yet."""
        return self.status.delivery(self.status.wanted) is not Delivery.ACKNOWLEDGED


def row(status: DoorStatus, buildings: Mapping[str, str]) -> DoorRow:
    """Return a door as a row; `buildings` gives the names by code."""
    return DoorRow(
        status=status,
        building=buildings.get(status.door.building, status.door.building),
        link=_link(status),
        permits=DELIVERIES[status.delivery(status.wanted)],
        position=OPEN[status.open],
        protocol=PROTOCOLS.get(status.protocol, status.protocol),
    )


def _link(status: DoorStatus) -> Badge:
    if status.reported_at is None:
        return SILENT
    return ONLINE if status.online else OFFLINE


def matches(row: DoorRow, wish: DoorFilter) -> bool:
    """Say whether a filter leaves a row."""
    match wish:
        case DoorFilter.ONLINE:
            return row.status.online
        case DoorFilter.OFFLINE:
            return not row.status.online
        case DoorFilter.PENDING:
            return row.pending
        case DoorFilter.INSECURE:
            return row.status.online and not row.status.secure
        case DoorFilter.ALL:
            return True
