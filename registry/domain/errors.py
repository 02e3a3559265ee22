"""Errors of the registry: what is wrong and how to put it right."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a field, for callers that speak another language."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    TAKEN = "taken"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be accepted, why, and the remedy."""

    field: str
    fault: Fault
    message: str
    remedy: str


class RegistryError(Exception):
    """The registry cannot do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        """Use the class docstring as the message when none is given."""
        super().__init__(message or (type(self).__doc__ or "").strip())


class Invalid(RegistryError):
    """Some fields cannot be accepted; nothing was changed."""

    def __init__(self, fields: Sequence[FieldError]) -> None:
        """Keep every field error found."""
        super().__init__()
        self.fields = tuple(fields)

    def __str__(self) -> str:
        """List the fields, one a line."""
        return "\n".join(f"{e.field}: {e.message}; {e.remedy}" for e in self.fields)


class NotFound(RegistryError):
    """There is no such record."""


class Conflict(RegistryError):
    """The record is in a state that does not allow this."""


class Forbidden(RegistryError):
    """This is not for you to do."""


class Outdated(RegistryError):
    """The record was changed since it was read: read it again."""


class Unauthorised(RegistryError):
    """The token is unknown, has ended or is not a bearer token."""


class TooSoon(RegistryError):
    """This was done just now; wait some seconds before it is done again."""

    def __init__(self, message: str, seconds: int) -> None:
        """Say how many seconds to wait."""
        super().__init__(f"{message}: wait {seconds} seconds")
        self.seconds = seconds


class ChainForked(RegistryError):
    """The gateway's record differs from what was received from it before."""


class InstallationFault(RegistryError):
    """The installation is incomplete or unsafe."""
