"""Deadlines and periods as dated data with a source, never as constants."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Verification(StrEnum):
    """How sure we are that a value is what the rule says."""

    OFFICIAL_TEXT = "official_text"
    UNVERIFIED = "unverified"
    HOUSE_RULE = "house_rule"


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A period of whole days, from when it applies and where it comes from."""

    key: str
    days: int
    valid_from: date
    source: str
    verification: Verification

    @property
    def period(self) -> timedelta:
        """The value as a period."""
        return timedelta(days=self.days)


FOUNDED = date(2026, 1, 1)

DOOR_GRACE = PolicyValue(
    "door_grace",
    14,
    FOUNDED,
    "street's own rule: time to move belongings out after a tenancy ends",
    Verification.HOUSE_RULE,
)
DUE_WINDOW = PolicyValue(
    "due_window",
    30,
    FOUNDED,
    "street's own rule: remind both sides in the last month of a tenancy",
    Verification.HOUSE_RULE,
)
ALARM_RETENTION = PolicyValue(
    "alarm_retention",
    365,
    FOUNDED,
    "street's own rule: a year of closed alarms shows which doors need repair",
    Verification.HOUSE_RULE,
)
ORDER_RETENTION = PolicyValue(
    "order_retention",
    365,
    FOUNDED,
    "street's own rule: as long as alarms; the audit trail keeps who and why",
    Verification.HOUSE_RULE,
)
FILING_PERIOD = PolicyValue(
    "filing_period",
    365,
    FOUNDED,
    "street's own rule: a landlord says once a year that a filing still holds",
    Verification.HOUSE_RULE,
)
RENEWAL_WINDOW = PolicyValue(
    "renewal_window",
    90,
    FOUNDED,
    "street's own rule: a filing may be renewed from the first reminder on",
    Verification.HOUSE_RULE,
)
TRANSFER_GRACE = PolicyValue(
    "transfer_grace",
    21,
    FOUNDED,
    "street's own rule, as Wales gives whoever buys a let house (rla.org.uk)",
    Verification.HOUSE_RULE,
)
ELSEWHERE_WINDOW = PolicyValue(
    "elsewhere_window",
    30,
    FOUNDED,
    "street's own rule: a filing elsewhere is shown as due in its last month",
    Verification.HOUSE_RULE,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy values in force and the street's time zone."""

    door_grace: PolicyValue = DOOR_GRACE
    due_window: PolicyValue = DUE_WINDOW
    alarm_retention: PolicyValue = ALARM_RETENTION
    order_retention: PolicyValue = ORDER_RETENTION
    filing_period: PolicyValue = FILING_PERIOD
    renewal_window: PolicyValue = RENEWAL_WINDOW
    transfer_grace: PolicyValue = TRANSFER_GRACE
    elsewhere_window: PolicyValue = ELSEWHERE_WINDOW
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
