"""The schema goes up and down, and is what the repositories expect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from controller.cbor import EPOCH
from registry.persistence import audit_entries, schema, vault
from registry.persistence.database import WRITES, database_url, open_engine
from registry.persistence.rows import Record
from registry.persistence.unit_of_work import Store

EVERY_TABLE = {vault.IdentityRow, audit_entries.AuditRow}
"""Imported here so that the metadata knows them too."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    ready = open_engine(database_url(tmp_path / "menhu.db"))
    yield ready
    ready.dispose()


def test_up_down_and_up_again(engine: Engine) -> None:
    assert schema.current(engine) is None
    schema.upgrade(engine)
    assert schema.current(engine) == schema.newest() == "0001"
    schema.upgrade(engine)
    schema.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    schema.upgrade(engine)
    assert schema.current(engine) == "0001"


def test_the_migrated_schema_is_the_mapped_one(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Record.metadata) == []
    assert {mapper.class_ for mapper in Record.registry.mappers} > EVERY_TABLE


def test_a_migration_that_fails_leaves_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for file in schema.MIGRATIONS.rglob("*.py"):
        (folder / file.relative_to(schema.MIGRATIONS)).write_text(file.read_text())
    (folder / "versions" / "0002.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (a INTEGER)')\n"
        "    op.execute('INSERT INTO nowhere VALUES (1)')\n"
    )
    schema.upgrade(engine)
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    with pytest.raises(OperationalError):
        schema.upgrade(engine)
    assert schema.current(engine) == "0001"
    assert "half" not in inspect(engine).get_table_names()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 10_000),
    ],
)
def test_every_connection_is_prepared(
    engine: Engine, pragma: str, value: object
) -> None:
    with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value


def test_foreign_keys_hold(engine: Engine) -> None:
    schema.upgrade(engine)
    with Store(engine).writing() as uow:
        uow.tenancies.add_parties(["P1"])
        with pytest.raises(IntegrityError):
            uow.credentials.add([(1, "P2")], EPOCH)


def test_a_card_has_one_holder_at_a_time(engine: Engine) -> None:
    schema.upgrade(engine)
    with Store(engine).writing() as uow:
        uow.tenancies.add_parties(["P1", "P2"])
        uow.credentials.add([(1, "P1")], EPOCH)
        with pytest.raises(IntegrityError):
            uow.credentials.add([(1, "P2")], EPOCH)


def test_leaving_by_an_error_writes_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    store = Store(engine)

    def fail() -> None:
        with store.writing() as uow:
            uow.tenancies.add_parties(["P1"])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.reading() as uow:
        assert uow.tenancies.parties() == set()


def test_reading_writes_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    store = Store(engine)
    with store.reading() as uow:
        uow.tenancies.add_parties(["P1"])
    with store.reading() as uow:
        assert not uow.tenancies.has_party("P1")


def test_a_writer_takes_its_lock_before_it_reads(engine: Engine) -> None:
    schema.upgrade(engine)
    store = Store(engine)
    with store.writing() as uow, engine.connect() as hurried:
        assert uow.permits.revision() == 0
        hurried.exec_driver_sql("PRAGMA busy_timeout = 1")
        hurried.rollback()
        with pytest.raises(OperationalError, match="locked"):
            hurried.execution_options(**{WRITES: True}).execute(text("SELECT 1"))
    with store.reading() as uow:
        assert uow.permits.revision() == 0


def test_the_schema_can_be_said_in_postgresql() -> None:
    dialect = make_url("postgresql://").get_dialect()()
    tables = Record.metadata.sorted_tables
    said = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    said += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in tables
        for index in table.indexes
    ]
    assert any("number BIGSERIAL" in statement for statement in said)
    assert any(
        "uq_credentials_live_card" in s and "WHERE ended_at IS NULL" in s for s in said
    )
