"""Lists a page at a time, each with the cursor of the next."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from registry.domain.errors import Fault, FieldError, Invalid

MOST = 200
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some items of a list; `next` is the cursor of those after, if there are any."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page is asked for: what follows the item with an id."""

    after: str
    limit: int

    def page(self, found: Sequence[T], key: Callable[[T], str]) -> Page[T]:
        """Return a page of `limit + 1` items, of which the last says there are more."""
        more = len(found) > self.limit
        items = list(found[: self.limit])
        return Page[T](items=items, next=_cursor(key(items[-1])) if more else None)


def _turn(
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Turn:
    return Turn("" if cursor is None else _after(cursor), limit)


Turning = Annotated[Turn, Depends(_turn)]


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _after(cursor: str) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars="-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Invalid(
            [
                FieldError(
                    "cursor",
                    Fault.MALFORMED,
                    "this is not a place in a list",
                    "take `next` of the page before, or leave it out",
                )
            ]
        ) from None
