"""The house in seven columns (以屋管人): a building, or one unit with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry.domain.errors import Fault, FieldError, NotFound
from registry.domain.house_truth import Cell, Gap, UnitTruth
from registry.domain.registration import day_of
from registry.services.house_truth import HouseTruth
from registry.web.case_pages import at_unit
from registry.web.desk import Desk, desk
from registry.web.faults import texts
from registry.web.pages import unit_link
from registry.web.problems import PageRoute
from registry.web.truth_words import CHANNELS, COLUMNS, GAPS, GapWords, badge
from registry.web.words import Badge

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Context = dict[str, object]
DAYS = ("as_of", "as_known_on")


@dataclass(frozen=True, slots=True)
class Square:
    """One cell of the table."""

    cell: Cell
    badge: Badge


@dataclass(frozen=True, slots=True)
class Row:
    """One unit of the table."""

    truth: UnitTruth
    squares: tuple[Square, ...]
    href: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The days somebody asked for, as typed and as read."""

    typed: dict[str, str]
    days: dict[str, date | None]
    errors: dict[str, str]

    @property
    def query(self) -> str:
        """What keeps the days in a link."""
        said = {name: text for name, text in self.typed.items() if text}
        return f"?{urlencode(said)}" if said else ""


@router.get("/buildings/{code}/truth")
def building_truth(request: Request, code: str, gaps: str = "") -> Response:
    """Show the seven columns of every unit, on any day and as known on any day."""
    at, asked = desk(request), _asked(request)
    truth, frame = _read(at, code, asked)
    rows = [_row(code, unit, asked) for unit in truth.units]
    found = [gap for unit in truth.units for gap in unit.gaps]
    context = frame | {
        "rows": [row for row in rows if row.truth.gaps] if gaps else rows,
        "only_gaps": bool(gaps),
        "columns": COLUMNS,
        "units": len(truth.units),
        "with_gaps": sum(bool(unit.gaps) for unit in truth.units),
        "counts": _counts(found),
        "truth": truth,
    }
    status = 422 if asked.errors else 200
    return at.answer(request, "truth.html", context, status)


@router.get("/buildings/{code}/units/{number}/truth")
def unit_truth(request: Request, code: str, number: str) -> Response:
    """Show one unit column by column: facts, sources, gaps and what to do."""
    at, asked = desk(request), _asked(request)
    truth, frame = _read(at, code, asked, number)
    if not truth.units:
        raise NotFound(f"{code} has no unit {number!r}")
    with at.services.store.reading() as uow:
        cases = at_unit(uow, truth.units[0].unit.code)
    context = frame | {
        "cases": cases,
        "truth": truth,
        "row": _row(code, truth.units[0], asked),
        "columns": COLUMNS,
        "gaps": GAPS,
        "channels": CHANNELS,
    }
    status = 422 if asked.errors else 200
    return at.answer(request, "unit_truth.html", context, status)


def _read(
    at: Desk, code: str, asked: Asked, number: str | None = None
) -> tuple[HouseTruth, Context]:
    with at.services.store.reading() as uow:
        house = at.services.housing.whereabouts(uow, code)
        truth = at.services.house_truths.of_building(
            uow,
            house.building,
            asked.days["as_of"],
            asked.days["as_known_on"],
            number,
        )
    return truth, {
        "section": "street",
        "building": house.building,
        "grid": house.grid,
        "community": house.community,
        "form": asked.typed,
        "errors": asked.errors,
        "query": asked.query,
        "today": at.services.housing.today(),
    }


def _asked(request: Request) -> Asked:
    typed = {name: request.query_params.get(name, "").strip() for name in DAYS}
    days = {name: day_of(text) for name, text in typed.items()}
    wrong = [
        FieldError(name, Fault.MALFORMED, "no date", "give a date")
        for name, text in typed.items()
        if text and days[name] is None
    ]
    return Asked(typed, days, texts(wrong))


def _row(building: str, truth: UnitTruth, asked: Asked) -> Row:
    link = f"{unit_link(building, truth.unit.number)}/truth{asked.query}"
    return Row(truth, tuple(Square(c, badge(c)) for c in truth.cells), link)


def _counts(found: Sequence[Gap]) -> list[tuple[GapWords, int]]:
    """Return the gaps there are, the graver and more frequent first."""
    counts = [(GAPS[gap], found.count(gap)) for gap in Gap if gap in found]
    return sorted(counts, key=lambda pair: (not pair[0].grave, -pair[1]))
