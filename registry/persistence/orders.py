"""Orders to open doors as rows: written once, handed out once, answered once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.uplink.messages import OrderOutcome, OrderResult
from registry.domain.orders import OpenOrder
from registry.persistence.rows import Moment, Record, RowNumber, add_rows


class OrderRow(Record):
    """An order, and the nonce by which gateway and registry speak of it."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_door", "door", "number"),
        Index("ix_orders_gateway", "gateway", "expires_at"),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    nonce: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    door: Mapped[str] = mapped_column(ForeignKey("doors.id"))
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.id"))
    by: Mapped[str] = mapped_column("ordered_by")
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    handed_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(Moment)


@dataclass(frozen=True, slots=True)
class NamedOrder:
    """An order with its nonce."""

    nonce: bytes
    order: OpenOrder


class Orders:
    """The repository of orders."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, nonce: bytes, order: OpenOrder) -> int:
        """Store a new order and return its number."""
        values = {
            "nonce": nonce,
            "door": order.door,
            "gateway": order.gateway,
            "ordered_by": order.by,
            "reason": order.reason,
            "created_at": order.created_at,
            "expires_at": order.expires_at,
        }
        add_rows(self._session, OrderRow, [values])
        return self.last_number()

    def get(self, number: int) -> OpenOrder | None:
        """Return an order."""
        row = self._session.get(OrderRow, number)
        return None if row is None else _order(row)

    def newest(self, door: str, limit: int) -> list[OpenOrder]:
        """Return the orders for a door, the newest first."""
        query = select(OrderRow).where(OrderRow.door == door)
        rows = self._session.scalars(
            query.order_by(OrderRow.number.desc()).limit(limit)
        )
        return [_order(row) for row in rows]

    def waiting(
        self, gateway: str, alive_until: datetime, limit: int
    ) -> list[NamedOrder]:
        """Return the orders for a gateway's doors that live beyond a moment."""
        query = (
            select(OrderRow)
            .where(
                OrderRow.gateway == gateway,
                OrderRow.handed_at.is_(None),
                OrderRow.expires_at >= alive_until,
            )
            .order_by(OrderRow.number)
            .limit(limit)
        )
        return [NamedOrder(r.nonce, _order(r)) for r in self._session.scalars(query)]

    def handed_out(self, numbers: Sequence[int], now: datetime) -> None:
        """Note that orders were handed out."""
        self._session.execute(
            update(OrderRow).where(OrderRow.number.in_(numbers)).values(handed_at=now)
        )

    def answered(self, gateway: str, result: OrderResult, now: datetime) -> None:
        """Keep what became of an order the gateway had; the first answer stays."""
        self._session.execute(
            update(OrderRow)
            .where(
                OrderRow.nonce == result.nonce,
                OrderRow.gateway == gateway,
                OrderRow.handed_at.is_not(None),
                OrderRow.outcome.is_(None),
            )
            .values(outcome=result.outcome, answered_at=now)
        )

    def forget(self, before: datetime) -> None:
        """Delete the orders given before a moment."""
        self._session.execute(delete(OrderRow).where(OrderRow.created_at < before))

    def last_number(self) -> int:
        """Return the number of the newest order."""
        return self._session.scalar(select(func.max(OrderRow.number))) or 0


def _order(row: OrderRow) -> OpenOrder:
    return OpenOrder(
        number=row.number,
        door=row.door,
        gateway=row.gateway,
        by=row.by,
        reason=row.reason,
        created_at=row.created_at,
        expires_at=row.expires_at,
        handed_at=row.handed_at,
        outcome=None if row.outcome is None else OrderOutcome(row.outcome),
        answered_at=row.answered_at,
    )
