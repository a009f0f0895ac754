"""What people state of incidents and how these stand to each other; parcels, in which messages travel; deadlines.

Messages that were waiting wait on. What had been tried, delivered or given up is kept as a parcel of its own with its attempts.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
TEXT = sa.String()

BEFORE, AFTER = timedelta(days=7), timedelta(days=1)
"""How far before its beginning and after its end the looks around an incident are kept."""


def upgrade() -> None:
    """Add the columns and tables."""
    extend("incident", {"stage": ("origin", TEXT, "'measured'"), "origin": ("provider", TEXT, None)})
    extend(
        "incident", {"tlp": ("entry", TEXT, None), "entry": ("keep_from", TIME, None), "keep_from": ("keep_until", TIME, None)}
    )
    with op.batch_alter_table("incident") as batch:
        batch.create_unique_constraint("uq_incident_entry", ["entry"])
    op.create_index("ix_incident_organisation_target", "incident", ["organisation", "target"])
    op.create_index("ix_incident_tlp_updated_version", "incident", ["tlp", "updated", "version"])
    make_cases()
    if not context.is_offline_mode():
        fill_cases()
    make_parcels()
    make_dates()
    extend("api_key", {"hash": ("use", TEXT, "'api'")})


def extend(table: str, columns: Mapping[str, tuple[str, sa.types.TypeEngine[Any], str | None]], **kept: Any) -> None:
    """Add columns (name, type, what existing rows get: then it may not be empty), each behind the one it is listed under.

    SQLite copies the table for that; `kept` is what must be said of it again.
    """
    copied = op.get_context().dialect.name == "sqlite"
    with op.batch_alter_table(table, recreate="always" if copied else "never", table_kwargs=kept) as batch:
        for before, (name, kind, _) in columns.items():
            place: dict[str, Any] = {"insert_after": before} if copied else {}
            batch.add_column(sa.Column(name, kind, nullable=True), **place)
    filled = {name: (kind, value) for name, kind, value in columns.values() if value is not None}
    for name, (_, value) in filled.items():
        op.execute(f'UPDATE {table} SET "{name}" = {value}')  # noqa: S608  both are written above
    if filled:
        with op.batch_alter_table(table, table_kwargs=kept) as batch:
            for name, (kind, _) in filled.items():
                batch.alter_column(name, existing_type=kind, nullable=False)


def make_cases() -> None:
    """Where an incident is felt, to what it belongs, and who sees to it."""
    op.create_table(
        "incident_country",
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("country", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("incident", "country", name="pk_incident_country"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_country_country", "incident_country", ["country"])
    op.create_table(
        "incident_relation",
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("other", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("incident", "kind", "other", name="pk_incident_relation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_relation_other", "incident_relation", ["other"])
    op.create_table(
        "care",
        sa.Column("incident", TEXT, nullable=False),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("acknowledged_by", TEXT, nullable=True),
        sa.Column("acknowledged_version", sa.Integer(), nullable=True),
        sa.Column("muted_until", TIME, nullable=True),
        sa.Column("muted_by", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("incident", name="pk_care"),
    )


def fill_cases() -> None:
    """Say of the incidents that there are where they are felt, and which looks they keep."""
    connection = op.get_bind()
    found = sa.table("incident", *(sa.column(name) for name in ("id", "country", "data", "keep_from", "keep_until")))
    for row in connection.execute(sa.select(found.c.id, found.c.country, found.c.data)).mappings().all():
        data = json.loads(row["data"]) if isinstance(row["data"], str) else row["data"]
        kept = {"keep_from": moment(data["onset"], -BEFORE), "keep_until": moment(data["end"], AFTER)}
        if data.get("confirmed_at"):
            typed = sa.table("incident", sa.column("id"), sa.column("keep_from", TIME), sa.column("keep_until", TIME))
            connection.execute(sa.update(typed).where(typed.c.id == row["id"]).values(kept))
        if row["country"]:
            countries = sa.table("incident_country", sa.column("incident"), sa.column("country"))
            connection.execute(sa.insert(countries).values(incident=row["id"], country=row["country"]))


def moment(bracket: Mapping[str, str] | None, shift: timedelta) -> datetime | None:
    """The last moment of a bracket, shifted."""
    return datetime.fromisoformat(bracket["by"]) + shift if bracket else None


def make_parcels() -> None:
    """Parcels take over delivery; a message only knows in which it travels."""
    op.create_table(
        "parcel",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("route", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("perhaps_received", sa.Boolean(), nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("lease_by", TEXT, nullable=True),
        sa.Column("last_error", TEXT, nullable=True),
        sa.Column("settled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_parcel"),
        sa.UniqueConstraint("id", name="uq_parcel_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_parcel_state_due_at", "parcel", ["state", "due_at"])
    op.create_index("ix_parcel_channel_state", "parcel", ["channel", "state"])
    op.execute(
        "INSERT INTO parcel (id, route, channel, created_at, payload, state, due_at, attempts, perhaps_received, "
        "last_error, settled_at) SELECT id, route, channel, created_at, payload, "
        "CASE WHEN state IN ('delivered', 'dead') THEN state ELSE 'dissolved' END, due_at, attempts, false, "
        "last_error, settled_at FROM message WHERE attempts > 0 OR state IN ('delivered', 'dead')"
    )
    op.execute("UPDATE message SET state = 'pending' WHERE state = 'leased'")
    columns = {
        "channel": ("bundle", TEXT, "''"),
        "bundle": ("severity", TEXT, "'morning'"),
        "severity": ("purpose", TEXT, "'direct'"),
        "purpose": ("stands_in_for", TEXT, None),
        "attempts": ("parcel", TEXT, None),
    }
    extend("message", columns, sqlite_autoincrement=True)
    op.execute("UPDATE message SET parcel = id WHERE state IN ('delivered', 'dead')")
    with op.batch_alter_table("message", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("lease_until")
        batch.drop_column("lease_by")
    op.drop_index("ix_message_channel_incident_number", "message")
    op.drop_index("ix_message_incident", "message")
    op.create_index("ix_message_channel_incident_state_number", "message", ["channel", "incident", "state", "number"])
    op.create_index("ix_message_incident_state", "message", ["incident", "state"])
    op.create_index("ix_message_parcel", "message", ["parcel"])
    op.drop_index("ix_delivery_message", "delivery")
    with op.batch_alter_table("delivery") as batch:
        batch.drop_constraint("fk_delivery_message_message", type_="foreignkey")
        batch.alter_column("message", new_column_name="parcel", existing_type=TEXT, existing_nullable=False)
    with op.batch_alter_table("delivery") as batch:
        batch.create_foreign_key("fk_delivery_parcel_parcel", "parcel", ["parcel"], ["id"])
    op.create_index("ix_delivery_parcel", "delivery", ["parcel"])


def make_dates() -> None:
    """What organisations announce, and by when somebody must act."""
    op.create_table(
        "planned_change",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("note", TEXT, nullable=True),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("entered_by", TEXT, nullable=False),
        sa.Column("cancelled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_planned_change"),
    )
    op.create_index("ix_planned_change_organisation_target", "planned_change", ["organisation", "target"])
    op.create_table(
        "planned_look",
        sa.Column("observation", TEXT, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("note", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("observation", name="pk_planned_look"),
        sa.ForeignKeyConstraint(
            ["observation"], ["observation.id"], name="fk_planned_look_observation_observation", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deadline",
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "target", "kind", "subject", name="pk_deadline"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deadline_at", "deadline", ["at"])


def downgrade() -> None:
    """Refuse: what came in since has no place in the form before."""
    raise NotImplementedError("there is no way back to the form before; restore a backup instead")
