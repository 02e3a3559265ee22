"""What other offices were told, and what they answered; never inferred from here."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.machine import Machine
from registry.domain.occupancy import Exemption


class ExternalKind(StrEnum):
    """Which filing of which office."""

    CONTRACT_FILING = "contract_filing"
    RESIDENCE_REGISTRATION = "residence_registration"
    RESIDENCE_PERMIT = "residence_permit"
    FOREIGNER_REGISTRATION = "foreigner_registration"


class ExternalState(StrEnum):
    """Where it stands, by receipts and days alone."""

    NOT_DUE = "not_due"
    DUE = "due"
    OVERDUE = "overdue"
    SUBMITTED = "submitted"
    GRANTED = "granted"
    REFUSED = "refused"
    EXEMPT = "exempt"


class ExternalEvent(StrEnum):
    """What may happen to it; the first two are the passing of days."""

    FELL_DUE = "fell_due"
    DUE_DAY_PASSED = "due_day_passed"
    SUBMITTED = "submitted"
    GRANTED = "granted"
    REFUSED = "refused"
    EXEMPTED = "exempted"
    NO_LONGER_EXEMPT = "no_longer_exempt"


_S, _E = ExternalState, ExternalEvent

EXTERNAL_FILINGS: Machine[ExternalState, ExternalEvent] = Machine(
    "the filing elsewhere",
    _S.NOT_DUE,
    {
        (_S.NOT_DUE, _E.FELL_DUE): _S.DUE,
        (_S.DUE, _E.DUE_DAY_PASSED): _S.OVERDUE,
        **{
            (state, _E.SUBMITTED): _S.SUBMITTED
            for state in (_S.NOT_DUE, _S.DUE, _S.OVERDUE, _S.REFUSED)
        },
        **{
            (state, _E.EXEMPTED): _S.EXEMPT
            for state in (_S.NOT_DUE, _S.DUE, _S.OVERDUE, _S.SUBMITTED, _S.REFUSED)
        },
        (_S.SUBMITTED, _E.GRANTED): _S.GRANTED,
        (_S.SUBMITTED, _E.REFUSED): _S.REFUSED,
        (_S.EXEMPT, _E.NO_LONGER_EXEMPT): _S.DUE,
    },
)


@dataclass(frozen=True, slots=True)
class ExternalFiling:
    """A filing with another office about a tenancy or an occupancy of a unit.

    `on` is the day of its receipt or answer. `due` is the next day it must be done by.
    """

    id: str
    kind: ExternalKind
    unit: str
    state: ExternalState
    tenancy: str | None = None
    occupancy: str | None = None
    office: str | None = None
    receipt: str | None = None
    on: date | None = None
    due: date | None = None
    exemption: Exemption | None = None
    reason: str | None = None
