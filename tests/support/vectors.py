"""Golden vectors from documents that are not ours."""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "vectors"


def load(name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of one vector file."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
