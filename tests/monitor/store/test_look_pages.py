"""Looks are taken away page by page: none is left out, none comes twice, whatever the checks and the size of the page."""

import pytest

from monitor.core.plan import Check
from monitor.store import Store
from tests.monitor.store import cast
from tests.monitor.store.conftest import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("checks", [(cast.MOSCOW,), (cast.MOSCOW, cast.BERLIN)])
async def test_pages_hold_every_look_once_in_order(store: Store, size: int, checks: tuple[Check, ...]) -> None:
    made = [cast.a_look(cast.after(minute), check=check) for minute in range(3) for check in (cast.MOSCOW, cast.BERLIN)]
    async with store.writing() as writing:
        await writing.save_checks([cast.MOSCOW, cast.BERLIN])
        await writing.add_looks(made)
    wanted = {check.id for check in checks}
    found: list[str] = []
    after = None
    async with store.reading() as reading:
        while page := await reading.looks(wanted, cast.after(0), cast.after(10), after=after, limit=size):
            found += [look.verdict.observation for look in page]
            after = page[-1].verdict.at, page[-1].verdict.observation
    expected = sorted((one.verdict.at, one.verdict.observation) for one in made if one.verdict.check in wanted)
    assert found == [name for _, name in expected]


async def test_nobodys_checks_have_no_looks(store: Store) -> None:
    async with store.reading() as reading:
        assert await reading.looks((), cast.after(0), cast.after(10), after=None, limit=5) == []


async def test_the_checks_of_an_organisation_are_known_with_their_targets_watched_or_not(store: Store) -> None:
    async with store.writing() as writing:
        await writing.save_checks([cast.MOSCOW, cast.BERLIN])
        await writing.save_checks([cast.MOSCOW])
    async with store.reading() as reading:
        assert await reading.checks_of("ovd-info") == {cast.MOSCOW.id: "site", cast.BERLIN.id: "site"}
        assert await reading.checks_of("nobody") == {}
