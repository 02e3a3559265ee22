"""The real daemon and an esp-rfid door: what went unseen reaches the record."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from controller.protocols.esp_rfid.device import DeviceSettings, Flash
from controller.protocols.esp_rfid.topics import read_address
from controller.schedule import Validity
from controller.uplink.codec import decode_entry
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Entry,
    Passage,
    Permit,
    PermitId,
    Reason,
    Unwatched,
)
from firmware_sim.esp_rfid import EspDoor, Nearby
from tests.support.gateway_files import install
from tests.support.gateway_registry import Registry
from tests.support.mosquitto import free_port, mosquitto
from tests.support.waiting import until

pytestmark = pytest.mark.slow
E = TypeVar("E", bound=Entry)
COMMAND = Path(sys.executable).with_name("menhu-gateway")
CARD, DOOR = 0xC0DE77, DoorId("back")
CONFIG = """\
id = "gateway-1"
ballast_megabytes = 1
[registry]
url = "{url}"
public_key = "registry.pub"
[[lines]]
name = "esp"
protocol = "esp_rfid"
broker = "127.0.0.1:{port}"
controllers = [{{ id = "esp-1", door = "back", address = "rfid-back" }}]
"""


def permit() -> Permit:
    now = datetime.now(UTC)
    validity = Validity(now - timedelta(hours=1), now + timedelta(hours=1))
    return Permit(PermitId(1), CardNumber(CARD), DOOR, validity)


def told(registry: Registry, kind: type[E]) -> list[E]:
    """Return what reached the registry's record, of one kind."""
    bodies = [body for record in registry.records.values() for body in record.entries]
    entries = [decode_entry(body) for body in bodies]
    return [entry for entry in entries if isinstance(entry, kind)]


def in_force(registry: Registry) -> bool:
    reports = [report for beat in registry.heartbeats for report in beat.doors]
    return any(r.online and not r.secure and r.acknowledged == 1 for r in reports)


@asynccontextmanager
async def daemon(folder: Path) -> AsyncIterator[Process]:
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            COMMAND, "run", cwd=folder, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def prepare(folder: Path, registry: Registry, port: int) -> None:
    config = CONFIG.format(url=registry.url, port=port)
    install(folder, registry.key.public_key(), config, "")
    init = await asyncio.create_subprocess_exec(
        COMMAND, "init", cwd=folder, stdout=PIPE
    )
    out, _ = await init.communicate()
    pem = await asyncio.to_thread(Path(out.decode().strip()).read_bytes)
    public = load_pem_public_key(pem)
    assert isinstance(public, Ed25519PublicKey)
    registry.device_public = public


def covered(registry: Registry, moment: datetime) -> bool:
    spans = told(registry, Unwatched)
    assert {span.controller for span in spans} <= {ControllerId("esp-1")}
    return any(span.since <= moment <= span.until for span in spans)


async def test_passages_and_doubts_reach_the_registry_once(tmp_path: Path) -> None:
    port = free_port()
    near = Nearby("127.0.0.1", port, Random(1))  # noqa: S311 - repeatable
    place = read_address("rfid-back")
    settings = DeviceSettings(place, "back-door", heartbeat=0.5)
    async with Registry() as registry:
        await prepare(tmp_path, registry, port)
        await registry.publish(put=(permit(),))
        door = EspDoor(settings, Flash(), "10.0.0.5", near)
        with mosquitto(tmp_path, port):
            async with daemon(tmp_path):
                door.open()
                await until(lambda: in_force(registry))
                assert door.tap(CARD)
                await until(lambda: told(registry, Passage))
                assert told(registry, Unwatched) == [], "nothing was known before"
                door.fall_silent(0.3)
                door.tap(CARD)
                lost_on_the_way = datetime.now(UTC)
                await until(lambda: covered(registry, lost_on_the_way))
            door.tap(CARD)
            lost_without_us = datetime.now(UTC)
            async with daemon(tmp_path):
                await until(lambda: covered(registry, lost_without_us))
                door.press_button()
                await until(lambda: len(told(registry, Passage)) == 2)
        door.close()
        first, second = told(registry, Passage)
        assert (first.card, first.permit, first.reason) == (
            CardNumber(CARD),
            PermitId(1),
            Reason.PERMIT,
        )
        assert second.reason is Reason.EXIT_REQUEST
        assert first.origin is None
