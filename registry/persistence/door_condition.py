"""How much of the last weeks each door was heard, read from alarms and reports."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.vocabulary import AlarmKind
from registry.persistence.alarms import AlarmRow

WHOLE = 100
"""Percent."""


def heard_share(session: Session, since: datetime, now: datetime) -> dict[str, int]:
    """Return by door how much of a time it answered, in percent; others always did."""
    query = select(AlarmRow.door, AlarmRow.raised_at, AlarmRow.cleared_at).where(
        AlarmRow.kind == AlarmKind.READER_LOST,
        AlarmRow.raised_at < now,
        or_(AlarmRow.cleared_at.is_(None), AlarmRow.cleared_at > since),
    )
    lost: dict[str, timedelta] = defaultdict(timedelta)
    for door, raised_at, cleared_at in session.execute(query):
        lost[door] += min(cleared_at or now, now) - max(raised_at, since)
    whole = now - since
    return {door: WHOLE - int(WHOLE * gone / whole) for door, gone in lost.items()}
