"""Rules of doors, special days, PINs of cards, and opening a door from afar."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from controller.door_rules import DoorMode
from controller.vocabulary import Direction
from registry.api.access import COUNTER, Registry
from registry.api.days import Day
from registry.api.tenancies import Body, Card, Text
from registry.domain.door_behaviour import Rule
from registry.domain.errors import Invalid
from registry.domain.hardware import Delivery
from registry.domain.orders import OpenOrder, OrderState
from registry.domain.registration import FIRST_YEAR, LAST_YEAR
from registry.domain.responsibility import Responsible, read_responsible
from registry.domain.rules_document import written
from registry.domain.special_days import DayKind, YearTable
from registry.services.door_rules import DoorView

router = APIRouter(prefix="/api", tags=["rules"])
Year = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)]
MOST_ORDERS_TOLD = 100


class SpanBody(Body):
    """Hours of some days (Monday is 0): from `opens` until, not including, `closes`."""

    days: list[int]
    opens: Text
    closes: Text


class TimedModeBody(Body):
    """A mode in some hours."""

    mode: Annotated[DoorMode, Field(strict=False)]
    hours: list[SpanBody]


class FirstCardBody(Body):
    """Hours in which nobody passes before one of the holders' cards did."""

    hours: list[SpanBody]
    holders: list[int]
    unlocks: bool


class AntiPassbackBody(Body):
    """No card goes the same way twice; `forget_after` is in seconds."""

    area: Text
    direction: Annotated[Direction, Field(strict=False)]
    forget_after: int | None
    soft: bool


class RulesBody(Body):
    """All rules of a door; the first of `modes` whose hours hold counts."""

    mode: Annotated[DoorMode, Field(strict=False)]
    modes: list[TimedModeBody]
    pin: list[SpanBody] | None
    first_card: FirstCardBody | None
    cards_together: int
    interlock: list[Text]
    anti_passback: AntiPassbackBody | None


class ResponsibleBody(Body):
    """Who changes something, and why."""

    operator: Text
    reason: Text


class RulesChangeBody(ResponsibleBody):
    """Rules to put in force, whole; `replaces` guards against a faster colleague."""

    rules: RulesBody
    replaces: int | None = None


class PinBody(ResponsibleBody):
    """A card's new PIN; it is kept nowhere, only what it is checked against."""

    pin: Text = Field(repr=False)


class SpecialDayBody(Body):
    """What the street says of a day."""

    day: Day
    kind: Annotated[DayKind, Field(strict=False)]


class SpecialDaysBody(ResponsibleBody):
    """Everything the street says of a year's days, whatever the library says."""

    days: Annotated[list[SpecialDayBody], Field(max_length=366)]


class DoorRulesRecord(BaseModel):
    """The rules of a door, how far they have come, and the version before them.

    `mode` is how the door should behave now, until `until` if that is soon; `unkept`
    names the rules in use that its hardware, deciding alone, does not keep.
    """

    door: str
    gateway: str
    revision: int
    delivery: Delivery
    mode: DoorMode
    until: datetime | None
    rules: RulesBody
    unkept: list[Rule]
    changed_at: datetime | None
    changed_by: str | None
    reason: str | None
    previous: RulesBody | None


@dataclass(frozen=True, slots=True)
class SpecialDayRecord:
    """A day with another weekday's hours; `own` says that the street said so."""

    day: date
    kind: DayKind
    festival: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class SpecialDayList:
    """The special days of a year; of one that is not published, only our own."""

    year: int
    published: bool
    days: list[SpecialDayRecord]


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order to open a door once: who gave it, why, and what became of it."""

    number: int
    door: str
    state: OrderState
    operator: str
    reason: str
    created_at: datetime
    expires_at: datetime
    handed_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderList:
    """The newest orders for a door."""

    orders: list[OrderRecord]


@router.get("/doors/{door}/rules", summary="Say what a door is asked for")
def rules(registry: Registry, door: str) -> DoorRulesRecord:
    """Return the rules of a door; one without any is opened by permits alone."""
    with registry.store.reading() as uow:
        return _rules_record(registry.door_rules.of_door(uow, door))


@router.put("/doors/{door}/rules", summary="Put other rules in force at a door")
def put_rules(registry: Registry, door: str, body: RulesChangeBody) -> DoorRulesRecord:
    """Replace all rules of a door; `previous` of the answer undoes it."""
    document, responsible = body.rules.model_dump(mode="json"), _responsible(body)
    try:
        with registry.store.writing() as uow:
            view = registry.door_rules.replace(
                uow, door, document, responsible, body.replaces
            )
    except Invalid as error:
        places = [replace(e, field=f"rules.{e.field}") for e in error.fields]
        raise Invalid(places) from error
    return _rules_record(view)


@router.get("/special-days/{year}", summary="List the special days of a year")
def special_days(registry: Registry, year: Year) -> SpecialDayList:
    """Return public holidays and make-up workdays, the street's own view of them."""
    with registry.store.reading() as uow:
        return _day_list(registry.special_days.year(uow, year))


