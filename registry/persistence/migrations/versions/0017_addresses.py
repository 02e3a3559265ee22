"""Codes and names of places, grids over time, and corrections of addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_END = sa.text("valid_to IS NULL")


def _dated() -> tuple[sa.Column, ...]:
    return (
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
    )


def upgrade() -> None:
    """Create the five tables."""
    op.create_table(
        "external_codes",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        *_dated(),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_external_codes_place", "external_codes", ["place"])
    op.create_index("ix_external_codes_value", "external_codes", ["value"])
    op.create_index(
        "uq_external_codes_open",
        "external_codes",
        ["scheme", "value"],
        unique=True,
        sqlite_where=OPEN_END,
        postgresql_where=OPEN_END,
    )
    op.create_table(
        "address_aliases",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        *_dated(),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_address_aliases_place", "address_aliases", ["place"])
    op.create_index("ix_address_aliases_key", "address_aliases", ["key"])
    op.create_table(
        "grid_memberships",
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("grid", sa.String(), nullable=False),
        *_dated(),
        sa.ForeignKeyConstraint(["building"], ["buildings.code"]),
        sa.ForeignKeyConstraint(["grid"], ["areas.code"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_grid_memberships_building", "grid_memberships", ["building"])
    op.create_index("ix_grid_memberships_grid", "grid_memberships", ["grid"])
    op.create_table(
        "address_corrections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("wrong", sa.String(), nullable=False),
        sa.Column("right", sa.String(), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["building"], ["buildings.code"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("building", "state"):
        op.create_index(
            f"ix_address_corrections_{column}", "address_corrections", [column]
        )
    op.create_table(
        "address_correction_steps",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("correction", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["correction"], ["address_corrections.id"]),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        "ix_address_correction_steps_correction",
        "address_correction_steps",
        ["correction"],
    )


def downgrade() -> None:
    """Drop them, each with its indexes."""
    for table in (
        "address_correction_steps",
        "address_corrections",
        "grid_memberships",
        "address_aliases",
        "external_codes",
    ):
        op.drop_table(table)
