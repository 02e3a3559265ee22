"""Faults that are rare: a part fails in the middle, and the others go on."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from controller.encoding import digest_of
from controller.session import Event, Offline, Online
from controller.uplink.messages import Heartbeat, PermitRequest, PermitSnapshot
from controller.vocabulary import DoorId, GatewayId, PermitId, Revision
from gateway import backoff, line, uplink
from gateway.clock import Clock
from gateway.delivery import Delivery
from gateway.errors import StoreFailed, UplinkFailed
from gateway.line import Line
from gateway.permits import Permits
from gateway.store.ballast import SPARE_FACTOR, Ballast
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from gateway.store.state import State
from tests.support.gateway_fake import FakeSession
from tests.support.gateway_registry import Registry
from tests.support.gateway_site import BACK, FRONT, LOCK, READER, Sent, permit, site
from tests.support.gateway_store import NOON, cursor, entries, entry, open_outbox
from tests.support.memory_transport import MemoryTransport
from tests.support.waiting import until

GATEWAY = GatewayId("gateway-1")
EPOCH = int(NOON.timestamp())
PERMITS = (permit(1), permit(2, BACK))
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = open_outbox(tmp_path)
    yield outbox
    outbox.close()


# Acknowledgements and the disk.


async def test_an_acknowledgement_that_is_not_durable_still_holds_until_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state, place, sent = State(tmp_path / "state.db"), site(), Sent()
    permits = Permits(state)
    delivery = Delivery(place, permits, state, sent.send)
    await permits.replace(
        PermitSnapshot(GATEWAY, Revision(4), PERMITS, digest_of(PERMITS))
    )
    state._database.execute("PRAGMA query_only = ON")
    delivery.replaced()
    assert "not durable" in caplog.text
    state._database.execute("PRAGMA query_only = OFF")
    assert {each.id: each.acknowledged for each in place.doors} == {FRONT: 4, BACK: 0}
    assert FRONT not in state.acknowledged()
    delivery.replaced()
    assert FRONT not in state.acknowledged(), "what did not move is not written again"
    state.close()


@pytest.mark.parametrize(
    ("held", "said", "left"),
    [
        (PERMITS[1:], 9, 4),
        ((), 3, 3),
        ((), 9, 4),
        ((), None, 0),
        ((permit(5, BACK),), 0, 0),
    ],
)
async def test_a_door_that_returns_is_believed_no_more_than_it_says(
    tmp_path: Path, held: tuple[object, ...], said: int | None, left: int
) -> None:
    state, place, sent = State(tmp_path / "state.db"), site(), Sent()
    permits = Permits(state)
    delivery = Delivery(place, permits, state, sent.send)
    await permits.replace(
        PermitSnapshot(GATEWAY, Revision(4), PERMITS, digest_of(PERMITS))
    )
    door = place.doors.of(LOCK)
    door.online, door.acknowledged = True, Revision(4)
    revision = None if said is None else Revision(said)
    digest = digest_of(each for each in PERMITS[1:] if each in held)
    delivery.handle(Online(LOCK, True, revision, digest))
    assert (door.acknowledged, len(sent.take())) == (left, held != PERMITS[1:])
    assert state.acknowledged().get(BACK, 4) == left
    state.close()


def test_permits_are_changed_whole_or_not_at_all(tmp_path: Path) -> None:
    with closing(State(tmp_path / "state.db")) as state:
        state.apply(Revision(1), [], PERMITS)
        state._database.execute(
            "CREATE TRIGGER no BEFORE INSERT ON permit WHEN new.id = 9"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        for change in (
            lambda: state.apply(Revision(2), [PermitId(1)], [permit(8), permit(9)]),
            lambda: state.replace(Revision(2), [permit(8), permit(9)]),
        ):
            with pytest.raises(sqlite3.IntegrityError):
                change()
        assert (state.revision, set(state.permits())) == (1, set(PERMITS))
        assert state.of_door(DoorId("front")) == PERMITS[:1]


def test_a_state_file_that_is_out_of_reach_is_not_set_aside(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        State(tmp_path / "state.db")
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


# The outbox and its ballast.


@pytest.mark.parametrize("size", [1, 4096, 1_000_003])
def test_ballast_takes_just_the_space_it_says(tmp_path: Path, size: int) -> None:
    Ballast(tmp_path / "ballast", size)
    assert (tmp_path / "ballast").stat().st_size == size
    assert (tmp_path / "ballast").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("room", "laid"), [(SPARE_FACTOR * 100, True), (SPARE_FACTOR * 100 - 1, False)]
)
def test_ballast_waits_until_it_fits_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, laid: bool
) -> None:
    monkeypatch.setattr(Ballast, "_free", lambda _: room)
    ballast = Ballast(tmp_path / "ballast", 100)
    assert (ballast.held, (tmp_path / "ballast").exists()) == (laid, laid)


def test_ballast_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise FULL

    monkeypatch.setattr(os, "posix_fallocate", full)
    ballast = Ballast(tmp_path / "ballast", 4096)
    assert (ballast.held, list(tmp_path.iterdir())) == (False, [])
    monkeypatch.undo()
    ballast.restore()
    assert ballast.held


def test_reads_of_a_broken_segment_are_nothing_to_send(outbox: Outbox) -> None:
    outbox.append(entries(0, 2), {})
    outbox._segments[EPOCH]._reader.close()
    assert outbox.read(EPOCH, 10) is None
    outbox.give_up_unreadable(EPOCH)
    assert (outbox.depth, outbox.set_aside_count) == (0, 1)
    assert outbox.read(EPOCH, 10) is None
    assert outbox.chain_at(EPOCH, 1) is None


def test_a_receipt_that_cannot_be_written_leaves_what_it_covers(
    outbox: Outbox,
) -> None:
    outbox.append(entries(0, 3), {})
    outbox._segments[EPOCH]._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreFailed, match="readonly"):
        outbox.settle(EPOCH, 2, bytes(32))
    assert (outbox.receipted(EPOCH), outbox.depth) == (0, 3)
    outbox.settle(EPOCH, 2, bytes(32))
    assert (outbox.receipted(EPOCH), outbox.depth) == (2, 1)


def test_a_day_s_segment_that_cannot_begin_does_not_stop_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [NOON.timestamp()]
    outbox = open_outbox(tmp_path, lambda: now[0])
    outbox.append([entry(0)], {})
    now[0] += 86_400

    def fail() -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_begin", fail)
        outbox.append([entry(1)], cursor(1))
    assert "cannot begin a new segment" in caplog.text
    assert (outbox.active, outbox.depth) == (EPOCH, 2)
    outbox.append([entry(2)], cursor(2))
    assert (outbox.active, outbox.depth) == (EPOCH + 86_400, 3)
    outbox.close()


async def test_a_failing_job_stops_neither_the_next_nor_the_recorder(
    outbox: Outbox,
) -> None:
    recorder, done = Recorder(outbox), list[str]()

    def fail() -> None:
        raise ZeroDivisionError

    failing = recorder.run(fail)
    appended = recorder.append([entry(0)], {})
    cancelled = recorder.append([entry(1)], {})
    cancelled.cancel()
    after = recorder.run(lambda: done.append("after"))
    with pytest.raises(ZeroDivisionError):
        await failing
    await asyncio.gather(appended, after)
    assert (done, outbox.depth) == (["after"], 2)
    await recorder.close()


# The uplink.


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda _: web.Response(body=bytes(200_000)), "above 100000 bytes"),
        (lambda _: web.Response(status=500, body=b"\xff\n" * 900), "answers 500: "),
        (lambda _: web.Response(status=302, headers={"Location": "/"}), "answers 302"),
        (lambda _: web.Response(body=b"\xff"), "is refused"),
        (lambda _: web.Response(), "is refused"),
    ],
)
async def test_an_answer_that_is_none_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[web.Response], web.Response],
    says: str,
) -> None:
    monkeypatch.setattr(uplink, "LARGEST_ANSWER", 100_000)
    question = PermitRequest(GATEWAY, Revision(0), b"other" * 6 + b"!!")
    async with Registry() as registry, registry.uplink() as way:
        registry.fault = fault
        with pytest.raises(UplinkFailed, match=says) as failed:
            await way.ask(question, PermitSnapshot)
        assert len(str(failed.value)) < 400
        registry.fault = lambda answer: answer
        assert isinstance(await way.ask(question, PermitSnapshot), PermitSnapshot)


async def test_a_closed_uplink_and_a_dead_registry_are_failures() -> None:
    heartbeat = Heartbeat(GATEWAY, 1, NOON, "test", 0, ())
    async with Registry() as registry:
        with pytest.raises(UplinkFailed, match="closed"):
            await registry.uplink().tell(heartbeat)
        way = registry.uplink()
    async with way:
        with pytest.raises(UplinkFailed, match="cannot be reached"):
            await way.tell(heartbeat)


# Lines.


async def test_a_line_that_held_for_long_is_opened_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)
    monkeypatch.setattr(line, "LONGEST", 5.0)
    now, events = [100.0], list[Event]()
    transport = MemoryTransport(lambda _: None)
    clock = Clock(monotonic=lambda: now[0])
    subject = Line(
        "bus", [READER], lambda _: FakeSession(), transport, clock, events.extend
    )
    task = asyncio.create_task(subject.run())
    await asyncio.sleep(0)
    pauses = []
    for lived in (0, 0, 0, 6):
        now[0] += lived
        subject._crash()
        pauses.append(subject._backoff._next)
        await until(lambda: subject._session is not None)
    assert pauses == [0.02, 0.04, 0.08, 0.02]
    assert events == [Offline(READER, "line failed")] * 4
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_events_that_break_the_line_stop_its_sending() -> None:
    sent = list[bytes]()
    transport = MemoryTransport(lambda packet: sent.append(packet.data))
    session = FakeSession({b"hello": [Online(READER, True)]})
    seen = list[Event]()
    subject = Line("bus", [READER], lambda _: session, transport, Clock(), seen.extend)

    def crash_while_told(events: object) -> None:
        del events
        if not seen:
            seen.append(Offline(READER, "first"))
            subject._crash()

    subject.on_events = crash_while_told
    subject._open()
    session.happened = [Online(READER, True)]
    subject._timeout()
    assert (subject.crashes, sent, subject._session) == (1, [], None)
    subject._timeout()
    assert session.timeouts == session.timeouts[:1], "a closed line hears nothing"
    subject._cancel_timer()
