"""The registry on a PostgreSQL server, as an operator sets it up."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from registry.cli import program
from registry.domain.errors import InstallationFault
from registry.persistence import schema
from registry.persistence.database import open_engine, place_of, server_url
from registry.services.installation import Installation
from registry.settings import Settings
from tests.support import postgresql as support
from tests.support.postgresql import Databases
from tests.support.registry_bench import STREET

SECRET = "s3cret%40word"  # noqa: S105 - nobody's
NOW = datetime.now(UTC)


def run(data: Path, url: str | None, *arguments: str) -> Result:
    named = [] if url is None else ["--database", url]
    return CliRunner().invoke(program, ["--data", str(data), *named, *arguments])


def told(installation: Installation) -> str:
    return "\n".join(f"{f.what}: {f.remedy}" for f in installation.findings(NOW))


def test_an_empty_database_is_made_ours(
    tmp_path: Path, postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = postgresql.server.new_database()
    url = postgresql.server.url(name)
    data = tmp_path / "data"
    assert run(data, url, "audit", "verify").exit_code == 1
    made = run(data, url, "migrate")
    assert made.exit_code == 0, made.output
    assert f"PostgreSQL database {name} at {postgresql.server.folder}" in made.output
    assert not (data / "menhu.db").exists()
    monkeypatch.setenv("MENHU_DATABASE_URL", url)
    assert "0 entries hold" in run(data, None, "audit", "verify").output
    assert run(data, None, "migrate").exit_code == 0


def test_a_lost_vault_key_is_never_replaced(
    tmp_path: Path, postgresql: Databases
) -> None:
    street = tmp_path / "street.json"
    street.write_text(json.dumps(STREET), "utf-8")
    with postgresql.one() as url:
        data = tmp_path / "data"
        assert run(data, url, "migrate").exit_code == 0
        assert run(data, url, "seed", str(street)).exit_code == 0
        refused = run(tmp_path / "other", url, "migrate")
        assert run(data, url, "migrate").exit_code == 0
    assert refused.exit_code == 1
    assert "vault.key is missing" in refused.output


def test_a_server_that_may_lose_commits_is_a_finding(
    tmp_path: Path, postgresql: Databases
) -> None:
    url = postgresql.server.url(postgresql.server.new_database())
    installation = Installation(Settings(data=tmp_path, database_url=SecretStr(url)))
    installation.migrate()
    assert "fsync is off" in told(installation)
    assert "UTF-8" not in told(installation)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://a:{0}@127.0.0.1:9/menhu", "menhu at 127.0.0.1:9 cannot be"),
        ("postgresql://a:{0}@127.0.0.1/", "names no PostgreSQL database"),
        ("mysql://a:{0}@127.0.0.1/menhu", "names no PostgreSQL database"),
        ("postgresql://a:{0}@127.0.0.1:port/menhu", "names no PostgreSQL database"),
        ("{0}", "names no PostgreSQL database"),
    ],
)
def test_what_does_not_answer_is_told_without_its_password(
    tmp_path: Path, url: str, said: str
) -> None:
    named = url.format(SECRET)
    shown = run(tmp_path, named, "migrate")
    assert shown.exit_code == 1
    settings = Settings(data=tmp_path, database_url=SecretStr(named))
    assert said in shown.output
    for text in (shown.output, told(Installation(settings)), repr(settings)):
        assert SECRET not in text
        assert "s3cret" not in text
    assert shown.exception is None or isinstance(shown.exception, SystemExit)


def test_a_missing_database_is_told_with_the_command_that_makes_it(
    tmp_path: Path, postgresql: Databases
) -> None:
    refused = run(tmp_path, postgresql.server.url("nowhere"), "migrate")
    assert refused.exit_code == 1
    assert "createdb --template=template0" in refused.output
    assert refused.output.rstrip().endswith("nowhere`")


def test_a_place_never_shows_a_password() -> None:
    shown = place_of(server_url(f"postgresql://menhu:{SECRET}@db.example:5433/street"))
    assert shown == "PostgreSQL database street at db.example:5433"


def test_an_older_schema_is_told(tmp_path: Path, postgresql: Databases) -> None:
    with postgresql.one() as url:
        engine = open_engine(server_url(url))
        schema.downgrade(engine, "0004")
        engine.dispose()
        settings = Settings(data=tmp_path, database_url=SecretStr(url))
        with pytest.raises(InstallationFault, match="at revision 0004, not"):
            Installation(settings).store()


def test_sessions_commit_durably_and_do_not_wait_for_ever(
    postgresql: Databases,
) -> None:
    with postgresql.one() as url:
        engine = open_engine(server_url(f"{url}&options=-c%20work_mem=8MB"))
        with engine.connect() as connection:
            said = [
                connection.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("synchronous_commit", "lock_timeout", "work_mem")
            ]
        engine.dispose()
    assert said == ["on", "10s", "8MB"]


def test_a_missing_server_is_named_by_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(support, "FOLDERS", tmp_path)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(AssertionError, match="Debian package postgresql"):
        support.program("initdb")
