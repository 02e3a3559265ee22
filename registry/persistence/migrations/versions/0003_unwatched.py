"""Spans in which a door may have been used unseen."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "unwatched",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_unwatched_controller"), "unwatched", ["controller"], unique=False
    )


def downgrade() -> None:
    """Take the table away."""
    op.drop_index(op.f("ix_unwatched_controller"), table_name="unwatched")
    op.drop_table("unwatched")
