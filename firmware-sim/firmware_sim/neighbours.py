"""Who uses which doors: read from the same plan the registry imports."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody with a card, and the doors of the house they live or work in."""

    card: int
    doors: tuple[str, ...]


def read_neighbours(folder: Path, today: date) -> tuple[Neighbour, ...]:
    """Return everybody who lives or works on the street on a day."""
    document = json.loads((folder / "street.json").read_text("utf-8"))
    doors = defaultdict(list)
    for door in document["doors"]:
        doors[door["building"]].append(door["id"])
    buildings = {unit["code"]: unit["building"] for unit in document["units"]}
    cards = {row["party"]: row["card"] for row in document["credentials"]}
    return tuple(
        Neighbour(cards[party], tuple(doors[buildings[unit]]))
        for unit, party in _occupancies(document, today.isoformat())
    )


def _occupancies(document: dict[str, Any], today: str) -> Iterator[tuple[str, str]]:
    for residence in document["residences"]:
        yield residence["unit"], residence["party"]
    for tenancy in document["tenancies"]:
        if tenancy["start"] <= today < tenancy["end"]:
            for party in tenancy["occupants"]:
                yield tenancy["unit"], party
