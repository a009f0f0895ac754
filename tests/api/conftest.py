"""The real application over a real database, with a clock that stands still."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.app import create
from monitor.clock import Clock
from monitor.core.keys import Scope, fingerprint, make_key, new_secret
from monitor.core.plan import plan_checks
from monitor.core.watchlist import Watchlist
from monitor.service import Context, Health, VantageStatus
from monitor.settings import Settings
from monitor.store import Store, migrate
from probes.kit.vocabulary import VantageHealth
from tests.api import cast

METRICS = b'cutwatch_target_state{organisation="memorial"} 1\n'


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "cutwatch.db"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def store(template: Path, tmp_path: Path) -> AsyncIterator[Store]:
    path = shutil.copy(template, tmp_path / "cutwatch.db")
    store = await Store.open(f"sqlite+aiosqlite:///{path}", busy_timeout=0.2)
    yield store
    await store.close()


def status(vantage: str, country: str, health: VantageHealth) -> VantageStatus:
    return VantageStatus(id=vantage, country=country, health=health, since=cast.NOW - timedelta(hours=1), heard=cast.NOW)


WELL = Health(
    ready=True, vantages=(status("moscow-home", "RU", VantageHealth.HEALTHY), status("berlin", "DE", VantageHealth.HEALTHY))
)


@dataclass(slots=True)
class House:
    """The application and what it is told of the world; a story may change either."""

    app: FastAPI
    store: Store

    @property
    def context(self) -> Context:
        context: Context = self.app.state.context
        return context

    def change(self, **values: Any) -> None:
        """Tell the application something else from now on: `watchlist`, `health`, `metrics`, `clock`, `settings` or `store`."""
        asked = {"watchlist", "health", "metrics"}
        given: Any = {name: (lambda value=value: value) if name in asked else value for name, value in values.items()}
        self.app.state.context = replace(self.context, **given)

    async def watch(self, watchlist: Watchlist) -> None:
        """Watch these organisations from now on."""
        self.change(watchlist=watchlist)
        async with self.store.writing() as writing:
            await writing.save_checks(plan_checks(watchlist, cast.PROBES))

    async def key(self, *scopes: Scope, organisations: tuple[str, ...] | None = None, expires: datetime | None = None) -> str:
        """Make a key and return its secret."""
        key, secret = make_key("a test", scopes or (Scope.READ,), organisations, cast.NOW, expires)
        async with self.store.writing() as writing:
            await writing.add_key(key)
        return secret

    async def sign_in_address(self, expires: datetime = cast.NOW + timedelta(minutes=30)) -> str:
        """What `cutwatch run` prints."""
        secret = new_secret()
        async with self.store.writing() as writing:
            await writing.add_sign_in(fingerprint(secret), expires)
        return f"/sign-in?token={secret}"

    async def sign_in(self, client: httpx2.AsyncClient) -> httpx2.Response:
        """Open a fresh sign-in address and press its button."""
        return await press(client, await self.sign_in_address())

    def client(self, *, secret: str | None = None, peer: str = "192.0.2.7", **options: Any) -> httpx2.AsyncClient:
        """Somebody who asks; anonymous unless there is a key, and from elsewhere unless `peer` says otherwise."""
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        transport = httpx2.ASGITransport(
            self.app, raise_app_exceptions=options.pop("raise_app_exceptions", True), client=(peer, 4711)
        )
        return httpx2.AsyncClient(transport=transport, base_url=options.pop("base_url", cast.ADDRESS), headers=headers, **options)

    @asynccontextmanager
    async def staff(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A member of staff, signed in."""
        async with self.client() as client:
            await self.sign_in(client)
            yield client


async def press(client: httpx2.AsyncClient, address: str, **options: Any) -> httpx2.Response:
    """Send what the button of a sign-in address sends."""
    path, _, secret = address.partition("?token=")
    return await client.post(path, data={"token": secret}, **options)


@pytest.fixture
async def house(store: Store, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr("api.planned.discover", lambda: cast.PROBES)
    app = create()
    app.state.context = Context(
        settings=Settings(base_url=cast.ADDRESS),
        clock=standing_still(cast.NOW),
        store=store,
        watchlist=cast.watchlist,
        metrics=lambda: METRICS,
        health=lambda: WELL,
    )
    house = House(app, store)
    await house.watch(cast.watchlist())
    return house


def standing_still(at: datetime) -> Clock:
    """A clock that always shows this time."""
    return Clock.starting(at, speed=0)


@pytest.fixture
async def anonymous(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.client() as client:
        yield client


@pytest.fixture
async def staff(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.staff() as client:
        yield client
