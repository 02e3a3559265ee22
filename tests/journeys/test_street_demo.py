import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.street import require_mosquitto
from tests.support.street_processes import MARK, marked, new_mark

KEYS = {
    "doors",
    "doors_online",
    "taps",
    "passages_in_registry",
    "duplicates",
    "lost",
    "maybe_unseen",
    "unlock_p50_ms",
    "unlock_p99_ms",
    "registry_p50_ms",
    "registry_p99_ms",
    "outbox",
    "seconds",
    "protocols",
}
DOORS = {"osdp": 51, "smart_door": 60, "uhppote": 43, "esp_rfid": 17}
PARTS = ("mosquitto", "menhu-registry", "menhu-gateway", "menhu-sim")
STARTS_WITHIN, ENDS_WITHIN = 90.0, 30.0


@contextmanager
def demo(folder: Path, mark: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    require_mosquitto()
    command = [str(Path(sys.executable).with_name("menhu-demo")), *arguments]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=err,
            stdin=subprocess.DEVNULL,
            env={**os.environ, MARK: mark, "TMPDIR": str(folder)},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for pid in marked(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def wait_for_people(folder: Path, mark: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not any(p.stat().st_size for p in folder.glob("menhu-demo-*/taps.jsonl")):
        assert process.poll() is None, (folder / "err").read_text()
        assert time.monotonic() < until, f"nobody came; {folder}"
        time.sleep(0.1)
    commands = " ".join(marked(mark).values())
    assert [part for part in PARTS if part not in commands] == []


def wait_for_nobody(folder: Path, mark: str) -> None:
    until = time.monotonic() + ENDS_WITHIN
    while left := marked(mark):
        assert time.monotonic() < until, f"still there: {left}; {folder}"
        time.sleep(0.1)


@pytest.mark.slow
def test_the_demo_shows_the_whole_street_and_loses_nothing(tmp_path: Path) -> None:
    mark, keep = new_mark(), f"--keep={tmp_path / 'street'}"
    with demo(tmp_path, mark, "--for=20", "--json", keep) as process:
        code = process.wait(180)
        assert code == 0, (tmp_path / "err").read_text()
        assert not marked(mark)
    result = json.loads((tmp_path / "out").read_text())
    assert result.keys() == KEYS
    assert (result["doors"], result["doors_online"]) == (171, 171)
    assert (result["lost"], result["duplicates"], result["outbox"]) == (0, 0, 0)
    assert result["maybe_unseen"] == 0, "nobody was away"
    assert result["passages_in_registry"] == result["taps"] > 0
    kinds = result["protocols"]
    assert {kind: kinds[kind]["doors"] for kind in kinds} == DOORS
    assert {kind: kinds[kind]["doors_online"] for kind in kinds} == DOORS
    for kind in DOORS:
        assert (kinds[kind]["lost"], kinds[kind]["duplicates"]) == (0, 0)
        assert kinds[kind]["taps"] > 0, f"nobody came to a door of {kind}"
    assert sum(kinds[kind]["taps"] for kind in kinds) == result["taps"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 0, id="interrupted"),
        pytest.param(signal.SIGTERM, 143, id="terminated"),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, id="killed"),
    ],
)
def test_the_demo_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    mark = new_mark()
    with demo(tmp_path, mark, "--doors=6", "--residents=600", "--speed=600") as process:
        wait_for_people(tmp_path, mark, process)
        process.send_signal(number)
        assert process.wait(ENDS_WITHIN) == code, (tmp_path / "err").read_text()
        wait_for_nobody(tmp_path, mark)
        left = list(tmp_path.glob("menhu-demo-*"))
        assert bool(left) == (number == signal.SIGKILL), left
