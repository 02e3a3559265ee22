"""The registry's will reaches the gateway, and the doors' state the registry."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from controller.encoding import digest_of
from controller.session import (
    ClockRead,
    CommandFailed,
    Contact,
    ContactChanged,
    Offline,
    Online,
    SetClock,
)
from controller.uplink.codec import encode
from controller.uplink.messages import PermitDelta, PermitSnapshot
from controller.vocabulary import GatewayId, Revision
from gateway import backoff, health
from gateway.delivery import Delivery
from gateway.errors import UplinkFailed
from gateway.health import Health, Timekeeper
from gateway.permits import Permits
from gateway.store.state import State
from gateway.sync import Sync
from tests.support.gateway_registry import GATEWAY, Registry
from tests.support.gateway_site import BACK, FRONT, LOCK, READER, Sent, permit, site
from tests.support.gateway_store import NOON
from tests.support.waiting import until


class Rig:
    def __init__(self, registry: Registry, state: State) -> None:
        self.registry, self.state = registry, state
        self.site, self.sent = site(), Sent()
        self.permits = Permits(state)
        self.delivery = Delivery(self.site, self.permits, state, self.sent.send)
        self.relieved = 0

    def relieve(self) -> None:
        self.relieved += 1

    @asynccontextmanager
    async def sync(self) -> AsyncIterator[Sync]:
        async with self.registry.uplink() as uplink:
            yield Sync(self.site, self.permits, uplink, self.delivery, self.relieve)

    def agrees(self) -> bool:
        return (self.permits.revision, self.permits.digest) == (
            self.registry.revision,
            digest_of(self.registry.permits),
        )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "LONGEST", 0.02)
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    state = State(tmp_path / "state.db")
    async with Registry() as registry:
        yield Rig(registry, state)
    state.close()


async def test_a_snapshot_then_deltas(rig: Rig) -> None:
    await rig.registry.publish(put=(permit(1), permit(2, BACK)))
    async with rig.sync() as sync:
        await sync.once(0)
        assert rig.agrees()
        await rig.registry.publish(removed=(1,), put=(permit(3),))
        await sync.once(0)
        assert rig.agrees()
        await sync.once(0)
    assert rig.agrees()
    assert [request.after for request in rig.registry.requests] == [0, 1, 2]
    assert set(rig.state.permits()) == set(rig.registry.permits)
    assert rig.site.doors.of(READER).acknowledged == 2


async def test_a_long_poll_brings_a_revocation_at_once(rig: Rig) -> None:
    await rig.registry.publish(put=(permit(1),))
    async with rig.sync() as sync:
        task = asyncio.create_task(sync.run())
        await until(lambda: rig.agrees() and len(rig.registry.requests) == 2)
        await rig.registry.publish(removed=(1,))
        await until(lambda: len(rig.permits.table) == 0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(rig.registry.requests) <= 3


@pytest.mark.parametrize("kind", ["delta", "snapshot"])
async def test_permits_that_do_not_add_up_are_asked_for_whole(
    rig: Rig, kind: str
) -> None:
    await rig.registry.publish(put=(permit(1),))
    async with rig.sync() as sync:
        await sync.once(0)
        wrong: PermitDelta | PermitSnapshot = (
            PermitDelta(GATEWAY, Revision(1), Revision(2), (), (permit(9),), b"x" * 32)
            if kind == "delta"
            else PermitSnapshot(GATEWAY, Revision(2), (permit(9),), b"x" * 32)
        )
        body = encode(wrong, rig.registry.signer)
        rig.registry.fault = lambda _: web.Response(body=body)
        with pytest.raises(UplinkFailed, match="do not add up"):
            await sync.once(0)
        assert rig.site.doors.of(READER).acknowledged == 1
        if kind == "snapshot":
            assert set(rig.state.permits()) == {permit(1)}, "it was not even stored"
        rig.registry.fault = lambda answer: answer
        await sync.once(0)
    assert rig.registry.requests[-1].after == 0
    assert rig.agrees()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"gateway": GatewayId("gateway-2")}, "not for us"), ({"base": 7}, "delta from")],
)
async def test_permits_for_someone_else_change_nothing(
    rig: Rig, change: dict[str, object], complaint: str
) -> None:
    delta = PermitDelta(GATEWAY, Revision(0), Revision(8), (), (permit(9),), b"x" * 32)
    foreign = replace(delta, **change)  # type: ignore[arg-type]  # fields by name
    body = encode(foreign, rig.registry.signer)
    rig.registry.fault = lambda _: web.Response(body=body)
    async with rig.sync() as sync:
        with pytest.raises(UplinkFailed, match=complaint):
            await sync.once(0)
    assert (rig.permits.revision, len(rig.permits.table)) == (0, 0)


async def test_a_disk_that_takes_no_permits_is_relieved_and_tried_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_all = rig.state.replace

    def full(*_: object) -> None:
        monkeypatch.setattr(rig.state, "replace", replace_all)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(rig.state, "replace", full)
    await rig.registry.publish(put=(permit(1),))
    async with rig.sync() as sync:
        task = asyncio.create_task(sync.run())
        await until(rig.agrees)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert rig.relieved == 1


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda: web.Response(status=401, text="who?"), "401: who?"),
        (lambda: web.Response(body=b"\xff" * 40), "refused"),
        (lambda: web.Response(status=302, headers={"Location": "/"}), "302"),
    ],
)
async def test_an_answer_that_is_none_is_named(
    rig: Rig, answer: Callable[[], web.Response], complaint: str
) -> None:
    rig.registry.fault = lambda _: answer()
    async with rig.sync() as sync:
        with pytest.raises(UplinkFailed, match=complaint):
            await sync.once(0)


@asynccontextmanager
async def reporting(rig: Rig) -> AsyncIterator[Health]:
    async with rig.registry.uplink() as uplink:
        watch = Health(rig.site, uplink, rig.state.next_heartbeat, lambda: 42)
        task = asyncio.create_task(watch.run())
        yield watch
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_changes_are_told_together_and_at_once(rig: Rig) -> None:
    beats = rig.registry.heartbeats
    async with reporting(rig) as watch:
        await until(lambda: beats)
        assert [report.door for report in beats[0].doors] == [FRONT, BACK]
        assert not any(report.online for report in beats[0].doors)
        watch.handle(Online(LOCK, secure=True))
        watch.handle(ContactChanged(LOCK, Contact.DOOR, active=True))
        watch.handle(ContactChanged(LOCK, Contact.TAMPER, active=True))
        await until(lambda: len(beats) == 2)
        (report,) = beats[1].doors
        assert (report.door, report.online, report.secure) == (BACK, True, True)
        assert (report.open, report.tampered) == (True, True)
        watch.handle(Online(LOCK, secure=True))
        watch.handle(Offline(LOCK, "power cut"))
        await until(lambda: len(beats) == 3)
        (report,) = beats[2].doors
        assert (report.online, report.secure, report.open) == (False, False, None)
    assert [beat.number for beat in beats] == sorted({beat.number for beat in beats})
    assert {beat.outbox for beat in beats} == {42}


async def test_every_door_is_told_again_and_again_and_after_a_failure(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PERIOD", 0.05)
    beats = rig.registry.heartbeats
    async with reporting(rig) as watch:
        await until(lambda: len(beats) >= 3)
        assert all(len(beat.doors) == 2 for beat in beats)
        monkeypatch.setattr(health, "PERIOD", 3600.0)
        await until(lambda: not rig.site.doors.news.is_set())
        url, watch._uplink._url = watch._uplink._url, "http://127.0.0.1:9"
        watch.handle(Online(READER, secure=False))
        await until(lambda: not rig.site.doors.changed)
        watch._uplink._url = url
        await until(lambda: any(report.online for report in beats[-1].doors))
        assert len(beats[-1].doors) == 2


def test_failed_commands_are_counted() -> None:
    place = site()
    watch = Health(place, Registry.uplink, lambda: 1, lambda: 0)  # type: ignore[arg-type]  # not spoken to
    watch.handle(CommandFailed(LOCK, SetClock(LOCK, NOON), "no"))
    assert (place.counters.commands_failed, place.doors.changed) == (1, set())


def test_a_clock_far_off_is_set_once_and_one_near_is_left_alone() -> None:
    place, sent = site(), Sent()
    keeper = Timekeeper(place, sent.send)
    keeper.handle(Offline(LOCK, "no clock in this"))
    keeper.handle(ClockRead(LOCK, NOON + timedelta(seconds=1.5), 0.1))
    assert sent.take() == []
    keeper.handle(ClockRead(LOCK, NOON - timedelta(seconds=60), 0.1))
    keeper.handle(ClockRead(LOCK, NOON, 0.1))
    assert sent.take() == [SetClock(LOCK, NOON)]
