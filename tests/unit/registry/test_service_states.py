"""How a door stands between its record and what came after."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.uplink.commissioning import Check
from registry.domain.commissioning import Commissioned, DoorService, ServiceState
from registry.domain.hardware import Door, DoorStatus
from tests.support.commissioning import RECORD

STATUS = DoorStatus(Door("door-1", "reader-1", "B001", "正门"), "gateway-1", "osdp")
AT = RECORD.at
LATER, EARLIER = AT + timedelta(hours=1), AT - timedelta(hours=1)
GOOD = Commissioned("gateway-1", replace(RECORD, passed=frozenset(Check)), b"", AT)
POOR = replace(GOOD, record=RECORD)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, ServiceState.MISSING),
        ({"last": GOOD}, ServiceState.ACCEPTED),
        ({"last": POOR}, ServiceState.FAILED),
        ({"replaced_at": AT}, ServiceState.REPLACED),
        ({"last": GOOD, "replaced_at": LATER}, ServiceState.REPLACED),
        ({"last": POOR, "replaced_at": LATER}, ServiceState.REPLACED),
        ({"last": GOOD, "replaced_at": EARLIER}, ServiceState.ACCEPTED),
        ({"status": replace(STATUS, protocol="uhppote")}, ServiceState.EXEMPT),
        (
            {"status": replace(STATUS, protocol="uhppote"), "last": GOOD},
            ServiceState.ACCEPTED,
        ),
    ],
)
def test_a_state_is_the_last_thing_known(
    changes: dict[str, object], state: ServiceState
) -> None:
    door = replace(DoorService(STATUS, "C01"), **changes)  # type: ignore[arg-type]  # fields of several types
    assert door.state is state
