"""The street: places, tenancies, cards, hardware, permits, passages, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the first tables; PostgreSQL keeps passages by the month."""
    by_month = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "areas",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent"],
            ["areas.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index(op.f("ix_areas_parent"), "areas", ["parent"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(
        op.f("ix_audit_entries_subject"), "audit_entries", ["subject"], unique=False
    )
    op.create_table(
        "forks",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("first", NUMBER, nullable=False),
        sa.Column("upto", NUMBER, nullable=False),
        sa.Column("expected", sa.LargeBinary(), nullable=False),
        sa.Column("offered", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "gaps",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("controller_epoch", NUMBER, nullable=False),
        sa.Column("first", NUMBER, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gaps_controller"), "gaps", ["controller"], unique=False)
    op.create_table(
        "gateway_records",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, autoincrement=False, nullable=False),
        sa.Column("upto", NUMBER, nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch"),
    )
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("heartbeat", sa.Integer(), nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("software", sa.String(), nullable=True),
        sa.Column("outbox", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "holes",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("first", NUMBER, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "parties",
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "passages",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=True),
        sa.Column("card_state", sa.String(), nullable=True),
        sa.Column("credential", NUMBER, nullable=True),
        sa.Column("party", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("permit", NUMBER, nullable=True),
        sa.Column("controller", sa.String(), nullable=True),
        sa.Column("controller_epoch", NUMBER, nullable=True),
        sa.Column("controller_index", NUMBER, nullable=True),
        sa.Column("controller_at", sa.BigInteger(), nullable=True),
        sa.Column("uncertainty", sa.Double(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(*(("number", "at") if by_month else ("number",))),
        sqlite_autoincrement=True,
        postgresql_partition_by="RANGE (at)",
    )
    if by_month:
        op.execute("CREATE TABLE passages_far PARTITION OF passages DEFAULT")
    op.create_index("ix_passages_card_at", "passages", ["card", "at"], unique=False)
    op.create_index("ix_passages_door_at", "passages", ["door", "at"], unique=False)
    op.create_index("ix_passages_unit_at", "passages", ["unit", "at"], unique=False)
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "buildings",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("grid", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("storeys", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grid"],
            ["areas.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index(op.f("ix_buildings_grid"), "buildings", ["grid"], unique=False)
    op.create_table(
        "controllers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway"],
            ["gateways.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_controllers_gateway"), "controllers", ["gateway"], unique=False
    )
    op.create_table(
        "credentials",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["party"],
            ["parties.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_credentials_card", "credentials", ["card"], unique=False)
    op.create_index(
        op.f("ix_credentials_party"), "credentials", ["party"], unique=False
    )
    op.create_index(
        "uq_credentials_live_card",
        "credentials",
        ["card"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "gateway_revisions",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway"],
            ["gateways.id"],
        ),
        sa.PrimaryKeyConstraint("gateway", "revision"),
    )
    op.create_table(
        "identities",
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"],
            ["parties.id"],
        ),
        sa.PrimaryKeyConstraint("party"),
    )
    op.create_table(
        "permit_changes",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("permit", NUMBER, nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway"],
            ["gateways.id"],
        ),
        sa.PrimaryKeyConstraint("revision", "permit"),
    )
    op.create_index(
        "ix_permit_changes_gateway",
        "permit_changes",
        ["gateway", "revision"],
        unique=False,
    )
    op.create_table(
        "doors",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("secure", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=True),
        sa.Column("tampered", sa.Boolean(), nullable=False),
        sa.Column("clock_offset", sa.Double(), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("pushed", sa.Integer(), nullable=False),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=True),
        sa.Column("pushed_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["building"],
            ["buildings.code"],
        ),
        sa.ForeignKeyConstraint(
            ["controller"],
            ["controllers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("controller"),
    )
    op.create_index(op.f("ix_doors_building"), "doors", ["building"], unique=False)
    op.create_table(
        "units",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("building", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["building"],
            ["buildings.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index(op.f("ix_units_building"), "units", ["building"], unique=False)
    op.create_table(
        "permits",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["door"],
            ["doors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["gateway"],
            ["gateways.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_permits_card"), "permits", ["card"], unique=False)
    op.create_index(op.f("ix_permits_door"), "permits", ["door"], unique=False)
    op.create_index(op.f("ix_permits_gateway"), "permits", ["gateway"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit"],
            ["units.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index(op.f("ix_rooms_unit"), "rooms", ["unit"], unique=False)
    op.create_table(
        "tenancies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("landlord", sa.String(), nullable=True),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["landlord"],
            ["parties.id"],
        ),
        sa.ForeignKeyConstraint(
            ["room"],
            ["rooms.code"],
        ),
        sa.ForeignKeyConstraint(
            ["unit"],
            ["units.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tenancies_unit"), "tenancies", ["unit"], unique=False)
    op.create_table(
        "occupancies",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("tenancy", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"],
            ["parties.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenancy"],
            ["tenancies.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit"],
            ["units.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_occupancies_party"), "occupancies", ["party"], unique=False
    )
    op.create_index(
        op.f("ix_occupancies_tenancy"), "occupancies", ["tenancy"], unique=False
    )
    op.create_index(op.f("ix_occupancies_unit"), "occupancies", ["unit"], unique=False)
    op.bulk_insert(
        sa.table("revision", sa.column("id"), sa.column("value")),
        [{"id": 1, "value": 0}],
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_occupancies_unit"), table_name="occupancies")
    op.drop_index(op.f("ix_occupancies_tenancy"), table_name="occupancies")
    op.drop_index(op.f("ix_occupancies_party"), table_name="occupancies")
    op.drop_table("occupancies")
    op.drop_index(op.f("ix_tenancies_unit"), table_name="tenancies")
    op.drop_table("tenancies")
    op.drop_index(op.f("ix_rooms_unit"), table_name="rooms")
    op.drop_table("rooms")
    op.drop_index(op.f("ix_permits_gateway"), table_name="permits")
    op.drop_index(op.f("ix_permits_door"), table_name="permits")
    op.drop_index(op.f("ix_permits_card"), table_name="permits")
    op.drop_table("permits")
    op.drop_index(op.f("ix_units_building"), table_name="units")
    op.drop_table("units")
    op.drop_index(op.f("ix_doors_building"), table_name="doors")
    op.drop_table("doors")
    op.drop_index("ix_permit_changes_gateway", table_name="permit_changes")
    op.drop_table("permit_changes")
    op.drop_table("identities")
    op.drop_table("gateway_revisions")
    op.drop_index(
        "uq_credentials_live_card",
        table_name="credentials",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(op.f("ix_credentials_party"), table_name="credentials")
    op.drop_index("ix_credentials_card", table_name="credentials")
    op.drop_table("credentials")
    op.drop_index(op.f("ix_controllers_gateway"), table_name="controllers")
    op.drop_table("controllers")
    op.drop_index(op.f("ix_buildings_grid"), table_name="buildings")
    op.drop_table("buildings")
    op.drop_table("revision")
    op.drop_index("ix_passages_unit_at", table_name="passages")
    op.drop_index("ix_passages_door_at", table_name="passages")
    op.drop_index("ix_passages_card_at", table_name="passages")
    op.drop_table("passages")
    op.drop_table("parties")
    op.drop_table("holes")
    op.drop_table("gateways")
    op.drop_table("gateway_records")
    op.drop_index(op.f("ix_gaps_controller"), table_name="gaps")
    op.drop_table("gaps")
    op.drop_table("forks")
    op.drop_index(op.f("ix_audit_entries_subject"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_index(op.f("ix_areas_parent"), table_name="areas")
    op.drop_table("areas")
