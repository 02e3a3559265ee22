"""Templates become answers: one place for language, time zone and type size."""

from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

LARGE, SIZES = "large", ("large", "standard")
YEAR_SECONDS = 365 * 24 * 3600


class Pages:
    """Renders templates in the street's time zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Load the templates of this package."""
        self._templates = Environment(
            loader=PackageLoader("registry.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "clock": lambda at: at.astimezone(zone).strftime("%H:%M:%S"),
            "hour": lambda at: at.astimezone(zone).strftime("%H:%M"),
            "day": lambda at: at.astimezone(zone).strftime("%m-%d"),
            "date": lambda at: at.astimezone(zone).date().isoformat(),
            "iso": _iso,
            "path": _path,
            "unit_link": unit_link,
        }

    def text(self, name: str, context: dict[str, object]) -> str:
        """Return a part of a page."""
        return self._templates.get_template(name).render(context)

    def answer(
        self,
        request: Request,
        name: str,
        context: dict[str, object],
        status: int = 200,
    ) -> HTMLResponse:
        """Return a page in the type size the reader chose."""
        wish = request.query_params.get("size")
        size = wish if wish in SIZES else request.cookies.get("size")
        other = "standard" if size == LARGE else LARGE
        link = request.url.include_query_params(size=other)
        frame = {"size": size, "size_link": f"{link.path}?{link.query}"}
        page = HTMLResponse(self.text(name, FRAME | frame | context), status)
        if wish in SIZES:
            page.set_cookie(
                "size", wish, YEAR_SECONDS, httponly=True, samesite="strict"
            )
        return page


FRAME: dict[str, object] = {
    "section": None,
    "example": False,
    "notice": None,
    "alarms": 0,
    "swap": False,
}
"""What every page may leave out."""


def wants_part(request: Request) -> bool:
    """Say whether htmx asks for a part of a page to swap in."""
    return request.headers.get("HX-Request-Type") == "partial"


def unit_link(building: str, number: str) -> str:
    """Return where the page of a unit is."""
    return f"/buildings/{_path(building)}/units/{_path(number)}"


def _path(part: str) -> str:
    return quote(part, safe="")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
