"""The language that gateway, registry and simulator speak: pure, without I/O."""

from controller.schedule import Hours, Validity, WeeklyProfile
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    ControllerId,
    Decision,
    Direction,
    DoorId,
    Entry,
    Gap,
    GatewayId,
    Origin,
    Passage,
    Permit,
    PermitId,
    Reason,
    Revision,
)

__all__ = [
    "AlarmChange",
    "AlarmKind",
    "CardNumber",
    "ControllerId",
    "Decision",
    "Direction",
    "DoorId",
    "Entry",
    "Gap",
    "GatewayId",
    "Hours",
    "Origin",
    "Passage",
    "Permit",
    "PermitId",
    "Reason",
    "Revision",
    "Validity",
    "WeeklyProfile",
]
