"""Rules of doors, special days, PINs of cards, and orders to open a door."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "door_rules",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["door"], ["doors.id"]),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_door_rules_door", "door_rules", ["door", "number"])
    op.create_table(
        "rule_books",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("days", sa.LargeBinary(), nullable=False),
        sa.Column("pushed", sa.Integer(), nullable=False),
        sa.Column("pushed_at", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"]),
        sa.PrimaryKeyConstraint("gateway"),
    )
    op.create_table(
        "special_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "card_pins",
        sa.Column("credential", NUMBER, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("duress", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["credential"], ["credentials.id"]),
        sa.PrimaryKeyConstraint("credential"),
    )
    op.create_table(
        "orders",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("ordered_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("handed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["door"], ["doors.id"]),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("nonce"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_orders_door", "orders", ["door", "number"])
    op.create_index("ix_orders_gateway", "orders", ["gateway", "expires_at"])


def downgrade() -> None:
    """Take the tables away."""
    for index, table in (
        ("ix_orders_gateway", "orders"),
        ("ix_orders_door", "orders"),
        ("ix_door_rules_door", "door_rules"),
    ):
        op.drop_index(index, table_name=table)
    for table in ("orders", "card_pins", "special_days", "rule_books", "door_rules"):
        op.drop_table(table)
