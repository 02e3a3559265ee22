"""Leaves that were said, grants for work and visits, and visits by the street."""

import sqlalchemy as sa
from alembic import op

from registry.persistence.migrations.version_tables import (
    create_versions,
    moment,
    word,
)

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns and two tables of versions."""
    for column in ("leave_on", "leave_declared_on"):
        op.add_column("occupancy_versions", sa.Column(column, sa.Date(), nullable=True))
    create_versions(
        "grant_versions",
        word("party", to="parties.id", index=True),
        word("building", to="buildings.code", index=True),
        word("unit", null=True, to="units.code", index=True),
        word("doors"),
        word("reason"),
        moment("start"),
        moment("end"),
        word("given_by"),
        moment("revoked_at", null=True),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    create_versions(
        "visit_versions",
        word("unit", to="units.code", index=True),
        word("building", to="buildings.code", index=True),
        word("purpose"),
        sa.Column("due", sa.Date(), nullable=False, info={"index": True}),
        word("occupancy", null=True, to="entities.id", index=True),
        word("severity"),
        word("state"),
        word("assignee", null=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        word("finding", null=True),
        word("evidence", null=True),
        word("closed_by", null=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
    )


def downgrade() -> None:
    """Drop what was added."""
    for table in ("visit_versions", "grant_versions"):
        op.drop_table(table)
        op.execute(f"DELETE FROM entities WHERE kind = '{table}'")
    for column in ("leave_declared_on", "leave_on"):
        op.drop_column("occupancy_versions", column)
