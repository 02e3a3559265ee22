"""`menhu-registry import` and `export` as an operator meets them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from registry.cli import program
from registry.domain.sheets.kinds import SheetKind
from registry.services.sheets.sheet_files import Format, read_table
from tests.support.registry_bench import NAMES, Bench, registry
from tests.support.sheets import file, live, sheet

UNITS = SheetKind.UNITS


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a sheet of 14 rows, 12 of them faulty."""
    rows = [
        ["", "B1", f"9{n:03}", "3" if n < 2 else "x", "出租", ""] for n in range(14)
    ]
    made = tmp_path / "units.xlsx"
    made.write_bytes(sheet(UNITS, rows, Format.XLSX))
    return made


def run(bench: Bench, *arguments: object, typed: str = "") -> Result:
    words = ["--data", str(bench.settings.data), *map(str, arguments)]
    return CliRunner().invoke(program, words, input=typed)


def job_of(result: Result) -> str:
    return result.stdout.partition(":")[0]


def test_a_dry_run_tells_and_records_nothing(bench: Bench, units: Path) -> None:
    before = live(bench)
    done = run(bench, "import", "units", units, "--dry-run")
    assert done.exit_code == 1
    assert "2 ready, 12 faulty" in done.stdout
    assert "row 4, column D (floor): this is not a whole number" in done.stderr
    assert "and 2 more faulty rows" in done.stderr
    assert live(bench) == before
    assert "discarded" in run(bench, "import", "list").stdout


def test_an_import_is_asked_for_corrected_and_undone(
    bench: Bench, units: Path, tmp_path: Path
) -> None:
    before = live(bench)
    refused = run(bench, "import", "units", units, typed="n\n")
    assert refused.exit_code == 1
    assert "record 2 rows?" in refused.output
    job = job_of(refused)
    assert live(bench) == before
    done = run(bench, "import", "resume", job, "--yes")
    assert done.exit_code == 1, "faulty rows are left"
    assert f"{job} is faulty: 12 faulty, 2 applied" in done.stdout
    faults = tmp_path / "faults.csv"
    assert run(bench, "import", "faults", job, faults).exit_code == 0
    table = list(read_table(faults.read_bytes()))
    for row in table[1:]:
        row[6] = "4"
    faults.write_bytes(file(table))
    done = run(bench, "import", "correct", job, faults)
    assert (done.exit_code, "14 applied" in done.stdout) == (0, True), done.output
    done = run(bench, "import", "undo", job)
    assert (done.exit_code, "14 undone" in done.stdout) == (0, True), done.output
    assert live(bench) == before
    again = run(bench, "import", "undo", job)
    assert again.exit_code == 1
    assert "Traceback" not in again.output


def test_what_is_left_may_be_given_up(bench: Bench, units: Path) -> None:
    job = job_of(run(bench, "import", "units", units, "--yes"))
    done = run(bench, "import", "discard", job)
    assert f"{job} is done: 2 applied" in done.stdout


def test_a_template_is_written_and_can_be_imported(
    bench: Bench, tmp_path: Path
) -> None:
    out = tmp_path / "cards.xlsx"
    assert run(bench, "import", "template", "cards", out).exit_code == 0
    done = run(bench, "import", "cards", out, "--yes")
    assert (done.exit_code, "done" in done.stdout) == (0, True), done.output
    assert run(bench, "import", "template", "cards", "cards.csv").exit_code == 2


def test_an_export_holds_names_only_for_a_reason_and_is_ours_alone(
    bench: Bench, tmp_path: Path
) -> None:
    plain, named = tmp_path / "plain.csv", tmp_path / "named.csv"
    assert run(bench, "export", "occupants", plain).exit_code == 0
    done = run(bench, "export", "occupants", named, "--names", "annual check")
    assert done.exit_code == 0
    assert NAMES["P1"].encode() not in plain.read_bytes()
    assert NAMES["P1"].encode() in named.read_bytes()
    assert named.stat().st_mode & 0o777 == 0o600
    assert NAMES["P1"] not in done.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["import", "units", "nowhere.xlsx"], 2, "cannot be read"),
        (["import", "units", "."], 2, "is a directory"),
        (["import", "people", "x.xlsx"], 2, "No such command"),
        (["import", "resume", "I-0"], 1, "there is no import"),
        (["import", "faults", "I-0", "x.txt"], 2, "neither a .xlsx nor a .csv"),
        (["export", "units", "nowhere/x.csv"], 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(
    bench: Bench, arguments: list[str], code: int, said: str
) -> None:
    done = run(bench, *arguments)
    assert (done.exit_code, said in done.output) == (code, True), done.output


def test_what_is_no_sheet_is_told_in_words(bench: Bench, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes(b"\xff")
    done = run(bench, "import", "units", wrong)
    assert done.exit_code == 2
    assert "neither UTF-8 nor GB 18030" in done.stderr
    assert run(bench, "import", "list").stderr == "nothing was ever imported\n"


@pytest.mark.parametrize("command", ["import", "import units", "import undo", "export"])
def test_every_command_explains_itself_with_an_example(
    bench: Bench, command: str
) -> None:
    done = run(bench, *command.split(), "--help")
    assert done.exit_code == 0
    assert "Example: menhu-registry" in done.stdout
