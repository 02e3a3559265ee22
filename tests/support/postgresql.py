"""A real PostgreSQL server for one run of the tests, and databases in it."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from registry.persistence import schema
from registry.persistence.database import open_engine, server_url

MISSING = "the tests need PostgreSQL; make test installs the Debian package postgresql"
FOLDERS = Path("/usr/lib/postgresql")
"""Where Debian puts the programs of a server, by version."""
ROLE = "menhu"
QUICK = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "120",
}
"""No test cuts the power, and nobody outside connects."""


@dataclass(frozen=True)
class Server:
    """A server on a socket in a folder of its own."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        return f"postgresql://{ROLE}@/{name}?host={self.folder}"

    def new_database(self, template: str = "template0") -> str:
        """Make a database like a template and return its name."""
        name = f"test_{next(self._numbers)}"
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever is connected."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


class NewDatabase(Protocol):
    """Makes databases of one kind."""

    def kept(self) -> str | None:
        """Make a migrated database that stays; return its address, None for a file."""

    def one(self, like: str | None) -> AbstractContextManager[str | None]:
        """Make a database like a kept one, or migrated, and give its address."""


class InTheFolder:
    """Lets the database be a file in the registry's own folder."""

    def kept(self) -> str | None:
        return None

    def one(self, like: str | None = None) -> AbstractContextManager[str | None]:
        return nullcontext(like)


IN_THE_FOLDER = InTheFolder()


@dataclass(frozen=True, eq=False)
class Databases:
    """Makes databases on a server: each a copy of one that was migrated."""

    server: Server
    migrated: str

    def kept(self) -> str:
        return self.server.url(self.server.new_database(self.migrated))

    @contextmanager
    def one(self, like: str | None = None) -> Iterator[str]:
        template = self.migrated if like is None else make_url(like).database
        name = self.server.new_database(template or "")
        try:
            yield self.server.url(name)
        finally:
            self.server.drop(name)


def program(name: str) -> str:
    """Return the path of one of the server's programs."""
    folders = sorted(FOLDERS.glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join(map(str, folders)))
    found = found or shutil.which(name)
    assert found, MISSING
    return found


def dumped(url: str) -> bytes:
    """Return everything a database holds, as pg_dump says it."""
    return subprocess.run(
        [program("pg_dump"), "--data-only", url], check=True, capture_output=True
    ).stdout


@contextmanager
def postgresql(**settings: str) -> Iterator[Server]:
    """Run a server until the context ends; root starts it as somebody else."""
    folder = Path(mkdtemp(prefix="menhu-pg-"))
    somebody: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        somebody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    options = [f"-c{name}={value}" for name, value in (QUICK | settings).items()]
    options += ["-c", f"unix_socket_directories={folder}"]
    data = folder / "data"

    def run(name: str, *arguments: str | Path) -> None:
        subprocess.run(
            [program(name), *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **somebody,
        )

    try:
        run(
            "initdb",
            *("--pgdata", data, "--username", ROLE, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        log = folder / "log"
        run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", " ".join(options))
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", "stop", "-D", data, "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@contextmanager
def databases(**settings: str) -> Iterator[Databases]:
    """Run a server with a migrated database to copy from."""
    with postgresql(**settings) as server:
        name = server.new_database()
        engine = open_engine(server_url(server.url(name)))
        schema.upgrade(engine)
        engine.dispose()
        yield Databases(server, name)
