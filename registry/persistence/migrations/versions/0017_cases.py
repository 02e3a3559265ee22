"""Cases of house rules, their switches, and hazards."""

import sqlalchemy as sa
from alembic import op

from registry.persistence.migrations.version_tables import (
    create_versions,
    day,
    prose,
    word,
)

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OPEN = sa.text(
    "state IN ('confirmed_gap', 'notice', 'objected', 'raised', 'review', 'visit') "
    "AND superseded_at IS NULL AND valid_to IS NULL"
)


def upgrade() -> None:
    """Create three tables of versions."""
    create_versions(
        "case_versions",
        word("rule"),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        word("building", to="buildings.code", index=True),
        word("unit", null=True, to="units.code", index=True),
        word("place"),
        word("state"),
        day("raised_on"),
        prose("numbers"),
        prose("policy"),
        prose("guards"),
        prose("sentence"),
        prose("objection", null=True),
        prose("note", null=True),
        word("paper", null=True),
        day("closed_on", null=True),
        word("close_reason", null=True),
    )
    op.create_index(
        "uq_case_versions_open",
        "case_versions",
        ["rule", "place"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    create_versions(
        "rule_switch_versions",
        word("rule"),
        sa.Column("on", sa.Boolean(), nullable=False),
        day("since"),
        prose("reason"),
        word("by"),
        day("measured_from"),
        sa.Column("automatic", sa.Boolean(), nullable=False),
    )
    create_versions(
        "hazard_versions",
        word("unit", to="units.code", index=True),
        word("kind"),
        word("state"),
        day("found_on"),
        day("due", null=True),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("hazard_versions", "rule_switch_versions", "case_versions"):
        op.drop_table(table)
        op.execute(f"DELETE FROM entities WHERE kind = '{table}'")
