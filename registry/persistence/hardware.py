"""Gateways, controllers, doors and how each door was last reported, as rows."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    Select,
    and_,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.encoding import DIGEST_SIZE
from controller.uplink.messages import DoorReport, Heartbeat
from registry.domain.hardware import Controller, Door, DoorStatus, Gateway
from registry.persistence.rows import Moment, Record, add_rows

NO_PERMITS = bytes(DIGEST_SIZE)
"""The digest of an empty set of permits."""


class GatewayRow(Record):
    """A gateway, its key and the state of its set of permits."""

    __tablename__ = "gateways"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    public_key: Mapped[str | None]
    enrolled_at: Mapped[datetime | None] = mapped_column(Moment)
    revision: Mapped[int] = mapped_column(default=0)
    digest: Mapped[bytes] = mapped_column(LargeBinary, default=NO_PERMITS)
    heartbeat: Mapped[int] = mapped_column(default=0)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Moment)
    heard_at: Mapped[datetime | None] = mapped_column(Moment)
    software: Mapped[str | None]
    outbox: Mapped[int] = mapped_column(default=0)


class ControllerRow(Record):
    """A controller."""

    __tablename__ = "controllers"
    id: Mapped[str] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.id"), index=True)
    protocol: Mapped[str]


class DoorRow(Record):
    """A door, as built, as reported, and how far its permits have come."""

    __tablename__ = "doors"
    id: Mapped[str] = mapped_column(primary_key=True)
    controller: Mapped[str] = mapped_column(ForeignKey("controllers.id"), unique=True)
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    name: Mapped[str]
    online: Mapped[bool] = mapped_column(Boolean, default=False)
    secure: Mapped[bool] = mapped_column(Boolean, default=False)
    open: Mapped[bool | None] = mapped_column(Boolean)
    tampered: Mapped[bool] = mapped_column(Boolean, default=False)
    clock_offset: Mapped[float | None]
    wanted: Mapped[int] = mapped_column(default=0)
    pushed: Mapped[int] = mapped_column(default=0)
    acknowledged: Mapped[int] = mapped_column(default=0)
    wanted_at: Mapped[datetime | None] = mapped_column(Moment)
    pushed_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    reported_at: Mapped[datetime | None] = mapped_column(Moment)
    changes: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True, slots=True)
class LastHeartbeat:
    """The number and the time a gateway gave its last heartbeat."""

    number: int
    at: datetime


class Hardware:
    """The repository of gateways, controllers and doors."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add_gateways(self, gateways: Iterable[Gateway]) -> None:
        """Add gateways, not yet enrolled."""
        rows = [{"id": g.id, "name": g.name} for g in gateways]
        add_rows(self._session, GatewayRow, rows)

    def add_controllers(self, controllers: Iterable[Controller]) -> None:
        """Add controllers."""
        add_rows(self._session, ControllerRow, [asdict(c) for c in controllers])

    def add_doors(self, doors: Iterable[Door]) -> None:
        """Add doors."""
        add_rows(self._session, DoorRow, [asdict(door) for door in doors])

    def gateway(self, id_: str) -> Gateway | None:
        """Return a gateway."""
        row = self._session.get(GatewayRow, id_)
        return None if row is None else _gateway(row)

    def gateways(self) -> list[Gateway]:
        """Return all gateways."""
        rows = self._session.scalars(select(GatewayRow).order_by(GatewayRow.id))
        return [_gateway(row) for row in rows]

    def controller_ids(self) -> set[str]:
        """Return the ids of every controller."""
        return set(self._session.scalars(select(ControllerRow.id)))

    def public_key(self, gateway: str) -> str | None:
        """Return the public key of a gateway in PEM, if it is enrolled."""
        query = select(GatewayRow.public_key).where(GatewayRow.id == gateway)
        return self._session.scalar(query)

    def enroll(self, gateway: str, public_key: str, now: datetime) -> None:
        """Set the key a gateway signs with."""
        self._session.execute(
            update(GatewayRow)
            .where(GatewayRow.id == gateway)
            .values(public_key=public_key, enrolled_at=now)
        )

    def doors(self) -> list[Door]:
        """Return all doors."""
        rows = self._session.scalars(select(DoorRow).order_by(DoorRow.id))
        return [_door(row) for row in rows]

    def doors_of_gateway(self, gateway: str) -> list[Door]:
        """Return the doors of a gateway."""
        query = (
            select(DoorRow.id, DoorRow.controller, DoorRow.building, DoorRow.name)
            .join(ControllerRow, ControllerRow.id == DoorRow.controller)
            .where(ControllerRow.gateway == gateway)
        )
        return [Door(*row) for row in self._session.execute(query)]

    def gateways_of_doors(self) -> dict[str, str]:
        """Return the gateway of each door."""
        query = select(DoorRow.id, ControllerRow.gateway).join(
            ControllerRow, ControllerRow.id == DoorRow.controller
        )
        return dict(self._session.execute(query).all())

    def status(self, door: str) -> DoorStatus | None:
        """Return one door as last reported."""
        found = self._statuses(_STATUSES.where(DoorRow.id == door))
        return found[0] if found else None

    def statuses(self, building: str | None = None) -> list[DoorStatus]:
        """Return the doors of a building, or all of them, as last reported."""
        query = _STATUSES
        if building is not None:
            query = query.where(DoorRow.building == building)
        return self._statuses(query)

    def _statuses(self, query: Select[DoorRow, ControllerRow]) -> list[DoorStatus]:
        pairs = self._session.execute(query)
        return [_status(door, controller) for door, controller in pairs]

    def changes(self) -> int:
        """Return how often doors have changed in any way."""
        return self._session.scalar(select(func.sum(DoorRow.changes))) or 0

    def heard(self, heartbeat: Heartbeat, now: datetime) -> None:
        """Keep what a gateway said about itself."""
        self._session.execute(
            update(GatewayRow)
            .where(GatewayRow.id == heartbeat.gateway)
            .values(
                heartbeat=heartbeat.number,
                heartbeat_at=heartbeat.at,
                heard_at=now,
                software=heartbeat.software,
                outbox=heartbeat.outbox,
            )
        )

    def last_heartbeat(self, gateway: str) -> LastHeartbeat | None:
        """Return what the last heartbeat of a gateway said, locked until the end."""
        query = select(GatewayRow.heartbeat, GatewayRow.heartbeat_at).where(
            GatewayRow.id == gateway
        )
        row = self._session.execute(query.with_for_update(key_share=True)).first()
        if row is None or row.heartbeat_at is None:
            return None
        return LastHeartbeat(row.heartbeat, row.heartbeat_at)

    def report(
        self, gateway: str, reports: Iterable[DoorReport], now: datetime
    ) -> None:
        """Keep how a gateway's own doors are; doors of others are passed over."""
        query = _STATUSES.where(ControllerRow.gateway == gateway)
        locked = query.with_for_update(of=DoorRow, key_share=True)
        rows = {row.id: row for row, _ in self._session.execute(locked)}
        for report in reports:
            row = rows.get(report.door)
            if row is not None:
                _apply(row, report, now)

    def want(self, doors: Iterable[str], revision: int, now: datetime) -> None:
        """Note that the permits of doors changed."""
        some = list(doors)
        self._lock(DoorRow.id.in_(some))
        self._session.execute(
            update(DoorRow)
            .where(DoorRow.id.in_(some))
            .values(wanted=revision, wanted_at=now, changes=DoorRow.changes + 1)
        )

    def pushed(self, gateway: str, revision: int, now: datetime) -> None:
        """Note that a gateway was handed everything up to a revision."""
        controllers = select(ControllerRow.id).where(ControllerRow.gateway == gateway)
        due = and_(
            DoorRow.controller.in_(controllers),
            DoorRow.pushed < DoorRow.wanted,
            DoorRow.wanted <= revision,
        )
        self._lock(due)
        self._session.execute(
            update(DoorRow)
            .where(due)
            .values(pushed=DoorRow.wanted, pushed_at=now, changes=DoorRow.changes + 1)
        )

    def _lock(self, condition: ColumnElement[bool]) -> None:
        """Lock doors by their ids, as a heartbeat does: in one order nobody waits."""
        query = select(DoorRow.id).where(condition).order_by(DoorRow.id)
        self._session.execute(query.with_for_update(key_share=True)).all()


