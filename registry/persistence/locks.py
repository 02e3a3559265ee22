"""What one transaction at a time may do; on SQLite one writes at a time anyhow."""

from enum import IntEnum

from sqlalchemy import Connection
from sqlalchemy.orm import Session

SPACE = 0x6D656E68
"""Sets our advisory locks of a database apart from those of others."""


class Lock(IntEnum):
    """What is locked; whoever takes several takes them in this order."""

    REGISTER = 1
    """Everything that is decided by reading the register before writing to it."""
    NEW_EPOCH = 2
    """Starting an epoch of a gateway: its high-water row is not there to lock yet."""
    ALARMS = 3
    """The numbers of alarms and of their changes, which readers go on from."""
    LINES = 4
    """The numbers of what gateways tell: whoever asks for what came after one of
    them must not miss a lower one that is committed later."""
    AUDIT = 5
    """The end of the audit trail, which the next entry is chained to."""


def hold(connection: Connection, lock: Lock) -> None:
    """Wait for a lock and keep it until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SPACE}, {lock:d})")


def take(session: Session, lock: Lock) -> None:
    """Wait for a lock and keep it until the unit of work ends."""
    # Asking for the connection begins the transaction, which is what locks SQLite.
    if session.get_bind().dialect.name == "postgresql":
        hold(session.connection(), lock)
