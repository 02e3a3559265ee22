"""Brings the database to the schema this version works with, or back."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from registry.persistence.database import WRITES

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, to: str = "head") -> None:
    """Migrate up, all or nothing."""
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        command.upgrade(_config(connection), to)


def downgrade(engine: Engine, to: str) -> None:
    """Migrate down, all or nothing; `base` leaves an empty database."""
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        command.downgrade(_config(connection), to)


def current(engine: Engine) -> str | None:
    """Return the revision a database is at, if it was ever migrated."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def holds_names(engine: Engine) -> bool:
    """Say whether any name is sealed in a database, migrated or not."""
    return _any(engine, "identities")


def holds_documents(engine: Engine) -> bool:
    """Say whether any document is kept in a database, migrated or not."""
    return _any(engine, "identity_documents")


def newest() -> str | None:
    """Return the revision this version works with."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _any(engine: Engine, table: str) -> bool:
    with engine.connect() as connection:
        if not inspect(connection).has_table(table):
            return False
        query = f"SELECT EXISTS (SELECT 1 FROM {table})"  # noqa: S608 - our own names
        return bool(connection.scalar(text(query)))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
