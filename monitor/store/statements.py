"""What the statements in the modules named `…_queries` are made of, wherever the two databases differ.

A statement is made once and takes its values when it is executed; only filters that a reader may leave out are added on the
spot. One that differs between SQLite and PostgreSQL takes the dialect's name as its argument.
"""

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from monitor.store import tables


def table_of(row: type[tables.Row]) -> Table:
    """The table of a row's class."""
    return tables.Row.metadata.tables[str(row.__tablename__)]


def upsert(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insertion that can say what to do where the row is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def replace_all(dialect: str, table: Table) -> Insert:
    """Insert a row, or set all its columns where its key is there already."""
    statement = upsert(dialect, table)
    keys = table.primary_key.columns.keys()
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


def insert_or_keep(dialect: str, table: Table) -> Insert:
    """Insert a row, unless one that must be unique with it is there already."""
    return upsert(dialect, table).on_conflict_do_nothing()
