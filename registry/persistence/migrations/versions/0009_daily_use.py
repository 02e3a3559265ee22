"""Use of doors by the day."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the days and the mark of what is counted."""
    op.create_table(
        "daily_use",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("credential", NUMBER, autoincrement=False, nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "door", "credential", "unit"),
    )
    op.create_index("ix_daily_use_unit_day", "daily_use", ["unit", "day"])
    op.create_table(
        "daily_use_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("daily_use_mark")
    op.drop_index("ix_daily_use_unit_day", table_name="daily_use")
    op.drop_table("daily_use")
