"""The whole demo: real processes, real broker, real registry and gateway."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = str(Path(sys.executable).with_name("menhu-demo"))
SMALL = ["--doors", "6", "--residents", "600"]


def processes_in(folder: Path) -> list[str]:
    """Command lines of processes that name a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line and str(os.getpid()) not in entry.parts:
            found.append(line)
    return found


@pytest.mark.slow
def test_a_small_street_loses_nothing(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    done = subprocess.run(
        [DEMO, "--for", "6", "--json", "--keep", str(keep), *SMALL],
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    (line,) = done.stdout.decode().splitlines()
    outcome = json.loads(line)
    assert outcome["doors"] == outcome["doors_online"] == 6
    assert outcome["lost"] == outcome["duplicates"] == outcome["outbox"] == 0
    assert outcome["passages_in_registry"] >= 3
    assert (keep / "taps.jsonl").read_text("utf-8").count("\n") == outcome["taps"]
    assert (keep / "keys.toml").stat().st_mode & 0o777 == 0o600
    assert processes_in(keep) == []
    assert not list((keep / "lines").iterdir())
