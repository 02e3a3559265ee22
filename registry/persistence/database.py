"""The engine: where SQLite's and PostgreSQL's habits are evened out."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from registry.domain.errors import InstallationFault

WRITES = "writes"
"""The execution option of connections that are going to write."""
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
)
SESSION = "-c synchronous_commit=on -c lock_timeout=10s"
"""What every session of PostgreSQL is opened with: SQLite's promises and patience."""
CONNECT_SECONDS = 5
CREATE = "createdb --template=template0 --encoding=UTF8 --locale=C"


def database_url(path: Path) -> str:
    """Return the address of an SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def server_url(address: str) -> URL:
    """Return the address of a PostgreSQL database as the engine takes it.

    What is wrong is told without the address: there may be a password in it.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() != "postgresql" or not url.database:
        raise InstallationFault(
            "the database URL names no PostgreSQL database: "
            "give postgresql://USER@HOST/NAME"
        )
    return url.set(drivername="postgresql+psycopg")


def place_of(url: URL) -> str:
    """Say which database an address means; never with a password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    socket = url.query.get("host", "the local socket")
    where = url.host or (socket if isinstance(socket, str) else ", ".join(socket))
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL database {url.database} at {where}{port}"


def open_engine(url: str | URL) -> Engine:
    """Return an engine whose transactions keep what they promise."""
    at = make_url(url)
    if at.get_backend_name() == "sqlite":
        engine = create_engine(at, pool_size=10, max_overflow=40)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine
    asked = {"connect_timeout": CONNECT_SECONDS, "application_name": "menhu-registry"}
    more = {name: value for name, value in asked.items() if name not in at.query}
    given = at.query.get("options")
    options = " ".join([given] if isinstance(given, str) else given or ())
    return create_engine(
        at,
        pool_size=10,
        max_overflow=40,
        pool_pre_ping=True,
        connect_args={**more, "options": f"{SESSION} {options}".strip()},
    )


def require(engine: Engine) -> None:
    """Raise InstallationFault, with what to do, unless the database lets us in."""
    if engine.dialect.name == "sqlite":
        return
    try:
        with engine.connect():
            return
    except OperationalError as error:
        reason = " ".join(str(error.orig).split())
        missing = f'"{engine.url.database}" does not exist' in reason
        remedy = f"`{CREATE} {engine.url.database}`" if missing else _REMEDY
        raise InstallationFault(
            f"the {place_of(engine.url)} cannot be opened ({reason}): {remedy}"
        ) from error


_REMEDY = "start the server, or correct the database URL and its password"


def unsafe(engine: Engine) -> list[tuple[str, str]]:
    """Return what a PostgreSQL server promises too little, each with the remedy."""
    if engine.dialect.name == "sqlite":
        return []
    with engine.connect() as connection:
        return [
            (what, remedy)
            for setting, wanted, what, remedy in _PROMISES
            if connection.scalar(text(f"SHOW {setting}")) != wanted
        ]


_PROMISES = (
    (
        "fsync",
        "on",
        "the PostgreSQL server may lose what it has committed (fsync is off)",
        "set fsync = on in postgresql.conf",
    ),
    (
        "server_encoding",
        "UTF8",
        "the PostgreSQL database is not encoded in UTF-8",
        f"move to a database made by `{CREATE} NAME`",
    ),
)


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - the pool's own
    """Set what SQLite forgets between connections; we begin transactions ourselves."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    """Take the write lock at once, so that no transaction fails half way for it."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
