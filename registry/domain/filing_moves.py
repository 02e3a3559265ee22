"""What each event writes into a filing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from registry.domain.filing import FILINGS, FilingEvent, RentalFiling

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Terms:
    """The last day to renew what began on a day, and how long before it one may."""

    last_day: Callable[[date], date]
    window: timedelta


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, the day it took effect, and what was said with it."""

    event: FilingEvent
    on: date
    reason: str | None = None
    number: str | None = None
    successor: str | None = None


def moved(filing: RentalFiling, what: Happened, terms: Terms) -> RentalFiling:
    """Return a filing after an event; raises Conflict where it may not happen."""
    state = FILINGS.after(filing.state, what.event)
    write = _WRITES.get(what.event, _nothing)
    changes: dict[str, object] = dict(write(filing, what, terms))
    return replace(filing, state=state, **changes)  # type: ignore[arg-type]


def filing_number(year: int, count: int) -> str:
    """Return the number of a filing, such as 2026-000017."""
    return f"{year}-{count:06d}"


def _nothing(_filing: RentalFiling, _what: Happened, _terms: Terms) -> Fields:
    return {}


def _submitted(filing: RentalFiling, what: Happened, _terms: Terms) -> Fields:
    """Keep the first day: whoever corrects a filing has filed all the same."""
    return {"submitted_on": filing.submitted_on or what.on, "reason": None}


def _accepted(_filing: RentalFiling, what: Happened, terms: Terms) -> Fields:
    return {
        "number": what.number,
        "accepted_on": what.on,
        "renews_on": terms.last_day(what.on),
        "reason": None,
    }


def _renewed(filing: RentalFiling, what: Happened, terms: Terms) -> Fields:
    """Count from the day it was due: nothing is lost by renewing early."""
    return {"renews_on": terms.last_day(filing.renews_on or what.on)}


def _restored(filing: RentalFiling, what: Happened, terms: Terms) -> Fields:
    """Leave time to renew what could not be renewed while suspended."""
    due = filing.renews_on
    return {
        "reason": None,
        "renews_on": None if due is None else max(due, what.on + terms.window),
    }


def _reasoned(_filing: RentalFiling, what: Happened, _terms: Terms) -> Fields:
    return {"reason": what.reason}


def _transferred(_filing: RentalFiling, what: Happened, _terms: Terms) -> Fields:
    return {"successor": what.successor}


_WRITES: Mapping[FilingEvent, Callable[[RentalFiling, Happened, Terms], Fields]] = {
    FilingEvent.SUBMITTED: _submitted,
    FilingEvent.SENT_BACK: _reasoned,
    FilingEvent.ACCEPTED: _accepted,
    FilingEvent.RENEWED: _renewed,
    FilingEvent.SUSPENDED: _reasoned,
    FilingEvent.RESTORED: _restored,
    FilingEvent.WITHDRAWN: _reasoned,
    FilingEvent.TRANSFERRED: _transferred,
}
