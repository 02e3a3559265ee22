"""What was put into a synthetic street on purpose, to hold findings against."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from registry.domain.history import Channel, Source
from registry.domain.places import Unit
from registry.persistence.unit_of_work import UnitOfWork

MADE = Source("example", Channel.IMPORT)
"""How what is made up is signed."""


def units(uow: UnitOfWork) -> list[Unit]:
    """Return every unit of the street."""
    return uow.houses.units([building.code for building in uow.houses.buildings()])


def dice(seed: int, purpose: str) -> Random:
    """Return a source of numbers that is the same for the same seed and purpose."""
    return Random(f"{seed} {purpose}")  # noqa: S311  reproducible on purpose


@dataclass(slots=True)
class Planted:
    """Units by the rule that should find them, and units that only look like it."""

    real: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    innocent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def document(self) -> str:
        """Return it as JSON."""
        return json.dumps(
            {"real": _lists(self.real), "innocent": _lists(self.innocent)}, indent=1
        )


@dataclass(frozen=True, slots=True)
class Making:
    """What every step of a history works with."""

    today: date
    now: datetime
    luck: Random
    planted: Planted


def read_planted(text: str) -> Planted:
    """Read what `document` wrote."""
    found = json.loads(text)
    planted = Planted()
    for name in ("real", "innocent"):
        kept: dict[str, set[str]] = getattr(planted, name)
        for rule, units in found[name].items():
            kept[rule].update(units)
    return planted


def _lists(units: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {rule: sorted(those) for rule, those in sorted(units.items())}
