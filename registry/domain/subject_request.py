"""A resident asks about their own data: access, copy, correction, deletion.

个人信息保护法 arts. 45-50: an answer, or a refusal with its reason.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.machine import Machine


class RequestKind(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    COPY = "copy"
    CORRECTION = "correction"
    DELETION = "deletion"


class RequestState(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    IDENTITY_CHECKED = "identity_checked"
    ANSWERED = "answered"
    REFUSED = "refused"


class RequestEvent(StrEnum):
    """What may happen to it."""

    IDENTITY_CHECKED = "identity_checked"
    ANSWERED = "answered"
    REFUSED = "refused"


_S, _E = RequestState, RequestEvent

SUBJECT_REQUESTS: Machine[RequestState, RequestEvent] = Machine(
    "the request",
    _S.RECEIVED,
    {
        (_S.RECEIVED, _E.IDENTITY_CHECKED): _S.IDENTITY_CHECKED,
        (_S.RECEIVED, _E.REFUSED): _S.REFUSED,
        (_S.IDENTITY_CHECKED, _E.ANSWERED): _S.ANSWERED,
        (_S.IDENTITY_CHECKED, _E.REFUSED): _S.REFUSED,
    },
)


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """A party's request, the day it is due, and why it was refused if it was."""

    id: str
    party: str
    kind: RequestKind
    received_on: date
    due_on: date
    state: RequestState = RequestState.RECEIVED
    reason: str | None = None
