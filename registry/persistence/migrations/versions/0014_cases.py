"""Cases of house rules, their switches, and hazards."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0018"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text(
    "state IN ('confirmed_gap', 'notice', 'objected', 'raised', 'review', 'visit') "
    "AND superseded_at IS NULL AND valid_to IS NULL"
)


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
        if "to" in column.info:
            op.create_index(op.f(f"ix_{name}_{column.name}"), name, [column.name])


def _word(name: str, *, null: bool = False, to: str = ""):
    return sa.Column(name, sa.String(), nullable=null, info={"to": to} if to else {})


def _text(name: str, *, null: bool = False):
    return sa.Column(name, sa.Text(), nullable=null)


def _day(name: str, *, null: bool = False):
    return sa.Column(name, sa.Date(), nullable=null)


def upgrade() -> None:
    """Create three tables of versions."""
    _versions(
        "case_versions",
        _word("rule"),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        _word("building", to="buildings.code"),
        _word("unit", null=True, to="units.code"),
        _word("place"),
        _word("state"),
        _day("raised_on"),
        _text("numbers"),
        _text("policy"),
        _text("guards"),
        _text("sentence"),
        _text("objection", null=True),
        _text("note", null=True),
        _word("paper", null=True),
        _day("closed_on", null=True),
        _word("close_reason", null=True),
    )
    op.create_index(
        "uq_case_versions_open",
        "case_versions",
        ["rule", "place"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    _versions(
        "rule_switch_versions",
        _word("rule"),
        sa.Column("on", sa.Boolean(), nullable=False),
        _day("since"),
        _text("reason"),
        _word("by"),
        _day("measured_from"),
        sa.Column("automatic", sa.Boolean(), nullable=False),
    )
    _versions(
        "hazard_versions",
        _word("unit", to="units.code"),
        _word("kind"),
        _word("state"),
        _day("found_on"),
        _day("due", null=True),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("hazard_versions", "rule_switch_versions", "case_versions"):
        op.drop_table(table)
        op.execute(f"DELETE FROM entities WHERE kind = '{table}'")
