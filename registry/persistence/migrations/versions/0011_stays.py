"""Leaves that were said, grants for work and visits, and visits by the street."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _versions(name: str, *columns: sa.Column) -> None:
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
            if "to" in column.info
        ),
    )
    op.create_index(op.f(f"ix_{name}_id"), name, ["id"])
    for column in columns:
        if column.info.get("index"):
            op.create_index(op.f(f"ix_{name}_{column.name}"), name, [column.name])


def _text(name: str, *, null: bool = False, to: str = "", index: bool = False):
    info = ({"to": to} if to else {}) | {"index": index}
    return sa.Column(name, sa.String(), nullable=null, info=info)


def _moment(name: str, *, null: bool = False):
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    """Add two columns and two tables of versions."""
    for column in ("leave_on", "leave_declared_on"):
        op.add_column("occupancy_versions", sa.Column(column, sa.Date(), nullable=True))
    _versions(
        "grant_versions",
        _text("party", to="parties.id", index=True),
        _text("building", to="buildings.code", index=True),
        _text("unit", null=True, to="units.code", index=True),
        _text("doors"),
        _text("reason"),
        _moment("start"),
        _moment("end"),
        _text("given_by"),
        _moment("revoked_at", null=True),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    _versions(
        "visit_versions",
        _text("unit", to="units.code", index=True),
        _text("building", to="buildings.code", index=True),
        _text("purpose"),
        sa.Column("due", sa.Date(), nullable=False, info={"index": True}),
        _text("occupancy", null=True, to="entities.id", index=True),
        _text("severity"),
        _text("state"),
        _text("assignee", null=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("finding", null=True),
        _text("evidence", null=True),
        _text("closed_by", null=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
    )


def downgrade() -> None:
    """Drop what was added."""
    for table in ("visit_versions", "grant_versions"):
        op.drop_table(table)
        op.execute(f"DELETE FROM entities WHERE kind = '{table}'")
    for column in ("leave_declared_on", "leave_on"):
        op.drop_column("occupancy_versions", column)
