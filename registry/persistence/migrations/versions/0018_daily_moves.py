"""Moves of cards between houses by the day."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table, and find use by card."""
    op.create_table(
        "daily_moves",
        sa.Column("credential", NUMBER, autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_door", sa.String(), nullable=False),
        sa.Column("to_door", sa.String(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("credential", "day", "from_door", "to_door"),
    )
    op.create_index("ix_daily_use_credential_day", "daily_use", ["credential", "day"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_daily_use_credential_day", table_name="daily_use")
    op.drop_table("daily_moves")
