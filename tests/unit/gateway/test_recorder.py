import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import StoreFailed
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from tests.support.gateway_store import (
    LOCK,
    cursor,
    entries,
    entry,
    open_outbox,
    pending,
)
from tests.support.waiting import until


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    outbox = open_outbox(tmp_path)
    yield outbox
    outbox.close()


@pytest.fixture
async def recorder(outbox: Outbox) -> AsyncIterator[Recorder]:
    recorder = Recorder(outbox)
    yield recorder
    await recorder.close()


async def test_what_waits_is_durable_in_order(
    outbox: Outbox, recorder: Recorder
) -> None:
    commits: list[int] = []
    recorder.on_commit = lambda: commits.append(outbox.depth)
    done = [recorder.append([entry(n)], cursor(n + 1)) for n in range(100)]
    await asyncio.gather(*done)
    await until(lambda: commits[-1:] == [100])
    assert pending(outbox, outbox.active) == entries(0, 100)
    assert outbox.cursors == cursor(100)
    assert commits[-1] == 100
    assert len(commits) < 100, "a commit carries all that waits"


async def test_an_errand_runs_between_what_was_asked_before_and_after(
    outbox: Outbox, recorder: Recorder
) -> None:
    before = recorder.append([entry(0)], {})
    rolled = recorder.run(outbox.roll_over)
    after = recorder.append([entry(1)], {})
    await asyncio.gather(before, rolled, after)
    first, second = outbox.epochs()
    assert (pending(outbox, first), pending(outbox, second)) == ([entry(0)], [entry(1)])


async def test_a_failed_commit_is_told_to_everyone_in_it(
    outbox: Outbox, recorder: Recorder
) -> None:
    outbox._segments[outbox.active].close()
    done = [recorder.append([entry(n)], cursor(n + 1)) for n in range(3)]
    outcomes = await asyncio.gather(*done, return_exceptions=True)
    assert isinstance(outcomes[0], StoreFailed)
    stored = [entry(n) for n, outcome in enumerate(outcomes) if outcome is None]
    assert pending(outbox, outbox.active) == stored
    await recorder.append([entry(9)], {})
    assert pending(outbox, outbox.active)[-1] == entry(9)


async def test_a_failed_errand_stops_nothing(recorder: Recorder) -> None:
    def fail() -> None:
        raise sqlite3.OperationalError("no")

    with pytest.raises(sqlite3.OperationalError):
        await recorder.run(fail)
    await recorder.append([entry(0)], {})


async def test_a_waiter_that_gave_up_disturbs_nobody(
    outbox: Outbox, recorder: Recorder
) -> None:
    recorder.append([entry(0)], {}).cancel()
    await recorder.append([entry(1)], cursor(1))
    assert pending(outbox, outbox.active) == entries(0, 2)
    assert outbox.cursors[LOCK].index == 1


async def test_closing_writes_what_still_waits(outbox: Outbox) -> None:
    recorder = Recorder(outbox)
    done = recorder.append([entry(0)], {})
    await recorder.close()
    await done
    assert pending(outbox, outbox.active) == [entry(0)]
