"""The house keeps its own rules: sizes, floors, one table of protocols."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("controller", "cardreader", "gateway", "registry", "firmware-sim")
MOST_FILE_LINES, MOST_FUNCTION_LINES = 400, 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def code_lines(path: Path) -> int:
    return sum(1 for line in path.read_text().splitlines() if line.strip())


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


@pytest.mark.parametrize("folders", [PACKAGES, ("tests",)])
def test_no_file_or_function_outgrows_its_ceiling(folders: tuple[str, ...]) -> None:
    files = sources(*folders)
    assert files
    long_files = [p.name for p in files if code_lines(p) > MOST_FILE_LINES]
    long_functions = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in files
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert (long_files, long_functions) == ([], [])


def test_most_files_are_small() -> None:
    sizes = sorted(filter(None, map(code_lines, sources(*PACKAGES))))
    assert statistics.median(sizes) <= 100
    assert sizes[int(len(sizes) * 0.9)] <= 300


def test_test_files_have_unique_names() -> None:
    names = [path.name for path in sources("tests") if path.name.startswith("test_")]
    assert sorted(set(names)) == sorted(names)


def test_floors_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout.decode()


def test_documents_link_to_what_exists() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for part in page.read_text().split("](")[1:]:
            target = part.split(")")[0].split("#")[0]
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
