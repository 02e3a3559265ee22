import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_sim.cli import app
from firmware_sim.demo import main as demo_main

RUN = CliRunner()


def test_a_plan_is_written_and_says_what_is_next(tmp_path: Path) -> None:
    out = tmp_path / "street"
    asked = ["plan", "--out", str(out), "--doors", "6", "--residents", "20"]
    done = RUN.invoke(app, [*asked, "--readers", "2", "--today", "2026-03-01"])
    assert done.exit_code == 0
    assert "6 doors, 20 people" in done.output
    assert f"menhu-sim run {out}" in done.output
    street = json.loads((out / "street.json").read_text("utf-8"))
    assert [c["protocol"] for c in street["controllers"]].count("osdp") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--out", "x", "--doors", "0"], "doors must be 1 to 999"),
        (["plan", "--out", "x", "--today", "soon"], "soon"),
        (["plan", "--out", "x", "--today", "2026-02-30"], "day"),
        (["plan", "--out", "x", "--doors", "1000"], "doors must be 1 to 999"),
        (["plan", "--out", "x", "--doors", "many"], "--doors"),
        (["plan", "--out", "x", "--residents", "0"], "residents must be 1 to 60000"),
        (["plan", "--out", "x", "--residents", "60001"], "residents must be"),
        (["plan", "--out", "x", "--readers", "-1"], "readers must be 0 to 171"),
        (["plan", "--out", "x", "--readers", "172"], "readers must be 0 to 171"),
        (["plan", "--out", "x", "--board-doors", "172"], "board-doors must be 0 to"),
        (["plan", "--out", "x", "--board-port", "0"], "--board-port"),
        (["plan", "--out", "x", "--baud", "299"], "--baud"),
        (["plan", "--out", "x", "--mqtt", "broker"], "mqtt must be HOST:PORT"),
        (["plan", "--out", "x", "--mqtt", "h:65536"], "mqtt must be HOST:PORT"),
        (["run", "nowhere"], "menhu-sim plan"),
        (["run", ".", "--taps-per-resident", "-1"], "--taps-per-resident"),
        (["run", ".", "--control", "127.0.0.1:0"], "HOST:PORT"),
        (["run", ".", "--control", "127.0.0.1:99999"], "HOST:PORT"),
        (["run", ".", "--control", "0.0.0.0:1"], "loopback"),
        (["run", ".", "--control", "8090"], "HOST:PORT"),
        (["run", ".", "--control", "here:8090"], "loopback"),
        (["run", ".", "--speed", "0"], "speed"),
        (["run", ".", "--broker", "here"], "HOST:PORT"),
    ],
)
def test_bad_options_name_the_remedy_and_write_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUN.invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert words in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("numbers", "code"), [([1], 0), ([], 1), ([1, 2], 1)])
def test_reconcile_fails_unless_all_agree(
    tmp_path: Path, numbers: list[int], code: int
) -> None:
    at = "2026-03-01T08:00:00+00:00"
    tap = {"tap": 1, "door": "d", "card": 5, "at": at, "outcome": "granted"}
    tap |= {"controller": "r", "epoch": None, "index": None}
    common = {"door": "d", "card": 5, "at": at, "recorded_at": at, "granted": True}
    common |= {"reason": "permit", "controller": None}
    common |= {"controller_epoch": None, "controller_index": None}
    rows = [common | {"number": number} for number in numbers]
    (tmp_path / "taps.jsonl").write_text(json.dumps(tap) + "\n", "utf-8")
    (tmp_path / "passages.json").write_text(json.dumps({"passages": rows}), "utf-8")
    done = RUN.invoke(
        app,
        ["reconcile", str(tmp_path / "taps.jsonl"), str(tmp_path / "passages.json")],
    )
    assert done.exit_code == code
    answer = json.loads(done.output)
    assert (answer["taps"], answer["passages"]) == (1, len(numbers))
    assert len(answer["lost"]) + len(answer["duplicates"]) == code


def test_reconcile_takes_what_the_gateway_owned_up_to(tmp_path: Path) -> None:
    at = "2026-03-01T08:00:00+00:00"
    tap = {"tap": 1, "door": "d", "card": 5, "at": at, "outcome": "granted"}
    tap |= {"controller": "esp-1", "epoch": None, "index": None}
    span = {"controller": "esp-1", "since": at, "until": at}
    files = {
        "taps.jsonl": tap,
        "passages.json": {"passages": []},
        "unwatched.json": {"unwatched": [span]},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content) + "\n", "utf-8")
    taps, passages, unwatched = (str(tmp_path / name) for name in files)
    done = RUN.invoke(app, ["reconcile", taps, passages, "--unwatched", unwatched])
    assert done.exit_code == 0
    answer = json.loads(done.output)
    assert (answer["lost"], answer["maybe_unseen"]) == ([], [1])


@pytest.mark.parametrize("command", [[], ["plan"], ["run"], ["reconcile"]])
def test_help_has_examples(command: list[str]) -> None:
    done = RUN.invoke(app, [*command, "--help"])
    assert done.exit_code == 0
    assert "Example: menhu-sim" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--json"], "--for"),
        (["--keep", "."], "new folder"),
        (["--doors", "0"], "doors must be 1 to 999"),
        (["--for", "0"], "--for"),
        (["--speed", "0"], "--speed"),
        (["--residents", "60001"], "residents must be 1 to 60000"),
    ],
)
def test_the_demo_refuses_what_it_cannot_do(
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["menhu-demo", *arguments])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as left:
        demo_main()
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_the_demo_s_help_has_an_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["menhu-demo", "--help"])
    with pytest.raises(SystemExit) as left:
        demo_main()
    assert left.value.code == 0
    assert "Example: menhu-demo --for 60 --json" in capsys.readouterr().out


@pytest.mark.parametrize("module", ["firmware_sim.cli", "gateway.cli"])
def test_help_waits_for_no_slow_library(module: str) -> None:
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not loaded & {"aiohttp", "paho", "amqtt", "serial"}
