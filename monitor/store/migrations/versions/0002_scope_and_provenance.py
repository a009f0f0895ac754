"""What a disturbance is meant for, and where an observation comes from that somebody else made.

In SQLite the new columns go before the packed facts, for which the table is copied: behind them, every verdict that is read
would cost a walk through its facts. PostgreSQL keeps long values apart, so there the columns are simply added.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    scope = sa.Column("scope", sa.String(), nullable=True)
    provenance = sa.Column("provenance", sa.JSON(none_as_null=True), nullable=True)
    add("observation", {"mechanism": scope, "ruleset": provenance})
    add("check_state", {"mechanism": sa.Column("scope", sa.String(), nullable=True)}, sqlite_with_rowid=False)


def add(table: str, columns: dict[str, sa.Column[Any]], **kept: Any) -> None:
    """Add each of `columns` behind the one that it is listed under, where that can be had."""
    if op.get_bind().dialect.name != "sqlite":
        for column in columns.values():
            op.add_column(table, column)
        return
    with op.batch_alter_table(table, recreate="always", table_kwargs=kept) as batch:
        for before, column in columns.items():
            batch.add_column(column, insert_after=before)
