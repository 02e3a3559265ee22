"""Processes that start together and end together, whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_sim.crew import Crew, CrewFailed, wait_for
from firmware_sim.keeper import keep

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
OWNER = """
import sys, time
from pathlib import Path
from firmware_sim.crew import Crew
crew = Crew(Path(sys.argv[1]), {})
crew.start("parent", [sys.executable, "-c", sys.argv[2]])
time.sleep(600)
"""


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(") ")[2][0] != "Z"


def words(folder: Path, name: str) -> str:
    log = folder / f"{name}.log"
    return log.read_text("utf-8") if log.exists() else ""


def test_everybody_ends_with_the_crew(tmp_path: Path) -> None:
    with Crew(tmp_path, {}) as crew:
        crew.start("one", SLEEPER)
        crew.start("two", [sys.executable, "-c", PARENT])
        until(lambda: words(tmp_path, "two").strip().isdecimal())
        grandchild = int(words(tmp_path, "two"))
        crew.check()
        assert alive(grandchild)
    until(lambda: not alive(grandchild))


def test_who_does_not_listen_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firmware_sim.crew._PATIENCE", 0.3)
    with Crew(tmp_path, {}) as crew:
        crew.start("stubborn", [sys.executable, "-c", DEAF])
        until(lambda: "up" in words(tmp_path, "stubborn"))
        process = crew._running["stubborn"]
    assert process.returncode == -signal.SIGKILL


def test_a_killed_owner_leaves_nobody_behind(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path), PARENT])
    until(lambda: words(tmp_path, "parent").strip().isdecimal())
    grandchild = int(words(tmp_path, "parent"))
    group = os.getpgid(grandchild)
    owner.kill()
    owner.wait()
    until(lambda: not alive(grandchild) and not alive(group))


def test_a_command_has_its_folder_and_environment(tmp_path: Path) -> None:
    script = "import os; print(os.getcwd(), os.environ['MENHU_TEST'])"
    with Crew(tmp_path, {"MENHU_TEST": "yes"}) as crew:
        crew.start("script", [sys.executable, "-c", script])
        crew.finish("script")
        crew.check()
    assert words(tmp_path, "script").split() == [str(tmp_path), "yes"]


def test_a_failure_tells_the_last_words(tmp_path: Path) -> None:
    with Crew(tmp_path, {}) as crew:
        crew.start("bad", [sys.executable, "-c", "raise SystemExit('no disk')"])
        with pytest.raises(CrewFailed, match=r"bad ended with code 1(.|\n)*no disk"):
            crew.finish("bad")


def test_an_early_end_is_noticed(tmp_path: Path) -> None:
    with Crew(tmp_path, {}) as crew:
        crew.start("brief", [sys.executable, "-c", "pass"])
        with pytest.raises(CrewFailed, match="brief ended with code 0"):
            wait_for(crew, lambda: False, 20, "nothing")


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with Crew(tmp_path, {}) as crew:
        with pytest.raises(CrewFailed, match="the moon: not within 0 s"):
            wait_for(crew, lambda: False, 0.1, "the moon")
        wait_for(crew, lambda: True, 0.1, "the sun")


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([], set()),
        (["+5\n", "+7\n"], {5, 7}),
        (["+5\n", "+7\n", "-5\n"], {7}),
        (["-5\n", "+\n", "+x\n", "\n", "+5\n"], {5}),
    ],
)
def test_the_keeper_knows_who_is_left(lines: list[str], left: set[int]) -> None:
    assert keep(lines) == left
