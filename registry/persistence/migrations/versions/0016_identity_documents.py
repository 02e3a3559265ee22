"""Documents, telephones, and cases of two parties with one document."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None

LIVE_HOLDER = sa.text("superseded_at IS NULL AND holds")


def _recorded() -> tuple[sa.Column, ...]:
    return (
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
    )


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "identity_documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issuing_state", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("blind_index", sa.LargeBinary(), nullable=True),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("verification", sa.String(), nullable=False),
        sa.Column("doubts", sa.String(), nullable=False),
        sa.Column("absence", sa.String(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        *_recorded(),
        sa.ForeignKeyConstraint(["party"], ["parties.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_identity_documents_party", "identity_documents", ["party"])
    op.create_index(
        "uq_identity_documents_holder",
        "identity_documents",
        ["kind", "issuing_state", "blind_index"],
        unique=True,
        sqlite_where=LIVE_HOLDER,
        postgresql_where=LIVE_HOLDER,
    )
    op.create_table(
        "telephones",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["party"], ["parties.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_telephones_party", "telephones", ["party"])
    op.create_table(
        "merge_cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["first"], ["parties.id"]),
        sa.ForeignKeyConstraint(["second"], ["parties.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_merge_cases_first", "merge_cases", ["first"])
    op.create_index("ix_merge_cases_second", "merge_cases", ["second"])


def downgrade() -> None:
    """Drop them."""
    for side in ("second", "first"):
        op.drop_index(f"ix_merge_cases_{side}", table_name="merge_cases")
    op.drop_table("merge_cases")
    op.drop_index("ix_telephones_party", table_name="telephones")
    op.drop_table("telephones")
    op.drop_index("uq_identity_documents_holder", table_name="identity_documents")
    op.drop_index("ix_identity_documents_party", table_name="identity_documents")
    op.drop_table("identity_documents")
