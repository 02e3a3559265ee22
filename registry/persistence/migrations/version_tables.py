"""Tables of versions as migrations make them: never changed, for they have been made.

A column says in its `info` what it refers to and whether it has an index.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def create_versions(name: str, *columns: sa.Column[Any]) -> None:
    """Create a table of versions with the columns all of them have."""
    op.create_table(
        name,
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("version"),
        sa.ForeignKeyConstraint(["id"], ["entities.id"]),
        *(
            sa.ForeignKeyConstraint([column.name], [column.info["to"]])
            for column in columns
            if column.info.get("to")
        ),
    )
    op.create_index(op.f(f"ix_{name}_id"), name, ["id"])
    for column in columns:
        if column.info.get("index"):
            op.create_index(op.f(f"ix_{name}_{column.name}"), name, [column.name])


def word(
    name: str, *, null: bool = False, to: str = "", index: bool = False
) -> sa.Column[str]:
    """Return a column of short text, perhaps a reference to another."""
    info = {"to": to, "index": index}
    return sa.Column(name, sa.String(), nullable=null, info=info)


def prose(name: str, *, null: bool = False) -> sa.Column[str]:
    """Return a column of longer text."""
    return sa.Column(name, sa.Text(), nullable=null)


def day(name: str, *, null: bool = False) -> sa.Column[Any]:
    """Return a column of days."""
    return sa.Column(name, sa.Date(), nullable=null)


def moment(name: str, *, null: bool = False) -> sa.Column[int]:
    """Return a column of microseconds since 1970."""
    return sa.Column(name, sa.BigInteger(), nullable=null)
