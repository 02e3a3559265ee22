"""The schema goes up and down, and is what the repositories expect."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from controller.cbor import EPOCH
from controller.vocabulary import AlarmKind
from registry.domain.alarms import AlarmState
from registry.domain.parties import Party
from registry.persistence import audit_entries, schema, vault, vault_documents
from registry.persistence.alarms import Told
from registry.persistence.database import (
    WRITES,
    database_url,
    open_engine,
    server_url,
)
from registry.persistence.rows import Record
from registry.persistence.unit_of_work import Store
from tests.support.postgresql import NewDatabase

EVERY_TABLE = {
    vault.IdentityRow,
    vault_documents.DocumentRow,
    audit_entries.AuditRow,
}
"""Imported here so that the metadata knows them too."""
STEPS = ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions()
EARLIER = [step.revision for step in STEPS][1:]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    ready = open_engine(database_url(tmp_path / "menhu.db"))
    yield ready
    ready.dispose()


@pytest.fixture
def either(new_database: NewDatabase, tmp_path: Path) -> Iterator[Engine]:
    """Open a migrated database of each kind."""
    with new_database.one(None) as url:
        at = server_url(url) if url else database_url(tmp_path / "menhu.db")
        ready = open_engine(at)
        schema.upgrade(ready)
        yield ready
        ready.dispose()


def test_up_down_and_up_again(either: Engine) -> None:
    assert schema.current(either) == schema.newest()
    schema.upgrade(either)
    schema.downgrade(either, "base")
    assert schema.current(either) is None
    assert set(inspect(either).get_table_names()) == {"alembic_version"}
    schema.upgrade(either)
    assert schema.current(either) == schema.newest()


def test_every_step_goes_down_and_up(either: Engine) -> None:
    for revision in EARLIER:
        schema.downgrade(either, revision)
        assert schema.current(either) == revision
    for revision in [*reversed(EARLIER), schema.newest() or ""]:
        schema.upgrade(either, revision)
        assert schema.current(either) == revision
    assert differences(either) == []


def said(engine: Engine) -> list[tuple[str, ...]]:
    """Return the whole schema as SQLite keeps it, our own bookkeeping apart."""
    query = text(
        "SELECT type, name, tbl_name, sql FROM sqlite_master "
        "WHERE tbl_name != 'alembic_version' ORDER BY type, name"
    )
    with engine.connect() as connection:
        return [tuple(map(str, row)) for row in connection.execute(query)]


def test_down_and_up_again_is_the_same_to_the_letter(engine: Engine) -> None:
    schema.upgrade(engine)
    before = said(engine)
    assert {kind for kind, *_ in before} >= {"table", "index"}
    schema.downgrade(engine, "base")
    assert [row for row in said(engine) if row[1] != "sqlite_sequence"] == []
    schema.upgrade(engine)
    assert said(engine) == before


def test_alarms_come_and_go_without_touching_what_is_there(engine: Engine) -> None:
    schema.upgrade(engine, "0001")
    before = said(engine)
    with Store(engine).writing() as uow:
        uow.session.execute(text("INSERT INTO parties VALUES ('P1')"))
    schema.upgrade(engine, "0002")
    assert {row[2] for row in said(engine)} - {row[2] for row in before} == {"alarms"}
    with Store(engine).reading() as uow:
        assert uow.alarms.last_change() == 0
    schema.downgrade(engine, "0001")
    assert said(engine) == before
    with Store(engine).reading() as uow:
        told = uow.session.scalars(text("SELECT id FROM parties"))
        assert set(told) == {"P1"}


def test_an_alarm_has_one_row_for_its_name(either: Engine) -> None:
    told = Told("gateway-1", 1, 1, EPOCH)
    with Store(either).writing() as uow:
        for _ in range(2):
            uow.alarms.put("door-1", AlarmKind.TAMPER, {EPOCH: None}, told)
        (row,) = uow.alarms.open(10)
        columns = "door, kind, raised_at, recorded_at, gateway, epoch, seq, changed"
        again = text(f"INSERT INTO alarms ({columns}) SELECT {columns} FROM alarms")  # noqa: S608 - our own columns
        with pytest.raises(IntegrityError):
            uow.session.execute(again)
    assert (row.number, row.state) == (1, AlarmState.RAISED)


def shape(engine: Engine, table: str) -> dict[str, object]:
    """Return what the database knows of a table."""
    seen = inspect(engine)
    columns = seen.get_columns(table)
    keys = seen.get_foreign_keys(table)
    indexes = seen.get_indexes(table)
    return {
        "columns": {(c["name"], str(c["type"]), c["nullable"]) for c in columns},
        "primary": seen.get_pk_constraint(table)["constrained_columns"],
        "foreign": {(*k["constrained_columns"], k["referred_table"]) for k in keys},
        "indexes": {(i["name"], *i["column_names"], i["unique"]) for i in indexes},
        "unique": {
            tuple(u["column_names"]) for u in seen.get_unique_constraints(table)
        },
    }


@pytest.mark.parametrize("table", sorted(Record.metadata.tables))
def test_migrated_and_mapped_tables_are_alike(
    engine: Engine, tmp_path: Path, table: str
) -> None:
    schema.upgrade(engine)
    mapped = open_engine(database_url(tmp_path / "mapped.db"))
    Record.metadata.create_all(mapped)
    assert shape(engine, table) == shape(mapped, table)
    mapped.dispose()


def differences(engine: Engine) -> list[object]:
    """Return where a database is not as the rows are mapped; months are no tables."""

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or not str(name).startswith("passages_")

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        found: list[object] = compare_metadata(context, Record.metadata)
    return found


def test_the_migrated_schema_is_the_mapped_one(either: Engine) -> None:
    schema.downgrade(either, "base")
    schema.upgrade(either)
    assert differences(either) == []
    assert {mapper.class_ for mapper in Record.registry.mappers} > EVERY_TABLE


def test_a_migration_that_fails_leaves_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for file in schema.MIGRATIONS.rglob("*.py"):
        (folder / file.relative_to(schema.MIGRATIONS)).write_text(file.read_text())
    head = f"revision, down_revision = '0099', '{schema.newest()}'\n"
    body = (
        "from alembic import op\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (a INTEGER)')\n"
        "    op.execute('INSERT INTO nowhere VALUES (1)')\n"
    )
    (folder / "versions" / "0099.py").write_text(head + body)
    schema.upgrade(engine)
    before = schema.newest()
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    with pytest.raises(OperationalError):
        schema.upgrade(engine)
    assert schema.current(engine) == before
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


def test_foreign_keys_hold(either: Engine) -> None:
    with Store(either).writing() as uow:
        uow.parties.add([Party("P1")])
        with pytest.raises(IntegrityError):
            uow.credentials.add([(1, "P2")], EPOCH)


def test_a_card_has_one_holder_at_a_time(either: Engine) -> None:
    with Store(either).writing() as uow:
        uow.parties.add([Party("P1"), Party("P2")])
        uow.credentials.add([(1, "P1")], EPOCH)
        with pytest.raises(IntegrityError):
            uow.credentials.add([(1, "P2")], EPOCH)


def test_leaving_by_an_error_writes_nothing(either: Engine) -> None:
    store = Store(either)

    def fail() -> None:
        with store.writing() as uow:
            uow.parties.add([Party("P1")])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.reading() as uow:
        assert uow.parties.ids() == set()


def test_reading_writes_nothing(either: Engine) -> None:
    store = Store(either)
    with store.reading() as uow:
        uow.parties.add([Party("P1")])
    with store.reading() as uow:
        assert uow.parties.get("P1") is None


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


def test_cards_that_ended_before_are_told_to_have_ended(engine: Engine) -> None:
    schema.upgrade(engine, "0009")
    with Store(engine).writing() as uow:
        uow.parties.add([Party("P1")])
        for values in ("1, 7, 'P1', 'lost', 5, 9", "2, 8, 'P1', 'active', 5, NULL"):
            uow.session.execute(text(f"INSERT INTO credentials VALUES ({values})"))  # noqa: S608 - our own values
    schema.upgrade(engine)
    with Store(engine).reading() as uow:
        told = uow.credentials.with_changes(uow.credentials.every())
    ended, held = (card.changes for card in told)
    assert [(change.state, change.at - EPOCH) for change in ended] == [
        ("lost", timedelta(microseconds=9))
    ]
    assert held == ()
    schema.downgrade(engine, "0009")
    with Store(engine).reading() as uow:
        assert uow.session.scalar(text("SELECT COUNT(*) FROM credentials")) == 2
