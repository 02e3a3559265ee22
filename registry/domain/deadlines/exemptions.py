"""Why a duty does not hold for somebody."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from registry.domain.deadlines.arithmetic import add_months
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.policy.keys import Key
from registry.domain.policy.value import PolicyValue


class Exemption(StrEnum):
    """A reason; the first six are those of Guangzhou's registration of residence."""

    MEDICAL_VISIT = "medical_visit"
    FAMILY_VISIT = "family_visit"
    TOURISM = "tourism"
    BUSINESS_TRIP = "business_trip"
    FULL_TIME_STUDENT = "full_time_student"
    HOTEL_GUEST = "hotel_guest"
    SHORT_ORAL_LEASE = "short_oral_lease"


RESIDENCE = frozenset(set(Exemption) - {Exemption.SHORT_ORAL_LEASE})
ALLOWED: Mapping[Key, frozenset[Exemption]] = {
    Key.LEASE_FILING: frozenset({Exemption.SHORT_ORAL_LEASE}),
    Key.OCCUPANT_REPORT: RESIDENCE,
    Key.RESIDENCE_REGISTRATION: RESIDENCE,
    Key.FOREIGNER_REPORT: frozenset({Exemption.HOTEL_GUEST}),
}
"""Which reasons count for which duty; a duty that is not here has no exemption."""


def check_exemption(duty: Key, reason: Exemption) -> None:
    """Raise Invalid for a reason that does not count for a duty."""
    allowed = ALLOWED.get(duty, frozenset())
    if reason in allowed:
        return
    remedies = ", ".join(sorted(allowed)) or "there is none for this duty"
    message = f"{reason} is no exemption from {duty}"
    raise Invalid(
        [FieldError("exemption", Fault.CONTRADICTION, message, f"allowed: {remedies}")]
    )


def written_form_required(
    start: date, end: date | None, written_from: PolicyValue
) -> bool:
    """Say whether a lease from a day until, not including, another must be written.

    One without an end need not; `written_from` is the shortest term, in months.
    """
    return end is not None and end >= add_months(start, written_from.amount)
