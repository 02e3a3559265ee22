"""What is wrong with a file: which field, why, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend."""

    field: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message} {self.remedy}"


class ConfigInvalid(Exception):
    """The configuration cannot be used; every problem found is listed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of the file."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names what is allowed, and the likely one first."""
    allowed = sorted(known)
    close = get_close_matches(word, allowed, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(allowed)}."
