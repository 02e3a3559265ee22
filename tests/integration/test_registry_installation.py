"""The data folder is made safe, kept, and looked over."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.domain.errors import InstallationFault
from registry.persistence import schema
from registry.persistence.database import database_url, open_engine
from registry.services.installation import Installation
from registry.settings import Settings

START = datetime.now(UTC)
"""When this file was read: the tests themselves may run much later."""
FILES = {
    "menhu.db",
    "registry.key",
    "registry.pub",
    "vault.key",
    "index.key",
    "exchange.key",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "deep" / "data")


@pytest.fixture
def made(settings: Settings) -> Installation:
    installation = Installation(settings)
    assert installation.migrate() == schema.newest()
    return installation


def told(installation: Installation, now: datetime | None = None) -> str:
    return "\n".join(
        f"{f.what}: {f.remedy}" for f in installation.findings(now or datetime.now(UTC))
    )


def test_everything_is_made_for_its_owner_alone(
    made: Installation, settings: Settings
) -> None:
    assert {path.name for path in settings.data.iterdir()} >= FILES
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700
    for name in FILES - {"registry.pub"}:
        assert stat.S_IMODE((settings.data / name).stat().st_mode) == 0o600
    assert made.findings(datetime.now(UTC)) == []


def test_keys_stay_when_migrated_again(made: Installation, settings: Settings) -> None:
    before = {
        name: (settings.data / name).read_bytes() for name in FILES - {"menhu.db"}
    }
    made.migrate()
    after = {name: (settings.data / name).read_bytes() for name in FILES - {"menhu.db"}}
    assert after == before
    assert len(made.vault_key()) == 32
    assert made.signer().name == "registry"


def test_a_lost_vault_key_is_never_replaced(
    made: Installation, settings: Settings
) -> None:
    settings.vault_key.unlink()
    with pytest.raises(InstallationFault, match="backup"):
        made.migrate()
    assert not settings.vault_key.exists()


def test_an_index_key_is_replaced_only_while_nothing_is_found_by_it(
    made: Installation, settings: Settings
) -> None:
    before = settings.index_key.read_bytes()
    settings.index_key.unlink()
    assert "index.key" in told(made)
    made.migrate()
    assert settings.index_key.read_bytes() != before
    columns = "id, party, kind, issuing_state, key, holds, verification, doubts"
    engine = open_engine(database_url(settings.database))
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO parties VALUES ('P1', 'person')")
        connection.exec_driver_sql(
            f"INSERT INTO identity_documents ({columns}, recorded_at, actor, channel)"  # noqa: S608 - our own columns
            " VALUES ('D1', 'P1', 'citizen', '', '', 0, '', '', 0, '', '')"
        )
    engine.dispose()
    settings.index_key.unlink()
    with pytest.raises(InstallationFault, match="backup"):
        made.migrate()


def test_a_lost_public_key_is_written_again(
    made: Installation, settings: Settings
) -> None:
    before = settings.public_key.read_bytes()
    settings.public_key.unlink()
    made.migrate()
    assert settings.public_key.read_bytes() == before


def test_nothing_there(settings: Settings) -> None:
    assert "menhu-registry migrate" in told(Installation(settings))
    with pytest.raises(InstallationFault, match="migrate"):
        Installation(settings).store()


@pytest.mark.parametrize("name", sorted(FILES - {"registry.pub"}))
def test_a_file_others_can_read(
    made: Installation, settings: Settings, name: str
) -> None:
    (settings.data / name).chmod(0o640)
    (finding,) = made.findings(datetime.now(UTC))
    assert name in finding.what
    assert "chmod go-rwx" in finding.remedy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vault.key", b"xyz"),
        ("vault.key", b"00" * 31),
        ("vault.key", b"\xff"),
        ("registry.key", b"no key"),
    ],
)
def test_a_key_that_is_none(
    made: Installation, settings: Settings, name: str, content: bytes
) -> None:
    (settings.data / name).write_bytes(content)
    (finding,) = made.findings(datetime.now(UTC))
    assert name in finding.what
    assert finding.remedy


@pytest.mark.parametrize("name", sorted(FILES - {"registry.pub"}))
def test_a_file_that_is_missing(
    made: Installation, settings: Settings, name: str
) -> None:
    (settings.data / name).unlink()
    assert name in told(made)


def test_a_database_that_is_none(made: Installation, settings: Settings) -> None:
    for path in settings.data.glob("menhu.db-*"):
        path.unlink()
    settings.database.write_bytes(b"not a database at all" * 100)
    assert "no readable database" in told(made)


def test_a_schema_of_another_version(made: Installation, settings: Settings) -> None:
    engine = open_engine(database_url(settings.database))
    schema.downgrade(engine, "base")
    engine.dispose()
    assert f"revision None, not {schema.newest()}" in told(made)
    with pytest.raises(InstallationFault, match="migrate"):
        made.store()


@pytest.mark.parametrize(
    "now", [datetime(2020, 1, 1, tzinfo=UTC), START - timedelta(days=1)]
)
def test_a_clock_that_is_behind(made: Installation, now: datetime) -> None:
    assert "clock" in told(made, now)
