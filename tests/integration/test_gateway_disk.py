"""A disk that is really full: nothing durable is lost, and room brings it back."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from controller.uplink.messages import GENESIS, chain
from gateway.errors import StoreFailed
from gateway.store.outbox import Outbox
from tests.support.gateway_store import cursor, entries, open_outbox, pending

BALLAST = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(outbox: Outbox, start: int) -> int:
    """Append until the disk takes no more; returns how many it took."""
    number = start
    while True:
        try:
            outbox.append(entries(number, 50), cursor(number + 50))
        except StoreFailed:
            return number
        number += 50


def test_a_full_disk_loses_nothing_and_is_relieved_by_receipts(
    small_disk: Path,
) -> None:
    outbox = open_outbox(small_disk, time.time, BALLAST)
    assert (small_disk / "ballast").exists()
    count = fill(outbox, 0)
    assert not (small_disk / "ballast").exists(), "the ballast went first"
    assert fill(outbox, count) == count
    assert outbox.cursors == cursor(count)
    first, second = outbox.epochs()
    held = pending(outbox, first) + pending(outbox, second)
    assert held == entries(0, count)

    whole = outbox.pending(first)
    tip = chain(GENESIS, entries(0, whole))
    for upto in (whole // 3, whole // 2):
        outbox.settle(first, upto, chain(GENESIS, entries(0, upto)))
        assert pending(outbox, first) == entries(upto, whole - upto)
    outbox.settle(first, whole, tip)
    assert outbox.epochs() == (second,)
    outbox.append(entries(count, 50), cursor(count + 50))
    assert pending(outbox, second) == entries(whole, count + 50 - whole)
    assert outbox.chain_at(second, 1) == chain(tip, entries(whole, 1))
    outbox.close()


def test_a_restart_on_a_full_disk_mistakes_nothing_for_damage(small_disk: Path) -> None:
    outbox = open_outbox(small_disk, time.time, BALLAST)
    outbox.append(entries(0, 50), cursor(50))
    outbox.close()
    (small_disk / "ballast").unlink()
    with (small_disk / "hog").open("wb", buffering=0) as hog, suppress(OSError):
        while True:
            hog.write(bytes(4096))
    try:
        again = open_outbox(small_disk, time.time)
    except sqlite3.Error:
        (small_disk / "hog").unlink()
        again = open_outbox(small_disk, time.time)
    assert again.set_aside_count == 0
    assert pending(again, again.active) == entries(0, 50)
    again.close()
