"""`menhu-sim run` as a process of its own, without gateway, registry or broker."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_sim.broker import free_ports
from firmware_sim.journal import read_journal
from firmware_sim.observer import Api, NoAnswer

SIM = str(Path(sys.executable).with_name("menhu-sim"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (nobody,) = free_ports(1)
    (boards,) = free_ports(1)
    size = ["--doors", "6", "--readers", "2", "--residents", "30"]
    size += ["--board-doors", "1", "--esp-doors", "1", f"--board-port={boards}"]
    out = ["--out", str(tmp_path / "street"), f"--mqtt=127.0.0.1:{nobody}"]
    subprocess.run([SIM, "plan", *size, *out], check=True, stdout=subprocess.DEVNULL)
    return tmp_path / "street"


@contextmanager
def running(
    folder: Path, *options: str
) -> Iterator[tuple[Api, subprocess.Popen[bytes]]]:
    (port,) = free_ports(1)
    command = [SIM, "run", str(folder), f"--control=127.0.0.1:{port}", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            api = Api(port)
            end = time.monotonic() + 30
            while not api.answers("/status"):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < end
                time.sleep(0.1)
            yield api, process
        finally:
            process.kill()


def journal_of(folder: Path, count: int) -> list[dict[str, object]]:
    end = time.monotonic() + 30
    while len(lines := read_journal(folder / "taps.jsonl")) < count:
        assert time.monotonic() < end, lines
        time.sleep(0.1)
    return lines


def card_of(folder: Path) -> int:
    document = json.loads((folder / "street.json").read_text("utf-8"))
    card = document["credentials"][0]["card"]
    assert isinstance(card, int)
    return card


def test_doors_work_with_nobody_at_the_other_end(folder: Path) -> None:
    card = card_of(folder)
    with running(folder, "--no-traffic") as (api, process):
        status = api.get("/status")
        assert (status["doors"], status["doors_connected"]) == (6, 0)
        assert sorted(path.name for path in (folder / "lines").iterdir()) == ["bus-01"]
        for number, door in enumerate(("door-003", "door-004", "door-003"), 1):
            assert api.post("/taps", {"door": door, "card": card}) == {"tap": number}
        lines = journal_of(folder, 3)
        assert [line["outcome"] for line in lines] == ["refused"] * 3
        assert [line["index"] for line in lines] == [1, 1, 2]
        assert {line["controller"] for line in lines} == {"lock-001", "lock-002"}
        for number, door in enumerate(("door-005", "door-005", "door-006"), 4):
            assert api.post("/taps", {"door": door, "card": card}) == {"tap": number}
        lines = journal_of(folder, 6)[3:]
        assert [line["outcome"] for line in lines] == ["refused"] * 3
        assert [line["index"] for line in lines] == [1, 2, None]
        assert [line["controller"] for line in lines] == [
            *("uhppote-105419896", "uhppote-105419896", "esp-001")
        ]
        api.post("/taps", {"door": "door-001", "card": card})
        assert api.get("/status")["under_way"] == 1
        api.post("/traffic", {"running": False})
        assert api.get("/status")["unanswered"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert list((folder / "lines").iterdir()) == []


def test_faults_are_obeyed_or_refused_by_name(folder: Path) -> None:
    with running(folder, "--no-traffic") as (api, _):
        api.post("/doors/door-003/faults", {"clock_error": -60, "power_cut": 30})
        api.post("/taps", {"door": "door-003", "card": 5})
        (line,) = journal_of(folder, 1)
        assert (line["outcome"], line["index"]) == ("unanswered", None)
        for door in ("door-005", "door-006"):
            faults = {"power_cut": 30, "silent": 1, "wire": {"drop": 0.1}, "open": True}
            api.post(f"/doors/{door}/faults", faults)
            api.post("/taps", {"door": door, "card": 5})
        lines = journal_of(folder, 3)[1:]
        assert [line["outcome"] for line in lines] == ["unanswered"] * 2
        with pytest.raises(NoAnswer, match=r"422.*clock_error"):
            api.post("/doors/door-001/faults", {"clock_error": -60})
        api.post("/doors/door-001/faults", {"wire": {"drop": 0.5}, "silent": 3})


def test_people_move_by_themselves(folder: Path) -> None:
    with running(folder, "--speed", "3000", "--taps-per-resident", "6") as (api, _):
        lines = journal_of(folder, 20)
        assert len({line["card"] for line in lines}) > 5
        assert api.get("/status")["running"] is True
        assert api.get("/status")["street_time"] > 7 * 3600


def test_a_taken_control_port_is_said_plainly(folder: Path) -> None:
    with running(folder, "--no-traffic") as (_, process):
        assert isinstance(process.args, list)
        line = (folder / "lines" / "bus-01").readlink()
        again = subprocess.run(process.args, capture_output=True, check=False)
        assert again.returncode == 2
        assert b"address already in use" in again.stderr.lower()
        assert b"Traceback" not in again.stderr
        assert (folder / "lines" / "bus-01").readlink() == line
