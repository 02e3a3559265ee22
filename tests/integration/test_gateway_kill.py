"""The recorder is killed at any instant; what it called durable is there."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.gateway_store import entry, open_outbox, pending

ROOT = Path(__file__).parents[2]
KILLS = 30


def killed_run(folder: Path, seconds: float) -> list[int]:
    """Let a recorder work for a while, kill it, return what it said was durable."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.recorder_victim", folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as victim:
        assert victim.stdout is not None
        said = victim.stdout.readline()
        time.sleep(seconds)
        victim.kill()
        said += victim.stdout.read()
    return [int(line) for line in said.splitlines(keepends=True) if line[-1:] == b"\n"]


@pytest.mark.slow
def test_what_was_acknowledged_survives_every_kill(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - a test repeats itself
    acknowledged: set[bytes] = set()
    for _ in range(KILLS):
        acknowledged |= set(map(entry, killed_run(tmp_path, chance.uniform(0, 0.1))))
    outbox = open_outbox(tmp_path, time.time)
    stored = [body for epoch in outbox.epochs() for body in pending(outbox, epoch)]
    outbox.close()
    assert len(acknowledged) > KILLS
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored)) == outbox.depth
