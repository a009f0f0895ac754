"""The database: everything that was seen, concluded and owed. The only place that knows SQLModel."""

from monitor.store.maintenance import backup, integrity_check, migrate
from monitor.store.reading import Reading
from monitor.store.records import (
    Attempt,
    Care,
    ChannelBacklog,
    CheckState,
    Hour,
    Judged,
    MessageState,
    Owed,
    ParcelState,
    Posted,
    Queued,
    Sent,
    Span,
    Standing,
    Unattended,
)
from monitor.store.session import Store
from monitor.store.unavailable import StoreUnavailable
from monitor.store.writing import OutOfStep, Writing

__all__ = [
    "Attempt",
    "Care",
    "ChannelBacklog",
    "CheckState",
    "Hour",
    "Judged",
    "MessageState",
    "OutOfStep",
    "Owed",
    "ParcelState",
    "Posted",
    "Queued",
    "Reading",
    "Sent",
    "Span",
    "Standing",
    "Store",
    "StoreUnavailable",
    "Unattended",
    "Writing",
    "backup",
    "integrity_check",
    "migrate",
]
