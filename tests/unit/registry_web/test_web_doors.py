from dataclasses import replace
from datetime import UTC, datetime

import pytest

from registry.domain.hardware import Delivery, Door, DoorStatus
from registry.web.doors import OFFLINE, ONLINE, SILENT, DoorFilter, matches, row
from registry.web.words import DELIVERIES, Badge

AT = datetime(2026, 11, 23, tzinfo=UTC)
STATUS = DoorStatus(
    Door("door-1", "reader-1", "B001", "正门"),
    "gateway-1",
    "osdp",
    online=True,
    secure=True,
    open=False,
    wanted=5,
    pushed=5,
    acknowledged=5,
    reported_at=AT,
)
BUILDINGS = {"B001": "示例楼一"}


@pytest.mark.parametrize(
    ("status", "link"),
    [
        (STATUS, ONLINE),
        (replace(STATUS, online=False), OFFLINE),
        (replace(STATUS, online=False, reported_at=None), SILENT),
    ],
)
def test_a_door_that_never_reported_is_not_called_offline(
    status: DoorStatus, link: Badge
) -> None:
    assert row(status, BUILDINGS).link is link


@pytest.mark.parametrize(
    ("pushed", "acknowledged", "delivery"),
    [
        (4, 4, Delivery.WANTED),
        (5, 4, Delivery.PUSHED),
        (5, 5, Delivery.ACKNOWLEDGED),
        (6, 6, Delivery.ACKNOWLEDGED),
    ],
)
def test_permits_are_no_further_than_the_door_said(
    pushed: int, acknowledged: int, delivery: Delivery
) -> None:
    shown = row(replace(STATUS, pushed=pushed, acknowledged=acknowledged), BUILDINGS)
    assert shown.permits is DELIVERIES[delivery]
    assert shown.pending is (delivery is not Delivery.ACKNOWLEDGED)


def test_what_is_unknown_is_called_by_its_code() -> None:
    shown = row(replace(STATUS, protocol="other", open=None), {})
    assert (shown.building, shown.protocol, shown.position) == (
        "B001",
        "other",
        "门位未知",
    )


@pytest.mark.parametrize(
    ("status", "wishes"),
    [
        (STATUS, {DoorFilter.ONLINE}),
        (replace(STATUS, secure=False), {DoorFilter.ONLINE, DoorFilter.INSECURE}),
        (replace(STATUS, acknowledged=1), {DoorFilter.ONLINE, DoorFilter.PENDING}),
        (replace(STATUS, online=False, secure=False), {DoorFilter.OFFLINE}),
    ],
)
def test_filters_leave_what_they_name(
    status: DoorStatus, wishes: set[DoorFilter]
) -> None:
    shown = row(status, BUILDINGS)
    left = {wish for wish in DoorFilter if matches(shown, wish)}
    assert left == wishes | {DoorFilter.ALL}
