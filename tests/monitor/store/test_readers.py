"""Keys, sign-ins, sessions and facts: who may read, and what the service remembers of itself."""

from dataclasses import replace

from monitor.core.keys import Key, Scope, fingerprint, make_key
from monitor.store import Store
from tests.monitor.store.cast import NOON, after
from tests.monitor.store.conftest import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES


def a_key(name: str = "grafana", organisations: tuple[str, ...] | None = None) -> Key:
    return make_key(name, (Scope.READ, Scope.REVIEW), organisations, NOON)[0]


async def test_a_key_is_found_by_the_hash_of_its_secret(store: Store) -> None:
    key, bound = a_key(), a_key("partner", ("ovd-info",))
    async with store.writing() as writing:
        await writing.add_key(key)
        await writing.add_key(bound)
    async with store.reading() as reading:
        assert await reading.key(key.hash) == key
        assert await reading.key(bound.hash) == bound
        assert await reading.key(fingerprint("a guess")) is None
        assert sorted(await reading.keys(), key=lambda one: one.name) == [key, bound]


async def test_a_revoked_key_is_known_as_revoked(store: Store) -> None:
    key = a_key()
    async with store.writing() as writing:
        await writing.add_key(key)
        assert await writing.revoke_key(key.id, after(1))
        assert not await writing.revoke_key(key.id, after(2))
        assert not await writing.revoke_key("key-unknown", after(2))
    async with store.reading() as reading:
        found = await reading.key(key.hash)
    assert found == replace(key, revoked_at=after(1))
    assert not found.usable(after(3))


async def test_the_last_use_of_a_key_is_noted(store: Store) -> None:
    key = a_key()
    async with store.writing() as writing:
        await writing.add_key(key)
        await writing.touch_key(key.id, after(7))
    async with store.reading() as reading:
        assert await reading.key(key.hash) == replace(key, last_used_at=after(7))


async def test_a_sign_in_opens_once(store: Store) -> None:
    async with store.writing() as writing:
        await writing.add_sign_in("h1", after(30))
    async with store.writing() as writing:
        assert await writing.use_sign_in("h1", after(1))
        assert not await writing.use_sign_in("h1", after(1))
        assert not await writing.use_sign_in("a guess", after(1))


async def test_a_sign_in_ends(store: Store) -> None:
    async with store.writing() as writing:
        await writing.add_sign_in("h1", after(30))
        assert not await writing.use_sign_in("h1", after(30))


async def test_a_session_ends(store: Store) -> None:
    async with store.writing() as writing:
        await writing.add_session("s1", after(60))
    async with store.reading() as reading:
        assert await reading.session("s1", after(59))
        assert not await reading.session("s1", after(60))
        assert not await reading.session("a guess", NOON)


async def test_what_has_expired_is_forgotten_when_somebody_signs_in(store: Store) -> None:
    async with store.writing() as writing:
        await writing.add_session("old", after(10))
        await writing.add_session("new", after(90))
        await writing.use_sign_in("anything", after(20))
    async with store.reading() as reading:
        assert not await reading.session("old", NOON)
        assert await reading.session("new", NOON)


async def test_a_fact_replaces_the_one_before(store: Store) -> None:
    async with store.writing() as writing:
        await writing.set_fact("country", "DE")
        await writing.set_fact("country", "GE")
    async with store.reading() as reading:
        assert await reading.fact("country") == "GE"
        assert await reading.fact("unknown") is None
