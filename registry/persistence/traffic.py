"""Passages counted by the hour, in the database."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, case, func, select, type_coerce
from sqlalchemy.orm import Session

from controller.cbor import EPOCH
from registry.domain.traffic import HOUR, HourCount
from registry.persistence.passages import PassageRow

MICROSECONDS = HOUR // timedelta(microseconds=1)


def by_hour(
    session: Session, doors: Collection[str], since: datetime, until: datetime
) -> list[HourCount]:
    """Return the counts of doors for each hour that saw anybody."""
    hour = type_coerce(PassageRow.at, BigInteger) // MICROSECONDS
    opened = PassageRow.granted.is_(True)
    by_card = PassageRow.card.is_not(None)
    query = (
        select(
            hour,
            func.sum(case((opened & by_card, 1), else_=0)),
            func.sum(case((opened & ~by_card, 1), else_=0)),
            func.sum(case((opened, 0), else_=1)),
        )
        .where(PassageRow.door.in_(list(doors)), PassageRow.own)
        .where(PassageRow.at >= since, PassageRow.at < until)
        .group_by(hour)
    )
    return [
        HourCount(EPOCH + number * HOUR, int(cards), int(exits), int(refused))
        for number, cards, exits, refused in session.execute(query)
    ]