_STATUSES = (
    select(DoorRow, ControllerRow)
    .join(ControllerRow, ControllerRow.id == DoorRow.controller)
    .order_by(DoorRow.id)
)


def _apply(row: DoorRow, report: DoorReport, now: datetime) -> None:
    before = (row.online, row.secure, row.open, row.tampered, row.acknowledged)
    after = (
        report.online,
        report.secure,
        report.open,
        report.tampered,
        report.acknowledged,
    )
    row.changes += before != after
    if row.acknowledged != report.acknowledged:
        row.acknowledged_at = now
    row.online, row.secure, row.open, row.tampered, row.acknowledged = after
    row.clock_offset = report.clock_offset
    row.reported_at = now


def _gateway(row: GatewayRow) -> Gateway:
    return Gateway(row.id, row.name, row.public_key is not None)


def _door(row: DoorRow) -> Door:
    return Door(row.id, row.controller, row.building, row.name)


def _status(row: DoorRow, controller: ControllerRow) -> DoorStatus:
    return DoorStatus(
        door=_door(row),
        gateway=controller.gateway,
        protocol=controller.protocol,
        online=row.online,
        secure=row.secure,
        open=row.open,
        tampered=row.tampered,
        wanted=row.wanted,
        pushed=row.pushed,
        acknowledged=row.acknowledged,
        clock_offset=row.clock_offset,
        wanted_at=row.wanted_at,
        pushed_at=row.pushed_at,
        acknowledged_at=row.acknowledged_at,
        reported_at=row.reported_at,
    )
