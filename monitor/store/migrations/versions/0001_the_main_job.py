"""The tables of the main job: looks and what follows from them, incidents, messages, readers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

SQLITE_GUARDS = (
    """CREATE TRIGGER incident_event_is_not_altered BEFORE UPDATE ON incident_event
        BEGIN SELECT RAISE(ABORT, 'the incident log is append-only: write a new event instead'); END""",
    """CREATE TRIGGER incident_event_is_not_deleted BEFORE DELETE ON incident_event
        BEGIN SELECT RAISE(ABORT, 'the incident log is append-only: write a new event instead'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER incident_event_is_not_replaced BEFORE INSERT ON incident_event
        WHEN EXISTS (
            SELECT 1 FROM incident_event WHERE seq = NEW.seq OR (incident = NEW.incident AND version = NEW.version)
        )
        BEGIN SELECT RAISE(ABORT, 'the incident log is append-only: write a new event instead'); END""",
)

POSTGRESQL_GUARDS = (
    """CREATE FUNCTION refuse_to_alter_the_incident_log() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'the incident log is append-only: write a new event instead'; END $$""",
    """CREATE TRIGGER incident_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter_the_incident_log()""",
)


def upgrade() -> None:
    """Make all tables."""
    make_checks()
    make_observations()
    make_incidents()
    guard_the_log()
    make_messages()
    make_readers()


def downgrade() -> None:
    """Refuse: before this there was nothing, and the log may not be deleted."""
    raise NotImplementedError("there is no form of the database before this one; restore a backup instead")


def make_checks() -> None:
    """Checks, where they stand, and their past in spans and hours."""
    op.create_table(
        "check_registry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("probe", sa.String(), nullable=False),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("every", sa.Integer(), nullable=True),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_registry"),
    )
    op.create_table(
        "check_state",
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("observation", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("strength", sa.String(), nullable=False),
        sa.Column("why_unclear", sa.String(), nullable=True),
        sa.Column("mechanism", sa.String(), nullable=True),
        sa.Column("measured_state", sa.String(), nullable=True),
        sa.Column("measured_since", TIME, nullable=True),
        sa.Column("measured_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("check_id", name="pk_check_state"),
        sa.ForeignKeyConstraint(["check_id"], ["check_registry.id"], name="fk_check_state_check_id_check_registry"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "span",
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "started_at", name="pk_span"),
        sa.ForeignKeyConstraint(["check_id"], ["check_registry.id"], name="fk_span_check_id_check_registry"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hour",
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("duration_sum", sa.Float(), nullable=False),
        sa.Column("duration_max", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("check_id", "hour", "state", name="pk_hour"),
        sa.ForeignKeyConstraint(["check_id"], ["check_registry.id"], name="fk_hour_check_id_check_registry"),
        sqlite_with_rowid=False,
    )


def make_observations() -> None:
    """Looks with their verdicts, and the bytes that they rest on."""
    op.create_table(
        "observation",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("check_id", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("validity", sa.String(), nullable=False),
        sa.Column("unmeasured", sa.String(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Float(), nullable=False),
        sa.Column("timing_suspect", sa.Boolean(), nullable=False),
        sa.Column("probe_version", sa.Integer(), nullable=False),
        sa.Column("software", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("strength", sa.String(), nullable=False),
        sa.Column("why_unclear", sa.String(), nullable=True),
        sa.Column("mechanism", sa.String(), nullable=True),
        sa.Column("ruleset", sa.String(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("control", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_observation"),
        sa.UniqueConstraint("id", name="uq_observation_id"),
        sa.ForeignKeyConstraint(["check_id"], ["check_registry.id"], name="fk_observation_check_id_check_registry"),
    )
    op.create_index("ix_observation_check_id_at", "observation", ["check_id", "at"])
    op.create_index("ix_observation_at", "observation", ["at"])
    op.create_table(
        "blob",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_blob"),
        sa.UniqueConstraint("sha256", name="uq_blob_sha256"),
    )
    op.create_table(
        "observation_blob",
        sa.Column("observation", NUMBER, nullable=False),
        sa.Column("blob", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("observation", "blob", name="pk_observation_blob"),
        sa.ForeignKeyConstraint(
            ["observation"], ["observation.number"], name="fk_observation_blob_observation_observation", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["blob"], ["blob.number"], name="fk_observation_blob_blob_blob"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_observation_blob_blob", "observation_blob", ["blob"])


def make_incidents() -> None:
    """The log, incidents as it has left them, and the looks that they rest on."""
    op.create_table(
        "incident_event",
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_incident_event"),
        sa.UniqueConstraint("incident", "version", name="uq_incident_event_incident_version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("tlp", sa.String(), nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_updated_id", "incident", ["updated", "id"])
    op.create_index("ix_incident_organisation_updated", "incident", ["organisation", "updated"])
    op.create_table(
        "incident_observation",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("observation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "observation", name="pk_incident_observation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_observation_observation", "incident_observation", ["observation"])


def guard_the_log() -> None:
    """Let nobody alter or delete what has been entered into the log, not even by hand."""
    guards = POSTGRESQL_GUARDS if op.get_context().dialect.name == "postgresql" else SQLITE_GUARDS
    for guard in guards:
        op.execute(guard)


def make_messages() -> None:
    """The outbox, and every attempt to deliver."""
    op.create_table(
        "message",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("settled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_message"),
        sa.UniqueConstraint("id", name="uq_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_state_due_at", "message", ["state", "due_at"])
    op.create_index("ix_message_channel_incident_number", "message", ["channel", "incident", "number"])
    op.create_index("ix_message_incident", "message", ["incident"])
    op.create_table(
        "delivery",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_delivery"),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name="fk_delivery_message_message"),
    )
    op.create_index("ix_delivery_message", "delivery", ["message"])


def make_readers() -> None:
    """Who may read, and what the service remembers of itself."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("organisations", sa.JSON(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
    )
    for name in ("sign_in", "staff_session"):
        op.create_table(
            name,
            sa.Column("hash", sa.String(), nullable=False),
            sa.Column("expires_at", TIME, nullable=False),
            sa.PrimaryKeyConstraint("hash", name=f"pk_{name}"),
        )
    op.create_table(
        "fact",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_fact"),
    )
