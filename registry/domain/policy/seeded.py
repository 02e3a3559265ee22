"""The values a register starts with, read from `seeded.toml` beside this file."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from registry.domain.policy.book import PolicyBook
from registry.domain.policy.keys import Key
from registry.domain.policy.value import (
    Jurisdiction,
    PolicyValue,
    Unit,
    Verification,
)


@cache
def seeded() -> PolicyBook:
    """Return the book every register starts with."""
    return PolicyBook(_values())


@cache
def meanings() -> Mapping[Key, str]:
    """Return what each key says, in a line."""
    return {Key(key): table["meaning"] for key, table in _tables().items()}


def _values() -> Iterator[PolicyValue]:
    for key, table in _tables().items():
        for value in table["values"]:
            coded = {
                "key": Key(key),
                "unit": Unit(value["unit"]),
                "jurisdiction": Jurisdiction(value["jurisdiction"]),
                "verification": Verification(value["verification"]),
            }
            yield PolicyValue(**(value | coded))


@cache
def _tables() -> dict[str, Any]:
    text = files(__package__).joinpath("seeded.toml").read_text("utf-8")
    return tomllib.loads(text)
