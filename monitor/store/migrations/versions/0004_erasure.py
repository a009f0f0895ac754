"""A person's data can be taken out of the log, and nothing else can be altered there (ADR 0010).

The guard lets the data of an event be rewritten only while the last event of the same incident is an erasure: whoever takes
something out has said so first, in the log itself.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQLITE = (
    "DROP TRIGGER incident_event_is_not_altered",
    """CREATE TRIGGER incident_event_is_not_altered BEFORE UPDATE ON incident_event
        WHEN NEW.seq <> OLD.seq OR NEW.incident <> OLD.incident OR NEW.version <> OLD.version OR NEW.at <> OLD.at
            OR NEW.kind <> OLD.kind
            OR (SELECT kind FROM incident_event WHERE incident = OLD.incident ORDER BY version DESC LIMIT 1) <> 'erased'
        BEGIN SELECT RAISE(ABORT, 'the incident log is append-only: write a new event instead'); END""",
)

POSTGRESQL = (
    "DROP TRIGGER incident_event_is_append_only ON incident_event",
    """CREATE TRIGGER incident_event_is_append_only BEFORE DELETE OR TRUNCATE ON incident_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter_the_incident_log()""",
    """CREATE TRIGGER incident_event_is_not_moved BEFORE UPDATE ON incident_event FOR EACH ROW
        WHEN ((NEW.seq, NEW.incident, NEW.version, NEW.at, NEW.kind) <> (OLD.seq, OLD.incident, OLD.version, OLD.at, OLD.kind))
        EXECUTE FUNCTION refuse_to_alter_the_incident_log()""",
    """CREATE FUNCTION refuse_what_no_erasure_allows() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN
            IF (SELECT kind FROM incident_event WHERE incident = OLD.incident ORDER BY version DESC LIMIT 1) <> 'erased' THEN
                RAISE EXCEPTION 'the incident log is append-only: write a new event instead';
            END IF;
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER incident_event_is_not_altered BEFORE UPDATE ON incident_event
        FOR EACH ROW EXECUTE FUNCTION refuse_what_no_erasure_allows()""",
)


def upgrade() -> None:
    """Exchange the guards."""
    for statement in POSTGRESQL if op.get_context().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what has been erased under the new guard stays so, and the old one need not come back."""
    raise NotImplementedError("the form of the database before this one is not restored; restore a backup instead")
