"""Settings of one registry process, from the environment (`MENHU_…`)."""

import ipaddress
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the data is and how the process serves."""

    model_config = SettingsConfigDict(env_prefix="MENHU_", frozen=True, extra="forbid")

    data: Path = Path("registry-data")
    database_url: SecretStr | None = None
    """A PostgreSQL database; without one the database is a file in the data folder."""
    exchange: bool = False
    """Whether files for the police may be made at all; each field needs more."""
    poll_seconds: float = Field(default=0.15, ge=0.01, le=1.0)

    @property
    def database(self) -> Path:
        """The database file, where no other database is named."""
        return self.data / "menhu.db"

    @property
    def signing_key(self) -> Path:
        """The key receipts and permits are signed with."""
        return self.data / "registry.key"

    @property
    def public_key(self) -> Path:
        """What gateways check those signatures with."""
        return self.data / "registry.pub"

    @property
    def vault_key(self) -> Path:
        """The key names are sealed with."""
        return self.data / "vault.key"

    @property
    def index_key(self) -> Path:
        """The key that equal numbers of documents are found by."""
        return self.data / "index.key"

    @property
    def exchange_key(self) -> Path:
        """The key that records are given other names with where they go out."""
        return self.data / "exchange.key"


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
