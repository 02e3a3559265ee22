"""Imports of sheets and their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "import_rows",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=True),
        sa.Column("created", sa.Text(), nullable=True),
        sa.Column("party", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["import_jobs.id"]),
        sa.ForeignKeyConstraint(["party"], ["parties.id"]),
        sa.PrimaryKeyConstraint("job", "number"),
    )
    op.create_index("ix_import_rows_state", "import_rows", ["job", "state", "number"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_index("ix_import_rows_state", table_name="import_rows")
    op.drop_table("import_rows")
    op.drop_table("import_jobs")
