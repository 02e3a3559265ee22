"""The data folder: made, opened, and looked over for what is missing or unsafe."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from controller.cose import Signer
from registry.domain.errors import InstallationFault
from registry.persistence import schema
from registry.persistence.database import (
    database_url,
    open_engine,
    place_of,
    require,
    server_url,
    unsafe,
)
from registry.persistence.locks import Lock, hold
from registry.persistence.partitions import make_around
from registry.persistence.unit_of_work import Store
from registry.settings import Settings

SIGNER_NAME = "registry"
VAULT_KEY_SIZE = 32
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO
CLOCK_FLOOR = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK_SLACK = timedelta(minutes=5)
MIGRATE = "run `menhu-registry migrate`"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something missing or unsafe, and the remedy."""

    what: str
    remedy: str


class Installation:
    """The files of one registry, and its database."""

    def __init__(self, settings: Settings) -> None:
        """Look at the folder and the database the settings name."""
        self._settings = settings

    @property
    def place(self) -> str:
        """Where the database is, without any password."""
        return place_of(self._url())

    def migrate(self) -> str | None:
        """Make what is missing and bring the schema up; return its revision."""
        self._make_folder()
        with self._opened() as engine:
            self._make_keys(engine)
            if self._in_folder and not self._settings.database.exists():
                _write_private(self._settings.database, b"")
            schema.upgrade(engine)
            with engine.begin() as connection:
                hold(connection, Lock.REGISTER)
                make_around(connection, datetime.now(UTC))
            return schema.current(engine)

    def store(self) -> Store:
        """Open the database; raises InstallationFault unless the schema is ours."""
        path = self._settings.database
        if self._in_folder and not path.exists():
            raise InstallationFault(f"there is no database at {path}: {MIGRATE}")
        engine = open_engine(self._url())
        try:
            require(engine)
            _require_newest(engine)
        except BaseException:
            engine.dispose()
            raise
        return Store(engine)

    def signer(self) -> Signer:
        """Read the registry's own key."""
        pem = self._read(self._settings.signing_key)
        try:
            key = load_pem_private_key(pem, password=None)
        except (TypeError, ValueError) as error:  # TypeError: it asks for a password
            raise InstallationFault(
                f"{self._settings.signing_key} holds no key: restore it from a backup"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise InstallationFault(f"{self._settings.signing_key} is not Ed25519")
        return Signer(key, SIGNER_NAME)

    def vault_key(self) -> bytes:
        """Read the key names are sealed with."""
        return self._secret(self._settings.vault_key)

    def index_key(self) -> bytes:
        """Read the key that equal numbers of documents are found by."""
        return self._secret(self._settings.index_key)

    def exchange_key(self) -> bytes:
        """Read the key that records are given other names with where they go out."""
        return self._secret(self._settings.exchange_key)

    def _secret(self, path: Path) -> bytes:
        try:
            key = bytes.fromhex(self._read(path).decode("ascii").strip())
        except ValueError as error:
            raise InstallationFault(
                f"{path} is not hexadecimal: restore it from a backup"
            ) from error
        if len(key) != VAULT_KEY_SIZE:
            raise InstallationFault(f"{path} must hold {VAULT_KEY_SIZE} bytes")
        return key

    def findings(self, now: datetime) -> list[Finding]:
        """Return everything missing or unsafe."""
        if not self._settings.data.is_dir():
            return [Finding(f"there is no folder {self._settings.data}", MIGRATE)]
        return [
            *self._unreadable(),
            *self._too_open(),
            *self._too_careless(),
            *_clock(now, self._settings.data),
        ]

    def _unreadable(self) -> list[Finding]:
        found = []
        for attempt in (
            self._try_store,
            self.signer,
            self.vault_key,
            self.index_key,
            self.exchange_key,
        ):
            try:
                attempt()
            except InstallationFault as fault:
                what, _, remedy = str(fault).partition(": ")
                found.append(Finding(what, remedy or "restore it from a backup"))
        return found

    def _try_store(self) -> None:
        try:
            self.store().close()
        except SQLAlchemyError as error:
            raise InstallationFault(
                f"{self.place} is no readable database: restore it from a backup"
            ) from error

    def _too_careless(self) -> list[Finding]:
        try:
            with self._opened() as engine:
                return [Finding(*promise) for promise in unsafe(engine)]
        except (InstallationFault, SQLAlchemyError):
            return []  # said already, by the attempt to open the store

    def _too_open(self) -> list[Finding]:
        paths = (
            self._settings.data,
            self._settings.database,
            self._settings.signing_key,
            self._settings.vault_key,
            self._settings.index_key,
            self._settings.exchange_key,
        )
        return [
            Finding(f"{path} can be used by others", f"run `chmod go-rwx {path}`")
            for path in paths
            if path.exists() and path.stat().st_mode & OTHERS
        ]

    def _make_folder(self) -> None:
        folder = self._settings.data
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        except OSError as error:
            raise InstallationFault(
                f"{folder} cannot be made ({error.strerror}): choose another folder"
            ) from error

    @property
    def _in_folder(self) -> bool:
        return self._settings.database_url is None

    def _url(self) -> URL:
        named = self._settings.database_url
        if named is not None:
            return server_url(named.get_secret_value())
        return make_url(database_url(self._settings.database))

    @contextmanager
    def _opened(self) -> Iterator[Engine]:
        """Open an engine whose database answers."""
        engine = open_engine(self._url())
        try:
            require(engine)
            yield engine
        finally:
            engine.dispose()

    def _make_keys(self, engine: Engine) -> None:
        settings = self._settings
        if not settings.signing_key.exists():
            key = Ed25519PrivateKey.generate()
            _write_private(
                settings.signing_key,
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
        public = self.signer().key.public_key()
        settings.public_key.write_bytes(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        self._make_vault_keys(engine)

    def _make_vault_keys(self, engine: Engine) -> None:
        settings = self._settings
        if not settings.vault_key.exists():
            if self._used(engine):
                raise InstallationFault(
                    f"{settings.vault_key} is missing and names are sealed with it: "
                    "restore it from a backup"
                )
            _write_private(
                settings.vault_key, secrets.token_hex(VAULT_KEY_SIZE).encode()
            )
        if not settings.index_key.exists():
            made = not self._in_folder or settings.database.exists()
            if made and schema.holds_documents(engine):
                raise InstallationFault(
                    f"{settings.index_key} is missing and documents are found by it: "
                    "restore it from a backup"
                )
            _write_private(
                settings.index_key, secrets.token_hex(VAULT_KEY_SIZE).encode()
            )

        if not settings.exchange_key.exists():
            # A new one only ends the month of the old: nothing is opened with it.
            _write_private(
                settings.exchange_key, secrets.token_hex(VAULT_KEY_SIZE).encode()
            )

    def _used(self, engine: Engine) -> bool:
        """Say whether names may be sealed already; a file need not be readable."""
        if self._in_folder:
            return self._settings.database.exists()
        return schema.holds_names(engine)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise InstallationFault(
                f"{path} cannot be read ({error.strerror}): {MIGRATE}"
            ) from error


def _require_newest(engine: Engine) -> None:
    found, newest = schema.current(engine), schema.newest()
    if found != newest:
        raise InstallationFault(
            f"the database is at revision {found}, not {newest}: {MIGRATE}"
        )


def _write_private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _clock(now: datetime, data: Path) -> list[Finding]:
    remedy = "set the clock and keep it by NTP"
    if now < CLOCK_FLOOR:
        return [Finding(f"the clock says {now:%Y-%m-%d}, before this program", remedy)]
    # What was written last may still be in the log beside the database.
    written = [file.stat().st_mtime for file in data.glob("menhu.db*")]
    newest = datetime.fromtimestamp(max(written, default=0), UTC)
    if newest > now + CLOCK_SLACK:
        return [Finding("the clock is behind the last write of the data", remedy)]
    return []
