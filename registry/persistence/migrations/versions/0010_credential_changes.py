"""Every change of a card, withdrawals by door, and warnings of withdrawn keys."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("acknowledged_at IS NULL")


def upgrade() -> None:
    """Create the tables, and tell again how cards ended that ended before."""
    op.create_table(
        "credential_changes",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("credential", NUMBER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("successor", NUMBER, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["credential"], ["credentials.id"]),
        sa.ForeignKeyConstraint(["successor"], ["credentials.id"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        op.f("ix_credential_changes_credential"), "credential_changes", ["credential"]
    )
    op.create_table(
        "key_withdrawals",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("credential", NUMBER, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["credential"], ["credentials.id"]),
        sa.ForeignKeyConstraint(["door"], ["doors.id"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        op.f("ix_key_withdrawals_credential"), "key_withdrawals", ["credential"]
    )
    op.create_index(
        "ix_key_withdrawals_waiting",
        "key_withdrawals",
        ["door", "revision"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_table(
        "key_warnings",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("credential", NUMBER, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["credential"], ["credentials.id"]),
        sa.ForeignKeyConstraint(["door"], ["doors.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("credential", "door", "day"),
    )
    op.execute(
        "INSERT INTO credential_changes (credential, state, at, recorded_at, actor, "
        "channel) SELECT id, state, ended_at, ended_at, 'counter', 'counter' "
        "FROM credentials WHERE ended_at IS NOT NULL ORDER BY id"
    )


def downgrade() -> None:
    """Drop the tables; a card that was only suspended is in force again."""
    op.execute(
        "UPDATE credentials SET state = 'active' WHERE ended_at IS NULL"
    )
    op.execute("UPDATE credentials SET state = 'returned' WHERE state = 'blank'")
    op.drop_table("key_warnings")
    op.drop_table("key_withdrawals")
    op.drop_table("credential_changes")
