"""The real daemon, started by its command, between real devices and a registry."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from controller.door_rules import DoorMode, DoorRules, pin_for
from controller.protocols.osdp import Peripheral
from controller.protocols.osdp.commands import ShowText
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.session import Contact
from controller.uplink.codec import decode_entry
from controller.uplink.messages import OrderOutcome
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    DoorId,
    Origin,
    Passage,
    Permit,
    PermitId,
    Reason,
)
from tests.support.gateway_files import CONFIG, install
from tests.support.gateway_registry import Registry
from tests.support.gateway_street import LiveDoor, LiveReader
from tests.support.mosquitto import free_port, mosquitto
from tests.support.waiting import until

pytestmark = pytest.mark.slow
FULL_WEEK = tuple(Hours(day, 0, 1440) for day in range(7))
COMMAND = Path(sys.executable).with_name("menhu-gateway")


def permit(number: int, door: str, card: int) -> Permit:
    now = datetime.now(UTC)
    validity = Validity(now - timedelta(hours=1), now + timedelta(hours=1))
    return Permit(PermitId(number), CardNumber(card), DoorId(door), validity)


async def say(*arguments: str, folder: Path) -> tuple[int | None, str, str]:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, cwd=folder, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def read(path: str) -> bytes:
    return Path(path).read_bytes()


class Town:
    """Everything around the daemon."""

    def __init__(self, folder: Path, registry: Registry, broker: int) -> None:
        self.folder, self.registry = folder, registry
        self.reader = LiveReader(folder / "lines" / "bus-01")
        self.door = LiveDoor(broker)

    @asynccontextmanager
    async def daemon(self, *more: str) -> AsyncIterator[Process]:
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                COMMAND, "run", *more, cwd=self.folder, stderr=log
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def passages(self) -> list[Passage]:
        bodies = [
            body for record in self.registry.records.values() for body in record.entries
        ]
        entries = [decode_entry(body) for body in bodies]
        return [entry for entry in entries if isinstance(entry, Passage)]

    def alarms(self) -> list[AlarmChange]:
        """Return what was told of alarms, epoch by epoch."""
        records = [record for _, record in sorted(self.registry.records.items())]
        entries = [decode_entry(body) for one in records for body in one.entries]
        return [entry for entry in entries if isinstance(entry, AlarmChange)]

    def shut(self, door: str) -> bool:
        reports = [r for beat in self.registry.heartbeats for r in beat.doors]
        return any(r.door == door and r.open is False for r in reports)

    def in_force(self, door: str) -> int:
        reports = [
            report.acknowledged
            for beat in self.registry.heartbeats
            for report in beat.doors
            if report.door == door and report.online
        ]
        return reports[-1] if reports else -1


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    broker = free_port()
    async with Registry() as registry:
        config = CONFIG.replace("http://127.0.0.1:8080", registry.url)
        config = config.replace("1883", str(broker))
        install(tmp_path, registry.key.public_key(), config)
        code, out, _ = await say("init", folder=tmp_path)
        assert code == 0
        public = load_pem_public_key(await asyncio.to_thread(read, out.strip()))
        assert isinstance(public, Ed25519PublicKey)
        registry.device_public = public
        with mosquitto(tmp_path, broker):
            town = Town(tmp_path, registry, broker)
            tasks = [
                asyncio.create_task(device.run()) for device in (town.reader, town.door)
            ]
            yield town
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_from_a_permit_to_an_open_door_to_the_record(town: Town) -> None:
    registry = town.registry
    await registry.publish(put=(permit(1, "front", 77), permit(2, "back", 77)))
    async with town.daemon("--trace", "all.trace", "--json-logs") as process:
        await until(lambda: town.in_force("front") == town.in_force("back") == 1)
        town.reader.tap(77)
        await until(town.reader.unlocked)
        assert town.door.tap(77)
        town.reader.tap(78)
        await until(lambda: len(town.passages()) == 3)
        await registry.publish(removed=(1, 2))
        await until(lambda: town.in_force("front") == town.in_force("back") == 2)
        assert not town.door.tap(77)
        town.reader.tap(77)
        await until(lambda: len(town.passages()) == 5)

        code, out, _ = await say("status", "--json", folder=town.folder)
        status = json.loads(out)
        assert (code, status["doors_online"], status["revision"]) == (0, 2, 2)
        assert status["counters"]["granted"] == 1
        code, out, _ = await say("status", folder=town.folder)
        assert "doors online          2 of 2" in out
        code, _, err = await say("run", folder=town.folder)
        assert (code, "another gateway runs" in err) == (1, True)

        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0
    seen = sorted((p.door, p.granted, p.reason, p.origin) for p in town.passages())
    assert seen == [
        ("back", False, Reason.UNKNOWN_CARD, Origin("lock-1", 3, 2)),  # type: ignore[arg-type]  # a plain name
        ("back", True, Reason.PERMIT, Origin("lock-1", 3, 1)),  # type: ignore[arg-type]  # a plain name
        ("front", False, Reason.UNKNOWN_CARD, None),
        ("front", False, Reason.UNKNOWN_CARD, None),
        ("front", True, Reason.PERMIT, None),
    ]
    log = (town.folder / "log").read_text()
    assert {json.loads(line)["level"] for line in log.splitlines()} >= {"info"}
    code, out, _ = await say("replay", "bus-01", "all.trace", folder=town.folder)
    assert (code, out.count("CardPresented(")) == (0, 3)
    assert (town.folder / "all.trace").stat().st_mode & 0o077 == 0


async def test_killed_without_a_registry_it_forgets_nothing(town: Town) -> None:
    registry = town.registry
    await registry.publish(put=(permit(1, "front", 77), permit(2, "back", 77)))
    async with town.daemon() as process:
        await until(lambda: town.in_force("front") == town.in_force("back") == 1)
        registry.fault = lambda _: web.Response(status=503)
        town.reader.tap(77)
        await until(town.reader.unlocked)
        assert [town.door.tap(77) for _ in range(3)] == [True] * 3
        await until(lambda: town.door.memory.acknowledged == 3)
        process.kill()
        await process.wait()
    assert town.door.tap(77), "a smart door opens without a gateway"
    registry.records.clear()
    registry.heartbeats.clear()
    async with town.daemon():
        await until(lambda: town.in_force("front") == town.in_force("back") == 1)
        town.reader.tap(77)
        await until(lambda: town.door.memory.acknowledged == 4)
        registry.fault = lambda answer: answer
        await until(lambda: len(town.passages()) == 6)
    passages = town.passages()
    assert sorted(p.origin.index for p in passages if p.origin) == [1, 2, 3, 4]
    assert {(p.granted, p.card) for p in passages} == {(True, CardNumber(77))}


async def test_a_forced_door_is_told_once_although_the_gateway_is_killed(
    town: Town,
) -> None:
    reader, registry = town.reader.device, town.registry
    async with town.daemon() as process:
        await until(lambda: town.shut("front"))
        reader.set_input(Contact.DOOR, active=True)
        await until(lambda: len(town.alarms()) == 1)
        process.kill()
        await process.wait()
    registry.heartbeats.clear()
    async with town.daemon():
        await until(lambda: len(town.alarms()) == 2)
        reader.set_input(Contact.DOOR, active=False)
        await until(lambda: town.alarms()[-1].cleared_at is not None)
    raised, again, cleared = town.alarms()
    assert (raised.door, raised.kind) == ("front", AlarmKind.FORCED_OPEN)
    assert again == raised
    assert replace(cleared, cleared_at=None) == raised


async def test_rules_turn_a_lock_and_hold_without_a_registry(town: Town) -> None:
    registry = town.registry
    await registry.publish(put=(permit(1, "front", 77),))
    await registry.rule(DoorRules(DoorId("front"), DoorMode.UNLOCKED))
    async with town.daemon() as process:
        await until(lambda: town.shut("front") and town.reader.unlocked())
        town.reader.device.set_input(Contact.DOOR, active=True)
        town.reader.tap(78)
        await until(town.passages)
        town.reader.device.set_input(Contact.DOOR, active=False)
        await registry.rule(DoorRules(DoorId("front"), DoorMode.LOCKED))
        await until(lambda: not town.reader.unlocked())
        town.reader.tap(77)
        await until(lambda: len(town.passages()) == 2)
        process.kill()
        await process.wait()
    registry.fault = lambda _: web.Response(status=503)
    async with town.daemon():
        town.reader.device.set_input(Contact.EXIT_BUTTON, active=True)
        await until(town.reader.unlocked)
        town.reader.tap(77)
        registry.fault = lambda answer: answer
        await until(lambda: len(town.passages()) == 4)
    told = [(one.reason, one.granted) for one in town.passages()]
    assert sorted(told) == [
        (Reason.EXIT_REQUEST, True),
        (Reason.FREE_PASSAGE, True),
        (Reason.HELD_SHUT, False),
        (Reason.HELD_SHUT, False),
    ]
    assert town.alarms() == [], "an unlocked door that is opened was not forced"


async def test_a_pin_under_duress_and_orders_from_afar(town: Town) -> None:
    registry, always = town.registry, WeeklyProfile("all", "UTC", FULL_WEEK)
    await registry.publish(put=(permit(1, "front", 77),))
    pin = pin_for(CardNumber(77), "2469", bytes(16))
    await registry.rule(DoorRules(DoorId("front"), pin=always), pins=(pin,))
    async with town.daemon():
        await until(lambda: town.in_force("front") == 1 and town.in_force("back") >= 0)
        nonces = [await registry.order(door) for door in ("front", "back", "side")]
        await until(lambda: set(nonces) <= registry.outcomes.keys())
        assert [registry.outcomes[nonce] for nonce in nonces] == [
            OrderOutcome.DONE,
            OrderOutcome.DONE,
            OrderOutcome.FAILED,
        ]
        await until(lambda: len(town.passages()) == 2 and not town.reader.unlocked())
        assert {one.reason for one in town.passages()} == {Reason.REMOTE_OPEN}
        town.reader.tap(77)
        await until(lambda: asked(town.reader.device))
        assert not town.reader.unlocked()
        town.reader.device.press_keys(b"2460\x0d")
        await until(town.reader.unlocked)
        await until(lambda: town.alarms() and len(town.passages()) == 3)
    (alarm,) = town.alarms()
    assert (alarm.door, alarm.kind) == ("front", AlarmKind.DURESS)
    assert town.passages()[-1].card == CardNumber(77)


def asked(reader: Peripheral) -> bool:
    """Say whether a reader was told to show that it wants a PIN."""
    told = [one.message for one in reader.events()]
    return any(isinstance(one, ShowText) and one.text == b"PIN" for one in told)


async def test_mistakes_are_told_in_one_line_each(tmp_path: Path) -> None:
    path = install(tmp_path, Ed25519PrivateKey.generate().public_key())
    code, out, _ = await say("check", folder=tmp_path)
    assert (code, out) == (0, "gateway.toml: in order, 2 lines, 2 doors\n")
    code, _, err = await say("run", folder=tmp_path)
    assert (code, "Run: menhu-gateway init" in err) == (1, True)
    code, _, err = await say("status", folder=tmp_path)
    assert (code, err.count("\n")) == (1, 1)
    code, _, err = await say("replay", "bus-09", "gateway.toml", folder=tmp_path)
    assert (code, "Lines: bus-01, smart-doors" in err) == (1, True)
    path.write_text(CONFIG.replace("9600", "9601").replace('"0"', '"127"'))
    code, out, err = await say("check", "--config", str(path), folder=tmp_path)
    assert (code, out, len(err.splitlines())) == (2, "", 2)
