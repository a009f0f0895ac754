"""The database: everything that was seen, concluded and owed. The only place that knows SQLModel."""

from monitor.store.maintenance import backup, integrity_check, migrate
from monitor.store.reading import Reading
from monitor.store.records import (
    Attempt,
    ChannelBacklog,
    CheckState,
    Hour,
    Judged,
    MessageState,
    Owed,
    Posted,
    Span,
    Standing,
)
from monitor.store.session import Store, StoreUnavailable
from monitor.store.writing import OutOfStep, Writing

__all__ = [
    "Attempt",
    "ChannelBacklog",
    "CheckState",
    "Hour",
    "Judged",
    "MessageState",
    "OutOfStep",
    "Owed",
    "Posted",
    "Reading",
    "Span",
    "Standing",
    "Store",
    "StoreUnavailable",
    "Writing",
    "backup",
    "integrity_check",
    "migrate",
]
