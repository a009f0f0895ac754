"""The statements about who may read, and what the service remembers of itself."""

from functools import cache

from sqlalchemy import Delete, Insert, Update, bindparam, delete, update

from monitor.store import tables
from monitor.store.statements import replace_all, table_of

_key = table_of(tables.ApiKeyRow)
_sign_in = table_of(tables.SignInRow)
_session = table_of(tables.StaffSessionRow)
_fact = table_of(tables.FactRow)

REVOKE_KEY: Update = (
    update(_key).where(_key.c.id == bindparam("key"), _key.c.revoked_at.is_(None)).values(revoked_at=bindparam("now"))
)

TOUCH_KEY: Update = update(_key).where(_key.c.id == bindparam("key")).values(last_used_at=bindparam("now"))

USE_SIGN_IN: Delete = delete(_sign_in).where(_sign_in.c.hash == bindparam("hash"), _sign_in.c.expires_at > bindparam("now"))

FORGET_SIGN_INS: Delete = delete(_sign_in).where(_sign_in.c.expires_at <= bindparam("now"))

END_SESSION: Delete = delete(_session).where(_session.c.hash == bindparam("hash"))

FORGET_SESSIONS: Delete = delete(_session).where(_session.c.expires_at <= bindparam("now"))


@cache
def set_fact(dialect: str) -> Insert:
    """Something to remember, in place of what was remembered under that name."""
    return replace_all(dialect, _fact)
