"""Forms as they were typed: kept when something is wrong with them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Generic, Self, TypeVar

from fastapi import Depends, Request
from starlette.datastructures import FormData

from registry.web.security import check_form

KEY = re.compile(r"[0-9a-f]{32}")
SEE_OTHER = 303
"""After a form was accepted: look there, and do not send it again."""
LONGEST_INPUT = 200
"""More than any field needs; what is longer is cut before it is checked."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """A form as it is shown: what was typed, what is wrong with it, and the status."""

    typed: T
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def fresh_key() -> str:
    """Return a key that makes a second sending of the same form harmless."""
    return secrets.token_hex(16)


def text_of(form: FormData | Mapping[str, str], name: str) -> str:
    """Return a field's text without the blanks around it."""
    value = form.get(name, "")
    return value.strip()[:LONGEST_INPUT] if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Typed:
    """The tenancy form as typed."""

    unit: str = ""
    room: str = ""
    landlord: str = ""
    occupant: str = ""
    card: str = ""
    start: str = ""
    end: str = ""
    filed: str = ""
    confirm: str = ""

    @classmethod
    def of(cls, form: FormData | Mapping[str, str]) -> Self:
        """Read what was sent."""
        return cls(**{each.name: text_of(form, each.name) for each in fields(cls)})


async def read_form(request: Request) -> FormData:
    """Return the fields of a form that a page of ours sent; none of them is a file."""
    form = await request.form(max_files=0)
    check_form(request, text_of(form, "token"))
    return form


Form = Annotated[FormData, Depends(read_form)]
