"""PostgreSQL as the store uses it: by the rules that SQLite has of itself, one writer, and readers who see one moment."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, event

_WRITING: Final = int.from_bytes(b"cutwatch", "big")
"""The advisory lock of whoever writes to this database, the service or a command."""

_SHORTEST_CONNECT_TIMEOUT: Final = 2
"""Seconds; the driver takes less for this."""

ONE_MOMENT: Final[dict[str, Any]] = {
    "isolation_level": "REPEATABLE READ",
    "execution_options": {"postgresql_readonly": True},
}
"""What an engine for reading is made with: otherwise every question would be answered as of its own moment."""


SWEEP: Final = "VACUUM incident_event, incident, message, parcel"
"""The tables that an erasure rewrites."""


def patience(seconds: float) -> dict[str, Any]:
    """What every engine is made with: it waits that long for the server, and forgets connections that the server has ended."""
    return {"connect_args": {"connect_timeout": max(_SHORTEST_CONNECT_TIMEOUT, round(seconds))}, "pool_pre_ping": True}


def tune_for_writing(engine: Engine, busy_timeout: float) -> None:
    """Every transaction waits at its start until nobody else writes, for so many seconds.

    What is decided on what was read in it, such as the next version of an incident or what goes into a parcel, then holds; and
    the log's numbers become visible in their order, so that whoever follows it by them misses nothing.
    """
    milliseconds = round(busy_timeout * 1000)

    def take_turn(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")

    event.listen(engine, "begin", take_turn)
