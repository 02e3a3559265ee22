"""The register on two axes of time: versions of filings, tenancies, occupancies."""

import sqlalchemy as sa
from alembic import op

from registry.persistence.migrations.version_tables import (
    NUMBER,
    create_versions,
    day,
    word,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = 1767225600000000
"""Microseconds of 2026-01-01: when what was on record before is said to be recorded."""
LIVE = sa.text(
    "state IN ('accepted', 'due_renewal', 'needs_correction', 'submitted', "
    "'suspended') AND superseded_at IS NULL AND valid_to IS NULL"
)


def upgrade() -> None:
    """Make the tables of versions and move what is on record into them."""
    op.create_table(
        "entities",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, kind in (("parties", "person"), ("rooms", "living")):
        column = sa.Column("kind", sa.String(), nullable=False, server_default=kind)
        op.add_column(table, column)
    for table in ("units", "rooms"):
        op.add_column(table, sa.Column("area", sa.Double(), nullable=True))
    _rights()
    _stays()
    _move()
    for table, column in (("occupancies", "party"), ("occupancies", "tenancy")):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    op.drop_index(op.f("ix_occupancies_unit"), table_name="occupancies")
    op.drop_table("occupancies")
    op.drop_index(op.f("ix_tenancies_unit"), table_name="tenancies")
    op.drop_table("tenancies")


def _rights() -> None:
    create_versions(
        "right_versions",
        word("party", to="parties.id", index=True),
        word("unit", to="units.code", index=True),
        word("basis"),
        day("start"),
        day("end", null=True),
        word("evidence", null=True),
    )
    create_versions(
        "delegation_versions",
        word("grantor", to="parties.id", index=True),
        word("delegate", to="parties.id", index=True),
        word("powers"),
        day("start"),
        day("end"),
        word("unit", null=True, to="units.code"),
        day("revoked_on", null=True),
    )
    create_versions(
        "filing_versions",
        word("unit", to="units.code", index=True),
        word("lessor", null=True, to="parties.id", index=True),
        word("mode"),
        word("state"),
        word("manager", null=True, to="parties.id"),
        word("number", null=True),
        day("submitted_on", null=True),
        day("accepted_on", null=True),
        day("renews_on", null=True),
        sa.Column("reason", sa.Text(), nullable=True),
        word("successor", null=True, to="entities.id"),
    )
    op.create_index(
        "uq_filing_versions_live",
        "filing_versions",
        ["unit"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    create_versions(
        "contract_versions",
        word("unit", to="units.code", index=True),
        word("lessor", to="parties.id", index=True),
        word("tenant", to="parties.id", index=True),
        day("start"),
        day("end", null=True),
        day("signed_on"),
        word("parent", null=True, to="entities.id"),
        word("evidence", null=True),
        sa.Column("rent", sa.Integer(), nullable=True),
        sa.Column("deposit", sa.Integer(), nullable=True),
    )


def _stays() -> None:
    create_versions(
        "tenancy_versions",
        word("unit", to="units.code", index=True),
        word("room", null=True, to="rooms.code"),
        word("landlord", null=True, to="parties.id", index=True),
        day("start"),
        day("end", null=True),
        word("contract", null=True, to="entities.id"),
        day("ended_on", null=True),
        day("holdover_since", null=True),
        word("renewed_by", null=True, to="entities.id"),
    )
    create_versions(
        "occupancy_versions",
        word("party", to="parties.id", index=True),
        word("unit", to="units.code", index=True),
        word("building", to="buildings.code", index=True),
        word("basis"),
        day("start", null=True),
        day("end", null=True),
        word("tenancy", null=True, to="entities.id", index=True),
        word("room", null=True, to="rooms.code"),
        word("state"),
        word("declared_by"),
        day("declared_on", null=True),
        word("confirmed_by", null=True),
        day("confirmed_on", null=True),
        word("leave_by", null=True),
        word("exemption", null=True),
    )
    create_versions(
        "external_filing_versions",
        word("kind"),
        word("unit", to="units.code", index=True),
        word("state"),
        word("tenancy", null=True, to="entities.id", index=True),
        word("occupancy", null=True, to="entities.id", index=True),
        word("office", null=True),
        word("receipt", null=True),
        day("on", null=True),
        day("due", null=True),
        word("exemption", null=True),
        sa.Column("reason", sa.Text(), nullable=True),
    )


def _move() -> None:
    """Carry tenancies, the filings they spoke of, and occupancies over."""
    filed = (
        "SELECT unit FROM tenancies GROUP BY unit "
        "HAVING MIN(CASE WHEN filed THEN 1 ELSE 0 END) = 1"
    )
    op.execute(
        "INSERT INTO entities (id, kind) SELECT id, 'tenancy_versions' FROM tenancies"
    )
    op.execute(
        "INSERT INTO tenancy_versions (id, recorded_at, actor, channel, unit, room, "
        "landlord, start, \"end\") SELECT id, recorded_at, 'counter', 'counter', unit, "
        'room, landlord, start, "end" FROM tenancies'
    )
    op.execute(
        "INSERT INTO entities (id, kind) SELECT unit || '.filing', 'filing_versions' "
        f"FROM ({filed}) AS filed_units"
    )
    op.execute(
        "INSERT INTO filing_versions (id, recorded_at, actor, channel, unit, lessor, "
        f"mode, state, accepted_on) SELECT unit || '.filing', {NOW}, 'counter', "
        "'counter', unit, MAX(landlord), CASE WHEN MAX(room) IS NULL THEN 'whole' "
        "ELSE 'room' END, 'accepted', MIN(start) FROM tenancies "
        f"WHERE unit IN ({filed}) GROUP BY unit"
    )
    name = "'O-' || CAST(o.id AS VARCHAR(20))"
    op.execute(
        f"INSERT INTO entities (id, kind) SELECT {name}, 'occupancy_versions' "
        "FROM occupancies AS o"
    )
    op.execute(
        "INSERT INTO occupancy_versions (id, recorded_at, actor, channel, party, unit, "
        'building, basis, start, "end", tenancy, state, declared_by) '
        f"SELECT {name}, o.recorded_at, 'counter', 'counter', o.party, o.unit, "
        "u.building, o.basis, o.start, o.\"end\", o.tenancy, 'confirmed', 'grid' "
        "FROM occupancies AS o JOIN units AS u ON u.code = o.unit"
    )


def downgrade() -> None:
    """Put back what the tables before could say; history and the rest is lost."""
    _old_tables()
    latest = "superseded_at IS NULL AND valid_to IS NULL"
    op.execute(
        'INSERT INTO tenancies (id, unit, room, landlord, start, "end", filed, '
        "recorded_at) SELECT t.id, t.unit, t.room, t.landlord, t.start, "
        "COALESCE(t.ended_on, t.\"end\", '2098-12-31'), f.unit IS NOT NULL, "
        "t.recorded_at FROM tenancy_versions AS t LEFT JOIN filing_versions AS f ON "
        "f.unit = t.unit AND f.superseded_at IS NULL AND f.valid_to IS NULL AND "
        "f.state IN ('accepted', 'due_renewal', 'needs_correction', 'submitted', "
        "'suspended') WHERE t.superseded_at IS NULL AND t.valid_to IS NULL"
    )
    op.execute(
        'INSERT INTO occupancies (party, unit, basis, start, "end", tenancy, '
        'recorded_at) SELECT party, unit, basis, start, "end", tenancy, recorded_at '
        f"FROM occupancy_versions WHERE {latest} AND state <> 'void' ORDER BY version"
    )
    for table in (
        "external_filing_versions",
        "occupancy_versions",
        "tenancy_versions",
        "contract_versions",
        "filing_versions",
        "delegation_versions",
        "right_versions",
        "entities",
    ):
        op.drop_table(table)
    for table, column in (
        ("rooms", "area"),
        ("rooms", "kind"),
        ("units", "area"),
        ("parties", "kind"),
    ):
        op.drop_column(table, column)


def _old_tables() -> None:
    op.create_table(
        "tenancies",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("unit", sa.String(), sa.ForeignKey("units.code"), nullable=False),
        sa.Column("room", sa.String(), sa.ForeignKey("rooms.code")),
        sa.Column("landlord", sa.String(), sa.ForeignKey("parties.id")),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(op.f("ix_tenancies_unit"), "tenancies", ["unit"])
    op.create_table(
        "occupancies",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("party", sa.String(), sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("unit", sa.String(), sa.ForeignKey("units.code"), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("start", sa.Date()),
        sa.Column("end", sa.Date()),
        sa.Column("tenancy", sa.String(), sa.ForeignKey("tenancies.id")),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
    )
    for column in ("party", "tenancy", "unit"):
        op.create_index(op.f(f"ix_occupancies_{column}"), "occupancies", [column])
