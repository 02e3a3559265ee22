"""Waiters are woken by any process's change, and only by a change."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from registry.app import build_services
from registry.persistence.permits import Permits
from registry.services.changes import Changes, Marks
from tests.support.registry_bench import (
    FRONT,
    Bench,
    batch,
    heartbeat,
    passage,
    registry,
    report,
)

LONG = 30.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@asynccontextmanager
async def polling(bench: Bench) -> AsyncIterator[Changes]:
    """Poll as a second process does: with an engine of its own."""
    services = build_services(bench.settings, bench.clock)
    poller = asyncio.create_task(services.changes.run())
    await services.changes.wait(Marks(), LONG)
    yield services.changes
    poller.cancel()
    with suppress(asyncio.CancelledError):
        await poller
    services.store.close()


def pass_by(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(uow, batch([passage(1)]))


def publish(bench: Bench) -> None:
    bench.register()


def hear(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        bench.services.gateways.heard(uow, heartbeat(1, bench.now, report(FRONT, 1)))


@pytest.mark.parametrize("change", [pass_by, publish, hear])
async def test_every_waiter_wakes_for_every_kind_of_change(
    bench: Bench, change: object
) -> None:
    assert callable(change)
    async with polling(bench) as changes:
        seen = changes.marks
        waiters = [asyncio.create_task(changes.wait(seen, LONG)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(change, bench)
        woken = await asyncio.gather(*waiters)
    assert seen not in woken
    assert len(set(woken)) == 1


async def test_without_a_change_a_waiter_gives_up(bench: Bench) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        assert await changes.wait(seen, 0.05) == seen
        assert await changes.wait(seen, 0.0) == seen


async def test_closing_lets_everybody_go(bench: Bench) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        waiter = asyncio.create_task(changes.wait(seen, LONG))
        await asyncio.sleep(0)
        await changes.close()
        assert await waiter == seen
        assert await changes.wait(seen, LONG) == seen


async def test_who_comes_late_does_not_wait(bench: Bench) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        await asyncio.to_thread(publish, bench)
        await changes.wait(seen, LONG)
        assert (await changes.wait(seen, LONG)).revision == 2


async def test_a_repeated_heartbeat_is_no_change(bench: Bench) -> None:
    hear(bench)
    async with polling(bench) as changes:
        seen = changes.marks
        with bench.services.store.writing() as uow:
            again = heartbeat(2, bench.now, report(FRONT, 1))
            bench.services.gateways.heard(uow, again)
        assert await changes.wait(seen, 0.1) == seen


async def test_a_poller_outlives_a_database_that_is_locked(bench: Bench) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        with bench.services.store.writing() as uow:
            uow.permits.next_revision()
            await asyncio.sleep(0.05)
            assert changes.marks == seen, "what is not committed is not seen"
        assert (await changes.wait(seen, LONG)).revision == 2


async def test_a_poller_outlives_a_database_that_does_not_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> int:
        raise OperationalError("SELECT", {}, Exception("disk"))

    async with polling(bench) as changes:
        seen = changes.marks
        with monkeypatch.context() as broken:
            broken.setattr(Permits, "revision", fail)
            assert await changes.wait(seen, 0.1) == seen
            assert "does not answer: OperationalError" in caplog.text
        await asyncio.to_thread(pass_by, bench)
        assert (await changes.wait(seen, LONG)).passage == 1


def test_retirement_outlives_a_database_that_does_not_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> list[int]:
        raise OperationalError("SELECT", {}, Exception("disk"))

    monkeypatch.setattr(Permits, "ended", fail)
    bench.services.retirement.look()
    assert "not withdrawn: OperationalError" in caplog.text
