"""Who answers for a change, and why it was made."""

from dataclasses import dataclass

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.registration import LONGEST_PERSON_NAME, missing

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Responsible:
    """An operator by name, the way they came, and their reason."""

    by: str
    reason: str
    actor: str

    @property
    def signature(self) -> str:
        """How the trail names them: nobody signs in yet, so also by which way."""
        return f"{self.by} via {self.actor}"


def read_responsible(operator: str, reason: str, actor: str) -> Responsible:
    """Read who changes something and why, or raise Invalid with every fault."""
    operator, reason = operator.strip(), reason.strip()
    errors = operator_errors(operator, "give the name of who does this")
    if not reason:
        errors.append(missing("reason", "say in a few words why"))
    elif len(reason) > LONGEST_REASON or not reason.isprintable():
        errors.append(too_long("reason", "a reason", LONGEST_REASON))
    if errors:
        raise Invalid(errors)
    return Responsible(operator, reason, actor)


def read_reason(text: str) -> str:
    """Read why something is done, or raise Invalid."""
    reason = text.strip()
    if not reason:
        raise Invalid([missing("reason", "say in a few words why")])
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            [
                FieldError(
                    "reason",
                    Fault.MALFORMED,
                    f"a reason has at most {LONGEST_REASON} characters",
                    "say it shorter",
                )
            ]
        )
    return reason


def operator_errors(operator: str, remedy: str) -> list[FieldError]:
    """Say what is wrong with the name of an operator."""
    if not operator:
        return [missing("operator", remedy)]
    if len(operator) > LONGEST_PERSON_NAME or not operator.isprintable():
        return [too_long("operator", "a name", LONGEST_PERSON_NAME)]
    return []


def too_long(field: str, what: str, most: int) -> FieldError:
    """Return the error of a text that is too long or of several lines."""
    message = f"{what} has at most {most} printable characters"
    return FieldError(field, Fault.MALFORMED, message, "say it shorter, on one line")
