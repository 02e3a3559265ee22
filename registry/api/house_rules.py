"""The rules a house is asked by: what they ask, how often they are right, on or off."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from registry.api.access import Registry, open_to
from registry.api.changes import Changing
from registry.api.tenancies import Body, Text
from registry.domain.cases import RuleSwitch
from registry.domain.house_rules.rule import GuardName, RuleId
from registry.domain.policy.keys import Key
from registry.domain.principals import Role
from registry.domain.suppression import told
from registry.services.cases import RuleOverview

router = APIRouter(prefix="/api", tags=["cases"])


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """A rule; `precision` is the confirmed share of closed cases in percent.

    `open` and `closed` are missing where they are too few to be told.
    """

    rule: RuleId
    version: int
    question: str
    first_action: str
    policy: list[Key]
    guards: list[GuardName]
    on: bool
    switched_on: date | None
    reason: str | None
    automatic: bool
    precision: int | None
    closed: int | None
    open: int | None


@dataclass(frozen=True, slots=True)
class RuleList:
    """Every rule."""

    rules: list[RuleRecord]


class SwitchBody(Body):
    """Whether a rule is asked from now on, and why."""

    on: bool
    reason: Text


class SwitchRecord(BaseModel):
    """A rule that was switched on or off."""

    rule: RuleId
    on: bool
    since: date
    reason: str


@router.get(
    "/house-rules",
    summary="List the rules houses are asked by",
    openapi_extra=open_to(Role.LANDLORD, Role.TENANT),
)
def rules(registry: Registry) -> RuleList:
    """Return every rule with its version, its precision, and whether it is on."""
    with registry.store.reading() as uow:
        found = registry.house_cases.overview(uow)
    return RuleList([_record(each) for each in found])


@router.post("/house-rules/{rule}/switch", summary="Switch a rule on or off")
def switch(
    registry: Registry, change: Changing, rule: RuleId, body: SwitchBody
) -> SwitchRecord:
    """Ask a rule no more, or again; both are in the audit trail with their reason."""
    service, who = registry.house_cases, change.who
    return change.make(
        SwitchRecord,
        lambda uow: _switched(
            service.switch(uow, who, rule, on=body.on, reason=body.reason)
        ),
    )


def _switched(switch: RuleSwitch) -> SwitchRecord:
    return SwitchRecord(
        rule=switch.rule, on=switch.on, since=switch.since, reason=switch.reason
    )


def _record(each: RuleOverview) -> RuleRecord:
    rule, switch, precision = each.rule, each.switch, each.precision
    closed = told(precision.closed)
    return RuleRecord(
        rule=rule.id,
        version=rule.version,
        question=rule.question,
        first_action=rule.first_action,
        policy=list(rule.keys),
        guards=[guard.name for guard in rule.guards],
        on=each.on,
        switched_on=None if switch is None else switch.since,
        reason=None if switch is None else switch.reason,
        automatic=switch is not None and switch.automatic,
        precision=None if closed is None else precision.percent,
        closed=closed,
        open=told(each.open),
    )
