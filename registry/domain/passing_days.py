"""What days alone make of a record."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

from registry.domain.deadlines.arithmetic import ONE_DAY
from registry.domain.external_filing import (
    EXTERNAL_FILINGS,
    ExternalEvent,
    ExternalFiling,
)
from registry.domain.filing import FILINGS, FilingEvent, RentalFiling
from registry.domain.machine import Machine

R = TypeVar("R", RentalFiling, ExternalFiling)


def filing_by(
    filing: RentalFiling, day: date, window: timedelta
) -> Iterator[tuple[date, FilingEvent, RentalFiling]]:
    """Yield what became of a filing by a day, and when.

    It may be renewed for the length of `window` and on its last day, and lapses after
    that.
    """
    if filing.renews_on is not None:
        neared = (FilingEvent.RENEWAL_NEARED, filing.renews_on - window)
        lapsed = (FilingEvent.LAPSED, filing.renews_on + ONE_DAY)
        yield from _by(FILINGS, filing, day, (neared, lapsed))


def elsewhere_by(
    filing: ExternalFiling, day: date, window: timedelta
) -> Iterator[tuple[date, ExternalEvent, ExternalFiling]]:
    """Yield what became of a filing elsewhere by a day, and when.

    It is due in the `window` before the last day it may be done on, overdue after it.
    """
    if filing.due is not None:
        near = (ExternalEvent.FELL_DUE, filing.due - window)
        over = (ExternalEvent.DUE_DAY_PASSED, filing.due + ONE_DAY)
        yield from _by(EXTERNAL_FILINGS, filing, day, (near, over))


def _by(
    machine: Machine[Any, Any],
    record: R,
    day: date,
    steps: Iterable[tuple[Any, date]],
) -> Iterator[tuple[date, Any, R]]:
    for event, when in steps:
        if when <= day and machine.allows(record.state, event):
            record = replace(record, state=machine.after(record.state, event))
            yield when, event, record
