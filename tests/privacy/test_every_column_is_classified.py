"""Privacy by schema: what a column may say of a person is said before it is filled."""

import importlib
import pkgutil
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from registry import persistence
from registry.persistence.classification import FORBIDDEN, Kind, faults, kind_of
from registry.persistence.rows import Record

for module in pkgutil.iter_modules(persistence.__path__, "registry.persistence."):
    if not module.ispkg:
        importlib.import_module(module.name)


def columns(*kinds: Kind) -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in Record.metadata.sorted_tables
        for column in table.columns
        if kind_of(column) in kinds
    }


def told(*made: Column[Any]) -> str:
    metadata = MetaData()
    Table("parties", metadata, Column("id", String, primary_key=True))
    Table("fresh", metadata, *made)
    return "\n".join(each for each in faults(metadata) if each.startswith("fresh."))


def test_every_column_is_classified() -> None:
    assert "\n".join(faults(Record.metadata)) == ""


def test_what_is_sealed_is_where_the_vault_and_the_pins_are() -> None:
    tables = {name.split(".")[0] for name in columns(Kind.SEALED)}
    assert tables == {
        "access_tokens",
        "card_pins",
        "identities",
        "identity_documents",
        "telephones",
    }


def test_references_to_persons_are_pseudonyms_by_themselves() -> None:
    assert {"credentials.party", "occupancy_versions.party", "passages.party"} <= (
        columns(Kind.PSEUDONYM)
    )


@pytest.mark.parametrize("kind", [String, LargeBinary])
def test_a_new_column_has_to_be_classified(kind: type[String | LargeBinary]) -> None:
    said = told(Column("remark", kind()))
    assert said.startswith("fresh.remark: say in registry/persistence/classification")
    assert "vault" in said


def test_numbers_references_and_usual_columns_need_no_word() -> None:
    assert not told(
        Column("count", Integer),
        Column("party", String, ForeignKey("parties.id")),
        Column("actor", String),
    )


@pytest.mark.parametrize("word", sorted(FORBIDDEN))
@pytest.mark.parametrize("shape", ["{}", "{}_code", "known_{}"])
def test_what_must_not_be_known_has_no_column(word: str, shape: str) -> None:
    assert "must not know" in told(Column(shape.format(word), Integer))


def test_words_that_only_contain_one_are_no_harm() -> None:
    names = ("language", "message_count", "classified_on", "interface", "risky")
    assert not told(*(Column(name, Integer) for name in names))


def test_what_is_sealed_is_bytes_and_what_is_gone_is_not_listed() -> None:
    metadata = MetaData()
    Table("identities", metadata, Column("name", String))
    said = list(faults(metadata))
    assert "identities.name: what is sealed is bytes" in said
    assert any(each.startswith("telephones.number: there is no such") for each in said)
