"""Commissioning as rows: the device, its tests and who brought it into service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.uplink.commissioning import CommissioningRecord
from registry.domain.commissioning import Commissioned, DoorService, ServiceState
from registry.web.words import CHECKS, PROTOCOLS, SERVICE_STATES, Badge

IDENTITY = re.compile(r"([0-9a-f]{6})-(\d+)-(\d+)-([0-9a-f]{8})")
"""Maker, model, version and serial number, as an OSDP reader tells them."""
PASSED, FAILED = Badge("通过", "check", "ok"), Badge("未通过", "cross", "miss")


class ServiceFilter(StrEnum):
    """What the list may be narrowed to."""

    ALL = "all"
    REPLACED = ServiceState.REPLACED
    FAILED = ServiceState.FAILED
    MISSING = ServiceState.MISSING
    ACCEPTED = ServiceState.ACCEPTED
    EXEMPT = ServiceState.EXEMPT


@dataclass(frozen=True, slots=True)
class Device:
    """A reader as it told of itself; what cannot be read apart is its `model`."""

    model: str
    serial: str
    maker: str


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test with the words for what was tested and for how it went."""

    word: str
    passed: bool
    badge: Badge


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record with its device and its tests."""

    found: Commissioned
    device: Device
    tests: tuple[TestRow, ...]

    @property
    def record(self) -> CommissioningRecord:
        """What was signed."""
        return self.found.record

    @property
    def failed(self) -> tuple[TestRow, ...]:
        """The tests that were not passed."""
        return tuple(test for test in self.tests if not test.passed)


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A door with the words for its state, and its last record."""

    service: DoorService
    badge: Badge
    house: str
    protocol: str
    last: RecordRow | None

    @property
    def id(self) -> str:
        """The door's id."""
        return self.service.status.door.id


def row(service: DoorService, buildings: Mapping[str, str]) -> ServiceRow:
    """Return a door as a row; `buildings` gives the names by code."""
    status, last = service.status, service.last
    return ServiceRow(
        service=service,
        badge=SERVICE_STATES[service.state],
        house=buildings.get(status.door.building, status.door.building),
        protocol=PROTOCOLS.get(status.protocol, status.protocol),
        last=None if last is None else record_row(last),
    )


def record_row(found: Commissioned) -> RecordRow:
    """Return a record as a row."""
    passed = found.record.passed
    tests = tuple(
        TestRow(word, check in passed, PASSED if check in passed else FAILED)
        for check, word in CHECKS.items()
    )
    return RecordRow(found, device(found.record.identity), tests)


def device(identity: str) -> Device:
    """Return a device by what it told of itself."""
    parts = IDENTITY.fullmatch(identity)
    if parts is None:
        return Device(identity, "—", "—")
    maker, model, version, serial = parts.groups()
    return Device(f"{int(model)}.{int(version)}", serial.upper(), maker.upper())


def matches(row: ServiceRow, state: ServiceFilter, community: str | None) -> bool:
    """Say whether the filters leave a row."""
    here = community is None or row.service.community == community
    return here and state in {ServiceFilter.ALL, row.service.state}
