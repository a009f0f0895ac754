"""What every kind of transaction can do."""

from typing import Any

from sqlalchemy import Delete, Select, Update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from monitor.store.rows import Fetched, fetched


class Transaction:
    """One transaction. `_session` is for rows that are few, `_connection` for statements."""

    def __init__(self, session: AsyncSession, connection: AsyncConnection) -> None:
        self._session = session
        self._connection = connection
        self._dialect = connection.dialect.name

    async def _rows(self, statement: Select[Any], **values: Any) -> list[Fetched]:
        return fetched(await self._connection.execute(statement, values))

    async def _execute_all(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._connection.execute(statement, rows)

    async def _changed(self, statement: Update | Delete, **values: Any) -> bool:
        result = await self._connection.execute(statement, values)
        return bool(result.rowcount)