@router.put("/special-days/{year}", summary="Say what the street makes of a year")
def put_special_days(
    registry: Registry, year: Year, body: SpecialDaysBody
) -> SpecialDayList:
    """Replace everything the street itself says of a year; it wins over the library."""
    overrides = {each.day: each.kind for each in body.days}
    with registry.store.writing() as uow:
        table = registry.special_days.replace(uow, year, overrides, _responsible(body))
    return _day_list(table)


@router.put(
    "/credentials/{card}/pin",
    summary="Give a card a PIN",
    status_code=HTTPStatus.NO_CONTENT,
)
def put_pin(registry: Registry, card: Card, body: PinBody) -> None:
    """Take a PIN of 4 to 8 digits; nobody can read it here afterwards."""
    with registry.store.writing() as uow:
        registry.card_pins.set_pin(uow, card, body.pin, _responsible(body))


@router.delete(
    "/credentials/{card}/pin",
    summary="Take the PIN of a card away",
    status_code=HTTPStatus.NO_CONTENT,
)
def delete_pin(registry: Registry, card: Card, body: ResponsibleBody) -> None:
    """Forget what the PIN of a card is checked against."""
    with registry.store.writing() as uow:
        registry.card_pins.remove(uow, card, _responsible(body))


@router.post(
    "/doors/{door}/orders",
    summary="Open a door once, from afar",
    status_code=HTTPStatus.CREATED,
)
def order(registry: Registry, door: str, body: ResponsibleBody) -> OrderRecord:
    """Order a door to open within five seconds, or not at all."""
    with registry.store.writing() as uow:
        ordered = registry.orders.open_door(uow, door, _responsible(body))
    return _order_record(ordered, registry.clock())


@router.get("/doors/{door}/orders", summary="List the newest orders for a door")
def orders(
    registry: Registry,
    door: str,
    limit: Annotated[int, Query(ge=1, le=MOST_ORDERS_TOLD)] = 20,
) -> OrderList:
    """Return who opened a door from afar, why, and whether it did open."""
    with registry.store.reading() as uow:
        registry.housing.door(uow, door)
        found = registry.orders.of_door(uow, door, limit)
    return OrderList([_order_record(each, registry.clock()) for each in found])


def _responsible(body: ResponsibleBody) -> Responsible:
    return read_responsible(body.operator, body.reason, COUNTER)


def _rules_record(view: DoorView) -> DoorRulesRecord:
    newest = view.versions[0] if view.versions else None
    before = view.versions[1] if len(view.versions) > 1 else None
    return DoorRulesRecord(
        door=view.status.door.id,
        gateway=view.status.gateway,
        revision=view.revision,
        delivery=view.delivery,
        mode=view.behaviour.mode,
        until=view.behaviour.until,
        rules=RulesBody.model_validate(written(view.rules)),
        unkept=list(view.unkept),
        changed_at=None if newest is None else newest.changed_at,
        changed_by=None if newest is None else newest.changed_by,
        reason=None if newest is None else newest.reason,
        previous=None if before is None else RulesBody.model_validate(before.document),
    )


def _day_list(table: YearTable) -> SpecialDayList:
    days = [SpecialDayRecord(**asdict(day)) for day in table.days]
    return SpecialDayList(table.year, table.published, days)


def _order_record(order: OpenOrder, now: datetime) -> OrderRecord:
    return OrderRecord(
        number=order.number,
        door=order.door,
        state=order.state(now),
        operator=order.by,
        reason=order.reason,
        created_at=order.created_at,
        expires_at=order.expires_at,
        handed_at=order.handed_at,
        answered_at=order.answered_at,
    )
