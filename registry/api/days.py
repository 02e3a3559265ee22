"""Days as callers write them."""

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from registry.domain.registration import day_of


def _day(value: object) -> date | None:
    return day_of(value) if isinstance(value, str) else None


Day = Annotated[date, BeforeValidator(_day)]
"""YYYY-MM-DD, of a year that controllers can store."""
