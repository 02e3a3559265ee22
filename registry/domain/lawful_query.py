"""A query of the police (公安调取): bound to a document, decided by two people.

The law asks for a strict approval, for authority, procedure and necessity
(数据安全法 art. 35; 个人信息保护法 art. 34).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from registry.domain.machine import Machine


class QueryState(StrEnum):
    """Where a query stands."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    EXECUTED = "executed"
    DELIVERED = "delivered"
    REVIEWED = "reviewed"
    DENIED = "denied"
    EXPIRED = "expired"


class QueryEvent(StrEnum):
    """What may happen to it; `expired` is the passing of its window."""

    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    EXECUTED = "executed"
    DELIVERED = "delivered"
    REVIEWED = "reviewed"


_S, _E = QueryState, QueryEvent

LAWFUL_QUERIES: Machine[QueryState, QueryEvent] = Machine(
    "the query",
    _S.DRAFTED,
    {
        (_S.DRAFTED, _E.APPROVED): _S.APPROVED,
        (_S.DRAFTED, _E.DENIED): _S.DENIED,
        (_S.DRAFTED, _E.EXPIRED): _S.EXPIRED,
        (_S.APPROVED, _E.EXECUTED): _S.EXECUTED,
        (_S.APPROVED, _E.EXPIRED): _S.EXPIRED,
        (_S.EXECUTED, _E.DELIVERED): _S.DELIVERED,
        (_S.DELIVERED, _E.REVIEWED): _S.REVIEWED,
    },
)


@dataclass(frozen=True, slots=True)
class LawfulQuery:
    """What an authority asks, on what ground, of what scope; never of everybody."""

    id: str
    authority: str
    paper: str
    basis: str
    purpose: str
    scope: str = field(repr=False)
    applicant: str
    expires_at: datetime
    most_rows: int
    state: QueryState = QueryState.DRAFTED
    approver: str | None = None

    def may_approve(self, who: str) -> bool:
        """Say whether somebody may decide: nobody approves what they asked for."""
        return self.state is QueryState.DRAFTED and who != self.applicant
