"""H13: hazards that wait too long, and rooms nobody may let for living."""

from collections.abc import Iterator

from registry.domain.hazards import HazardState
from registry.domain.house_rules.inputs import HouseInputs
from registry.domain.house_rules.rule import (
    Finding,
    Guard,
    GuardName,
    Limits,
    Look,
    Rule,
    RuleId,
)
from registry.domain.places import RoomKind

LATE = frozenset({HazardState.OVERDUE, HazardState.ESCALATED})
CLOSED = frozenset({HazardState.VERIFIED})


def _unsafe(
    house: HouseInputs,
    limits: Limits,  # noqa: ARG001 - every check takes them
) -> Iterator[Finding]:
    kinds = {room.code: room.kind for room in house.rooms}
    for tenancy in house.running:
        kind = kinds.get(tenancy.room or "", RoomKind.LIVING)
        if kind is not RoomKind.LIVING:
            yield Finding({"hazards": 0, "rooms": 1, "kind": kind.value}, tenancy)
    for hazard in house.hazards:
        past = hazard.due is not None and hazard.due < house.today
        if hazard.state in LATE or (past and hazard.state not in CLOSED):
            numbers = {"hazards": 1, "rooms": 0, "kind": hazard.kind.value}
            yield Finding(numbers, about=hazard.id)


def _rectified(look: Look) -> bool:
    return any(
        h.id == look.found.about and h.state is HazardState.SELF_REPORTED
        for h in look.house.hazards
    )


H13 = Rule(
    RuleId.H13,
    1,
    "有逾期的隐患，或出租了不能住人的房间吗",
    "逾期没有消除的隐患 {hazards} 处，出租的非居住房间 {rooms} 间。",
    "派给主管部门核实。",
    (),
    _unsafe,
    (Guard(GuardName.RECTIFIED, _rectified),),
)
