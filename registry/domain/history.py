"""What was true when, and what we knew when: descriptions on two axes of time.

A version describes a record for a span of real time, from when it was recorded until
a later version superseded it. Nothing is rewritten: to learn something is to
supersede the versions it contradicts and to add what holds now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(StrEnum):
    """The way a fact reached the register."""

    COUNTER = "counter"
    API = "api"
    IMPORT = "import"
    CLOCK = "clock"
    """Time alone: a date passed that the register knew."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who recorded a fact, and by which way."""

    actor: str
    channel: Channel = Channel.COUNTER


@dataclass(frozen=True, slots=True)
class Span:
    """Real time from `start` until, not including, `end`; None is without bound."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment lies within."""
        started = self.start is None or self.start <= moment
        return started and (self.end is None or moment < self.end)

    def before(self, moment: datetime | None) -> "Span | None":
        """Return the part before a moment, if there is any."""
        if moment is None or (self.start is not None and moment <= self.start):
            return None
        end = moment if self.end is None else min(self.end, moment)
        return Span(self.start, end)

    def after(self, moment: datetime | None) -> "Span | None":
        """Return the part from a moment on, if there is any."""
        if moment is None or (self.end is not None and self.end <= moment):
            return None
        start = moment if self.start is None else max(self.start, moment)
        return Span(start, self.end)


ALWAYS = Span()


@dataclass(frozen=True, slots=True)
class AsOf:
    """A point on both axes: as it was at `valid`, as we knew it at `known`.

    None is now on the axis of knowledge, and the last that is known on the other.
    """

    valid: datetime | None = None
    known: datetime | None = None


LATEST = AsOf()


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """One description of a record, and who gave it."""

    content: T
    span: Span
    source: Source
    recorded_at: datetime
    superseded_at: datetime | None = None

    def known(self, at: datetime | None) -> bool:
        """Say whether this is what was known at a moment, or is now."""
        if at is None:
            return self.superseded_at is None
        superseded = self.superseded_at is not None and self.superseded_at <= at
        return self.recorded_at <= at and not superseded


@dataclass(frozen=True, slots=True)
class Revision(Generic[T]):
    """The versions to supersede, and those to add in their place."""

    superseded: tuple[Version[T], ...]
    added: tuple[Version[T], ...]


def revise(
    current: Iterable[Version[T]], content: T, span: Span, source: Source, now: datetime
) -> Revision[T]:
    """Return what it takes to know that `content` describes a record over a span.

    `current` are the versions not superseded. What they say outside the span goes on
    holding, said again by who said it.
    """
    superseded, added = [], []
    for version in current:
        rest = (version.span.before(span.start), version.span.after(span.end))
        if version.span in rest:
            continue
        superseded.append(version)
        added += [
            replace(version, span=part, recorded_at=now)
            for part in rest
            if part is not None
        ]
    return Revision(
        tuple(superseded), (*added, Version(content, span, source, now, None))
    )


def look(versions: Iterable[Version[T]], at: AsOf = LATEST) -> T | None:
    """Return what a record was like at a point of both times."""
    for version in versions:
        if version.known(at.known) and (
            version.span.end is None
            if at.valid is None
            else version.span.holds(at.valid)
        ):
            return version.content
    return None
