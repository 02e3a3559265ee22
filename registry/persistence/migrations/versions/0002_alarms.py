"""Alarms of doors, and who acknowledged them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "alarms",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("changed", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_alarms_acknowledged_at"), "alarms", ["acknowledged_at"], unique=False
    )
    op.create_index(op.f("ix_alarms_changed"), "alarms", ["changed"], unique=False)
    op.create_index(
        op.f("ix_alarms_cleared_at"), "alarms", ["cleared_at"], unique=False
    )
    op.create_index(
        "uq_alarms_name", "alarms", ["door", "kind", "raised_at"], unique=True
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("uq_alarms_name", table_name="alarms")
    op.drop_index(op.f("ix_alarms_cleared_at"), table_name="alarms")
    op.drop_index(op.f("ix_alarms_changed"), table_name="alarms")
    op.drop_index(op.f("ix_alarms_acknowledged_at"), table_name="alarms")
    op.drop_table("alarms")
