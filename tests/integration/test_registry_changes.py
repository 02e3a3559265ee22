"""Waiters are woken by any process's change, and only by a change."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from controller.uplink.messages import PermitDelta
from controller.vocabulary import AlarmChange, AlarmKind
from registry.app import create_app
from registry.assembly import build_services
from registry.domain.responsibility import Responsible
from registry.persistence.permits import Permits
from registry.services.changes import Changes, Marks, orders, permits, rules
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    FRONT,
    GATEWAY,
    Bench,
    batch,
    heartbeat,
    passage,
    registry,
    report,
)
from tests.support.rule_documents import PLAIN

LONG = 30.0
WHO = Responsible("王工", "快递送货", "test")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def either(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
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


def pass_by(bench: Bench, epoch: int = 1) -> None:
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(uow, batch([passage(1)], epoch=epoch))


def publish(bench: Bench) -> None:
    bench.register()


def hear(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        bench.services.gateways.heard(uow, heartbeat(1, bench.now, report(FRONT, 1)))


def ring(bench: Bench) -> None:
    alarm = AlarmChange(FRONT, AlarmKind.TAMPER, bench.now)
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(uow, batch([alarm]))


def rule(bench: Bench) -> None:
    locked = PLAIN | {"mode": "locked"}
    with bench.services.store.writing() as uow:
        bench.services.door_rules.replace(uow, FRONT, locked, WHO)


def order(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        bench.services.orders.open_door(uow, FRONT, WHO)


@pytest.mark.parametrize("change", [pass_by, publish, hear, ring, rule, order])
async def test_every_waiter_wakes_for_every_kind_of_change(
    either: Bench, change: object
) -> None:
    assert callable(change)
    async with polling(either) as changes:
        seen = changes.marks
        waiters = [asyncio.create_task(changes.wait(seen, LONG)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(change, either)
        woken = await asyncio.gather(*waiters)
    assert seen not in woken
    assert len(set(woken)) == 1


async def test_without_a_change_a_waiter_gives_up(bench: Bench) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        assert await changes.wait(seen, 0.05) == seen
        assert await changes.wait(seen, 0.0) == seen


async def test_who_waits_for_permits_sleeps_through_passages(bench: Bench) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        poll = asyncio.create_task(changes.wait(seen, LONG, permits))
        await asyncio.sleep(0)
        await asyncio.to_thread(pass_by, bench)
        await changes.wait(seen, LONG)
        assert not poll.done()
        await asyncio.to_thread(publish, bench)
        assert (await poll).revision == seen.revision + 1


@pytest.mark.parametrize(
    ("what", "change", "other"), [(rules, rule, order), (orders, order, rule)]
)
async def test_gateways_wait_for_what_they_asked_for_alone(
    bench: Bench,
    what: Callable[[Marks], object],
    change: Callable[[Bench], None],
    other: Callable[[Bench], None],
) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        poll = asyncio.create_task(changes.wait(seen, LONG, what))
        permit_poll = asyncio.create_task(changes.wait(seen, LONG, permits))
        await asyncio.sleep(0)
        await asyncio.to_thread(other, bench)
        await changes.wait(seen, LONG)
        assert not poll.done()
        await asyncio.to_thread(change, bench)
        assert what(await poll) != what(seen)
        assert not permit_poll.done()
        permit_poll.cancel()


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
    assert "chore failed: OperationalError" in caplog.text


async def test_pollers_of_two_processes_see_the_same(bench: Bench) -> None:
    async with polling(bench) as one, polling(bench) as two:
        await asyncio.to_thread(publish, bench)
        await asyncio.to_thread(pass_by, bench)
        for changes in (one, two):
            async with asyncio.timeout(LONG):
                while (changes.marks.revision, changes.marks.passage) != (2, 1):
                    await changes.wait(changes.marks, LONG)
        assert one.marks == two.marks


async def test_a_poller_comes_back_as_often_as_the_database_does(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is away waiters sleep on; the next change wakes every one of them."""

    def fail(_: object) -> int:
        raise OperationalError("SELECT", {}, Exception("disk"))

    async with polling(bench) as changes:
        for epoch in (2, 3, 4):
            seen = changes.marks
            waiters = [asyncio.create_task(changes.wait(seen, LONG)) for _ in range(5)]
            with monkeypatch.context() as broken:
                broken.setattr(Permits, "revision", fail)
                await asyncio.to_thread(pass_by, bench, epoch)
                await asyncio.sleep(0.05)
                assert changes.marks == seen
                assert not any(waiter.done() for waiter in waiters)
            woken = await asyncio.gather(*waiters)
            assert len(set(woken)) == 1
            assert woken[0].passage == seen.passage + 1


async def test_a_waiter_that_is_cancelled_leaves_the_others_waiting(
    bench: Bench,
) -> None:
    async with polling(bench) as changes:
        seen = changes.marks
        waiters = [asyncio.create_task(changes.wait(seen, LONG)) for _ in range(3)]
        await asyncio.sleep(0)
        waiters[0].cancel()
        await asyncio.to_thread(publish, bench)
        assert await waiters[1] == await waiters[2] != seen
        with pytest.raises(asyncio.CancelledError):
            await waiters[0]


async def test_a_long_poll_and_a_stream_both_end_when_the_process_closes(
    bench: Bench,
) -> None:
    """Closing answers the one and ends the other."""
    app = create_app(bench.settings, bench.clock)
    with bench.services.store.reading() as uow:
        held = uow.permits.set_of(GATEWAY)
    asked = bench.sign(bench.request(held.revision, held.digest, 60))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        changes: Changes = app.state.services.changes
        await changes.wait(Marks(), LONG)
        poll = asyncio.create_task(client.post("/api/gateways/permits", content=asked))
        live = asyncio.create_task(client.get(f"/live/door/{FRONT}?after=0"))
        await asyncio.sleep(2.0)
        assert not poll.done()
        assert not live.done()
        await changes.close()
        answer, stream = await asyncio.gather(poll, live)
    assert bench.read(answer.content, PermitDelta).revision == held.revision
    assert (stream.status_code, stream.text.count("event: beat")) == (200, 1)
