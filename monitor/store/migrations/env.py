"""How Alembic runs a migration: on the connection that `migrate` hands over, in its transaction."""

from alembic import context

from monitor.store.tables import Row

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
