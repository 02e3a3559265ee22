"""Commissioning records on their way to the registry."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from controller.cose import Signer
from controller.uplink.codec import encode
from controller.uplink.commissioning import CommissioningRecord, sign_record
from controller.uplink.messages import CommissioningReceipt
from gateway import commissioned
from gateway.commissioned import DELIVERED, FOLDER, Commissioned
from gateway.commissioning.keeping import write_record
from gateway.errors import UplinkFailed
from tests.support.commissioning import RECORD
from tests.support.gateway_registry import GATEWAY, Registry
from tests.support.waiting import until

FIRST = RECORD
SECOND = replace(RECORD, firmware="2.0.0", at=RECORD.at.replace(hour=5))


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with Registry() as registry:
        yield registry


def leave(folder: Path, registry: Registry, record: CommissioningRecord) -> Path:
    """Write a record as the wizard does."""
    return write_record(folder, record, Signer(registry.device, GATEWAY))


def waiting(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / FOLDER).glob("*.cose"))


async def test_every_record_is_handed_in_once_and_put_away(
    tmp_path: Path, registry: Registry
) -> None:
    left = [leave(tmp_path, registry, each) for each in (FIRST, SECOND)]
    bodies = [path.read_bytes() for path in left]
    async with registry.uplink() as uplink:
        for _ in range(2):
            await Commissioned(tmp_path, uplink).deliver()
    assert registry.commissioned == bodies
    assert waiting(tmp_path) == []
    kept = tmp_path / FOLDER / DELIVERED
    assert sorted(path.read_bytes() for path in kept.iterdir()) == sorted(bodies)


async def test_without_a_folder_there_is_nothing_to_do(
    tmp_path: Path, registry: Registry
) -> None:
    async with registry.uplink() as uplink:
        await Commissioned(tmp_path, uplink).deliver()
    assert registry.commissioned == []


def for_another(registry: Registry) -> web.Response:
    receipt = CommissioningReceipt(GATEWAY, bytes(32))
    return web.Response(body=encode(receipt, registry.signer))


async def test_without_its_receipt_a_record_waits_and_is_handed_in_again(
    tmp_path: Path, registry: Registry
) -> None:
    leave(tmp_path, registry, FIRST)
    async with registry.uplink() as uplink:
        parts = Commissioned(tmp_path, uplink)
        for answer in (
            web.Response(status=503),
            web.Response(body=b"nonsense"),
            for_another(registry),
        ):
            registry.fault = lambda _, answer=answer: answer  # type: ignore[misc]  # bound now
            with pytest.raises(UplinkFailed):
                await parts.deliver()
            assert len(waiting(tmp_path)) == 1
        registry.fault = lambda answer: answer
        await parts.deliver()
    assert len(registry.commissioned) == 4
    assert waiting(tmp_path) == []


async def test_what_is_no_record_of_ours_stays_and_stops_no_other(
    tmp_path: Path, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    leave(tmp_path, registry, FIRST)
    folder = tmp_path / FOLDER
    stranger = Signer(registry.key, GATEWAY)
    (folder / "a.cose").write_bytes(sign_record(SECOND, stranger))
    (folder / "b.cose").write_bytes(b"x" * 5_000)
    (folder / ".c.cose.new").write_bytes(b"half")
    async with registry.uplink() as uplink:
        parts = Commissioned(tmp_path, uplink)
        for _ in range(2):
            await parts.deliver()
    assert len(registry.commissioned) == 1
    assert waiting(tmp_path) == ["a.cose", "b.cose"]
    assert caplog.text.count("is no record of ours") == 2


async def test_it_looks_again_and_outlives_a_failing_registry(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commissioned, "PERIOD", 0.01)
    registry.fault = lambda _: web.Response(status=503)
    leave(tmp_path, registry, FIRST)
    async with registry.uplink() as uplink:
        task = asyncio.create_task(Commissioned(tmp_path, uplink).run())
        await until(lambda: registry.commissioned)
        registry.fault = lambda answer: answer
        await until(lambda: waiting(tmp_path) == [])
        leave(tmp_path, registry, SECOND)
        await until(lambda: waiting(tmp_path) == [])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
