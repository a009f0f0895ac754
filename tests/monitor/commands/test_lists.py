"""`cutwatch lists`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from monitor.commands import lists
from monitor.core.ooni_fingerprints import DNS_FILE
from monitor.engine.list_cache import cache_file
from tests.monitor.commands.conftest import Type, objects
from tests.monitor.ooni_list import DNS, HTTP

FINGERPRINTS = """\
id: ru
compiled: 2026-11-22
countries: [RU]
fingerprints:
  - {id: ru_provider, kind: blockpage, location: [block.example.ru], source: the provider}
"""


def sent(text: str) -> httpx2.Response:
    return httpx2.Response(200, stream=httpx2.ByteStream(text.encode()))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> dict[str, httpx2.Response]:
    """What stands at the address of the list; no request leaves the process."""
    answers: dict[str, httpx2.Response] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        name = request.url.path.rpartition("/")[2]
        given = answers.get(str(request.url.host)) or answers.get(name)
        return given or sent(DNS if name == DNS_FILE else HTTP)

    @asynccontextmanager
    async def client() -> AsyncIterator[httpx2.AsyncClient]:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as made:
            yield made

    monkeypatch.setattr(lists, "ordinary_client", client)
    return answers


@pytest.mark.usefixtures("published")
def test_a_list_is_fetched_when_asked_for(cutwatch: Type, house: Path) -> None:
    result = cutwatch("lists", "update")
    assert result.exit_code == 0, result.output
    assert "OONI's list is in force: version" in result.stdout
    assert "4 of 4 rows are used" in result.stdout
    assert cache_file(house / "var").is_file()
    assert "has not changed" in cutwatch("lists", "update").stdout


@pytest.mark.usefixtures("published")
def test_a_program_is_told_the_same(cutwatch: Type) -> None:
    [updated] = objects(cutwatch("lists", "update", "--json"))
    assert updated == {"version": updated["version"], "changed": True, "rows": 4, "used": 4, "skipped": {}}


def test_a_list_that_is_refused_leaves_everything_as_it_was(
    cutwatch: Type, house: Path, published: dict[str, httpx2.Response]
) -> None:
    published[DNS_FILE] = sent("<html>\n")
    result = cutwatch("lists", "update")
    assert result.exit_code == 1
    assert "does not begin with the columns" in result.stderr
    assert "The list in use stays as it is." in result.stderr
    assert not cache_file(house / "var").exists()


def test_a_list_that_cannot_be_fetched_is_explained(cutwatch: Type, published: dict[str, httpx2.Response]) -> None:
    published[DNS_FILE] = httpx2.Response(503)
    result = cutwatch("lists", "update")
    assert result.exit_code == 1
    assert "answers with status 503" in result.stderr
    assert "Traceback" not in result.output


def test_another_address_can_be_configured(cutwatch: Type, house: Path, published: dict[str, httpx2.Response]) -> None:
    published["mirror.example.org"] = httpx2.Response(410)
    with (house / "config" / "monitor.yaml").open("a", encoding="utf-8") as file:
        file.write("lists: {ooni_fingerprints: 'https://mirror.example.org/list'}\n")
    assert "https://mirror.example.org/list/fingerprints_dns.csv answers with status 410" in cutwatch("lists", "update").stderr


def test_nothing_is_fetched_with_a_configuration_that_is_wrong(cutwatch: Type, house: Path) -> None:
    (house / "config" / "monitor.yaml").write_text("vantages: []\n", encoding="utf-8")
    result = cutwatch("lists", "update")
    assert result.exit_code == 2
    assert "run `cutwatch check`" in result.stderr


@pytest.mark.usefixtures("published")
def test_the_lists_in_force_are_named(cutwatch: Type, house: Path) -> None:
    (house / "config" / "fingerprints").mkdir()
    (house / "config" / "fingerprints" / "ru.yaml").write_text(FINGERPRINTS, encoding="utf-8")
    before = cutwatch("lists", "status")
    assert before.exit_code == 0
    assert "own: version 2026-11-22-" in before.stdout
    assert "ooni: not fetched. Run `cutwatch lists update` to use it." in before.stdout

    cutwatch("lists", "update")
    after = cutwatch("lists", "status").stdout
    assert "4 of 4 rows are used" in after
    assert str(cache_file(house / "var")) in after


@pytest.mark.usefixtures("published")
def test_a_program_gets_an_object_for_each_list(cutwatch: Type) -> None:
    before = objects(cutwatch("lists", "status", "--json"))
    cutwatch("lists", "update")
    after = objects(cutwatch("lists", "status", "--json"))
    assert [one["list"] for one in before] == ["own", "ooni"]
    assert before[1]["version"] is None
    assert after[1]["version"] is not None
    assert after[1]["used"] == 4
    assert set(before[1]) == set(after[1])


@pytest.mark.usefixtures("published")
def test_a_damaged_list_is_said_to_be_damaged(cutwatch: Type, house: Path) -> None:
    cutwatch("lists", "update")
    cache_file(house / "var").write_bytes(b"{")
    result = cutwatch("lists", "status")
    assert result.exit_code == 1
    assert "remove it, and run `cutwatch lists update`" in result.stderr


def test_a_mistake_in_our_own_list_is_explained_by_check(cutwatch: Type, house: Path) -> None:
    (house / "config" / "fingerprints").mkdir()
    (house / "config" / "fingerprints" / "ru.yaml").write_text(FINGERPRINTS.replace("kind:", "knd:"), encoding="utf-8")
    assert cutwatch("lists", "status").exit_code == 2
    assert "ru.yaml:5: fingerprints[0].knd" in cutwatch("check").stderr
