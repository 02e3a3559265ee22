"""Recording tenancies with who moves in, and ending them."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from controller.vocabulary import LARGEST_CARD_NUMBER
from registry.api.access import COUNTER, Caller, Registry, open_to
from registry.api.days import Day
from registry.domain.file_reading import LONGEST_TEXT
from registry.domain.principals import Role
from registry.domain.registration import TenancyForm

router = APIRouter(prefix="/api", tags=["tenancies"])
Card = Annotated[int, Path(ge=1, le=LARGEST_CARD_NUMBER)]


Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Body(BaseModel):
    """A request body: unknown fields and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class OccupantBody(Body):
    """Who moves in."""

    name: Text = Field(repr=False)


class TenancyBody(Body):
    """A tenancy from `start` until, not including, `end` (ISO dates)."""

    unit: Text
    occupant: OccupantBody
    start: Text
    end: Text
    card: int | None = Field(default=None, repr=False)
    room: Text | None = None
    landlord: Text | None = None
    filed: bool = False


class TenancyRecorded(BaseModel):
    """What was recorded, and the revision of the permits that follow from it."""

    tenancy: str
    party: str
    unit: str
    room: str | None
    start: date
    end: date | None
    revision: int


class EndBody(Body):
    """The day a tenancy no longer holds."""

    end: Day


class ReasonBody(Body):
    """Why, in a few words."""

    reason: Text


class Revised(BaseModel):
    """The revision of the permits after a change."""

    revision: int


@router.post("/tenancies", summary="Record a tenancy", status_code=HTTPStatus.CREATED)
def record_tenancy(registry: Registry, body: TenancyBody) -> TenancyRecorded:
    """Record a tenancy, who moves in and their card; permits follow at once."""
    form = TenancyForm(
        unit=body.unit,
        occupant=body.occupant.name,
        start=body.start,
        end=body.end,
        card="" if body.card is None else str(body.card),
        room=body.room or "",
        landlord=body.landlord or "",
        filed=body.filed,
    )
    with registry.store.writing() as uow:
        recorded = registry.registration.record_tenancy(uow, form, COUNTER)
    tenancy = recorded.tenancy
    return TenancyRecorded(
        tenancy=tenancy.id,
        party=recorded.party,
        unit=tenancy.unit,
        room=tenancy.room,
        start=tenancy.start,
        end=tenancy.until,
        revision=recorded.revision,
    )


@router.post(
    "/tenancies/{tenancy}/end",
    summary="End a tenancy",
    openapi_extra=open_to(Role.LANDLORD, Role.TENANT),
)
def end_tenancy(
    registry: Registry, who: Caller, tenancy: str, body: EndBody
) -> Revised:
    """Let a tenancy end early; its permits end with the grace the policy gives.

    A landlord only says so: it ends once who lives there, or a visit, confirms it.
    """
    with registry.store.writing() as uow:
        revision = registry.tenancies.end(uow, who, tenancy, body.end)
    return Revised(revision=revision)
