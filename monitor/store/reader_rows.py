"""Keys as rows."""

from monitor.core.keys import Key, KeyUse, Scope
from monitor.store.tables import ApiKeyRow


def key_row(key: Key) -> ApiKeyRow:
    """A key."""
    return ApiKeyRow(
        id=key.id,
        name=key.name,
        hash=key.hash,
        use=key.use,
        scopes=list(key.scopes),
        organisations=None if key.organisations is None else list(key.organisations),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


def key_from(row: ApiKeyRow) -> Key:
    """A key."""
    return Key(
        id=row.id,
        name=row.name,
        hash=row.hash,
        use=KeyUse(row.use),
        scopes=tuple(Scope(scope) for scope in row.scopes),
        organisations=None if row.organisations is None else tuple(row.organisations),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
