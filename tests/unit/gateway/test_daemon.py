import asyncio
import logging

import pytest

from gateway import backoff
from gateway.daemon import kept_alive
from tests.support.waiting import until


async def test_a_part_that_fails_is_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(backoff, "SHORTEST", 0.001)
    starts: list[int] = []

    async def part() -> None:
        starts.append(len(starts))
        if len(starts) < 3:
            raise OSError("no such luck")
        await asyncio.Event().wait()

    task = asyncio.create_task(kept_alive(part))
    await until(lambda: len(starts) == 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(failures) == 2
