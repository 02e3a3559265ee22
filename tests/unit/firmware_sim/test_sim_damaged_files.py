"""Files that are not what they should be are told in words, with what to do."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from firmware_sim.broker import free_ports
from firmware_sim.cli import app
from firmware_sim.installation import FilesDamaged, reading
from firmware_sim.journal import Journal, read_journal
from firmware_sim.taps import Outcome, Settled, Tap

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
Spoil = Callable[[Path], object]
SITE = 'seed = 1\nbroker = "x"\nboard_port = 60000\nevent_port = 60001\n'


def say(*arguments: object) -> Result:
    done = CliRunner().invoke(
        app, [str(each) for each in arguments], env={"COLUMNS": "400"}
    )
    assert isinstance(done.exception, SystemExit | None), "no trace"
    return done


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Plan a street once; returns its files."""
    out = tmp_path_factory.mktemp("plan") / "street"
    size = ["--doors", "8", "--residents", "6", "--readers", "2"]
    assert say("plan", "--out", out, *size).exit_code == 0
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.fixture
def street(tmp_path: Path, planned: dict[str, bytes]) -> Path:
    for name, content in planned.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def without(name: str, key: str) -> Spoil:
    """Return what takes a line or a field out of a file of the plan."""

    def spoil(folder: Path) -> None:
        path = folder / name
        if name.endswith(".json"):
            document = json.loads(path.read_text("utf-8"))
            del document[key]
            path.write_text(json.dumps(document), "utf-8")
            return
        lines = path.read_text("utf-8").splitlines()
        kept = [line for line in lines if not line.startswith(f"{key} =")]
        assert kept != lines
        path.write_text("\n".join(kept), "utf-8")

    return spoil


def written(name: str, content: str) -> Spoil:
    return lambda folder: (folder / name).write_text(content, "utf-8")


@pytest.mark.parametrize(
    "spoil",
    [
        without("sim.toml", "seed"),
        without("sim.toml", "broker"),
        without("sim.toml", "board_port"),
        without("sim.toml", "event_port"),
        without("sim.toml", "network"),
        written("sim.toml", "seed = "),
        written("sim.toml", f"{SITE}locks = [{{ colour = 1 }}]"),
        written("sim.toml", f"{SITE}locks = []\nesps = []\nbuses = [1]"),
        written("sim.toml", f"{SITE}locks = []\nesps = []\nboards = [1]"),
        without("street.json", "doors"),
        without("street.json", "tenancies"),
        written("street.json", "{"),
        written("street.json", "[]"),
        written("keys.toml", 'reader-1 = "xyz"'),
        written("keys.toml", "reader-1 = 5"),
        lambda folder: (folder / "sim.toml").write_bytes(b"\xff\xfe"),
    ],
)
def test_a_street_that_is_damaged_does_not_run_and_says_what_to_do(
    street: Path, spoil: Spoil
) -> None:
    spoil(street)
    (port,) = free_ports(1)
    done = say("run", street, f"--control=127.0.0.1:{port}")
    assert done.exit_code == 2
    assert f"the files in {street} are damaged" in done.output
    assert "run: menhu-sim plan" in done.output
    assert not (street / "taps.jsonl").exists()
    assert not (street / "lines").exists()


@pytest.mark.parametrize("name", ["street.json", "keys.toml"])
def test_a_file_that_is_missing_is_named(street: Path, name: str) -> None:
    (street / name).unlink()
    (port,) = free_ports(1)
    done = say("run", street, f"--control=127.0.0.1:{port}")
    assert done.exit_code == 2
    assert str(street / name) in done.output


def test_faults_of_the_program_are_not_called_damage(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), reading(tmp_path):
        raise ZeroDivisionError
    with pytest.raises(FilesDamaged, match="'seed'"), reading(tmp_path):
        raise KeyError("seed")


def test_a_plan_is_not_written_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for out in (tmp_path / "mine", tmp_path / "mine" / "below"):
        done = say("plan", "--out", out, "--doors", "1", "--residents", "1")
        assert done.exit_code == 2
        assert "nothing can be written there" in done.output
        assert str(tmp_path / "mine") in done.output
    assert (tmp_path / "mine").read_text() == "mine"


TAP = {"tap": 1, "door": "d", "card": 5, "at": AT.isoformat(), "outcome": "granted"}
WHOLE = json.dumps(TAP | {"controller": "r", "epoch": None, "index": None}) + "\n"


@pytest.mark.parametrize(
    ("journal", "passages", "words"),
    [
        (None, '{"passages": []}', "taps.jsonl"),
        (WHOLE, None, "passages.json"),
        (WHOLE, "", "no journal with an export"),
        (WHOLE, "{}", "no journal with an export"),
        (WHOLE, "[]", "no journal with an export"),
        (WHOLE, '{"passages": [7]}', "no journal with an export"),
        (WHOLE, '{"passages": [{"at": "noon"}]}', "no journal with an export"),
        ("taps\n", '{"passages": []}', "no journal with an export"),
        ('{"tap": 1}\n', '{"passages": []}', "no journal with an export"),
    ],
)
def test_what_cannot_be_compared_is_no_disagreement(
    tmp_path: Path, journal: str | None, passages: str | None, words: str
) -> None:
    for name, content in (("taps.jsonl", journal), ("passages.json", passages)):
        if content is not None:
            (tmp_path / name).write_text(content, "utf-8")
    done = say("reconcile", tmp_path / "taps.jsonl", tmp_path / "passages.json")
    assert done.exit_code == 2, "1 would say that taps were lost"
    assert words in done.output


@pytest.mark.parametrize("torn", ["", '{"tap": 2, "do', '{"tap": 2}'])
def test_a_journal_goes_on_after_a_line_cut_off_by_a_kill(
    tmp_path: Path, torn: str
) -> None:
    path = tmp_path / "taps.jsonl"
    path.write_text(WHOLE + torn, "utf-8")
    journal = Journal(path)
    tap = Tap(3, "door-1", 7, AT, 5.0)
    journal.settle(Settled(tap, Outcome.REFUSED, AT, 0.1, "lock-1", None, None))
    journal.close()
    assert [line["tap"] for line in read_journal(path)] == [1, 3]
