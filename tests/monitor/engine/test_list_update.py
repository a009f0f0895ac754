"""OONI's list, fetched over real HTTP from servers that mean well, fail or mean harm."""

import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from monitor.core.ooni_fingerprints import DNS_FILE, HTTP_FILE, ListRefused
from monitor.engine import list_update
from monitor.engine.list_cache import CacheDamaged, cache_file, read_cached, write_cached
from monitor.engine.list_update import NotFetched, Updated, ordinary_client, update_ooni_list
from tests.lab.http import HangUp, Request, Response, serve
from tests.lab.listening import Listener
from tests.monitor.ooni_list import DNS, HTTP, http_row

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass
class Origin:
    """Where a list stands. `answers` take the place of a file's ordinary answer."""

    url: str = ""
    files: dict[str, str] = field(default_factory=lambda: {DNS_FILE: DNS, HTTP_FILE: HTTP})
    answers: dict[str, Callable[[Request], Response]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    async def respond(self, request: Request) -> Response:
        self.asked.append(request)
        name = request.target.rpartition("/")[2]
        if name in self.answers:
            return self.answers[name](request)
        body = self.files[name].encode()
        etag = f'"{hash(body)}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status=304)
        return Response(headers={"etag": etag}, body=body)


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    ours = Origin()
    listener = await Listener.open("127.0.0.1", lambda reader, writer: serve(ours.respond, reader, writer))
    ours.url = f"http://{listener.endpoint}/list/main"
    yield ours
    await listener.close()


async def update(origin: Origin, data: Path, now: datetime = NOW) -> Updated:
    async with ordinary_client() as client:
        return await update_ooni_list(client, origin.url, data, now, lambda name, received: None)


async def test_a_list_is_fetched_and_kept_with_its_version(origin: Origin, tmp_path: Path) -> None:
    updated = await update(origin, tmp_path)
    kept = read_cached(tmp_path)
    assert kept is not None
    assert updated.changed
    assert (updated.rows, updated.used) == (4, 4)
    assert updated.version == kept.version
    assert kept.version.startswith("2026-11-22-")
    assert kept.files == {DNS_FILE: DNS, HTTP_FILE: HTTP}
    assert [path.name for path in cache_file(tmp_path).parent.iterdir()] == [cache_file(tmp_path).name]


async def test_who_fetches_is_told_how_far_it_is(origin: Origin, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    async with ordinary_client() as client:
        await update_ooni_list(client, origin.url, tmp_path, NOW, lambda *progress: told.append(progress))
    assert dict(told) == {DNS_FILE: len(DNS), HTTP_FILE: len(HTTP)}


async def test_what_has_not_changed_is_not_sent_again(origin: Origin, tmp_path: Path) -> None:
    first = await update(origin, tmp_path)
    again = await update(origin, tmp_path, NOW + timedelta(days=3))
    assert not again.changed
    assert again.version == first.version
    assert [request.headers.get("if-none-match") is not None for request in origin.asked] == [False, False, True, True]


async def test_another_origin_is_asked_for_everything(origin: Origin, tmp_path: Path) -> None:
    await update(origin, tmp_path)
    origin.url = origin.url.replace("/main", "/mirror")
    again = await update(origin, tmp_path, NOW + timedelta(days=3))
    assert all("if-none-match" not in request.headers for request in origin.asked)
    assert not again.changed, "the same list, wherever it was fetched"


async def test_a_changed_list_takes_the_place_of_the_old_one(origin: Origin, tmp_path: Path) -> None:
    first = await update(origin, tmp_path)
    origin.files[HTTP_FILE] = HTTP + http_row("ooni.kz_1", "closed in Kazakhstan", countries="KZ") + "\n"
    second = await update(origin, tmp_path, NOW + timedelta(days=1))
    assert second.changed
    assert second.rows == first.rows + 1
    assert second.version.startswith("2026-11-23-")


@pytest.mark.parametrize(
    "hostile",
    [
        HTTP + http_row("evil", "<html>") + "\n",
        HTTP + http_row("evil", "(a+)+$", kind="regexp") + "\n",
        HTTP[:-30],
        "<html>Not found</html>\n",
        "",
    ],
)
async def test_a_hostile_list_is_refused_whole_and_the_old_one_stays(origin: Origin, tmp_path: Path, hostile: str) -> None:
    await update(origin, tmp_path)
    before = read_cached(tmp_path)
    origin.files[HTTP_FILE] = hostile
    with pytest.raises(ListRefused):
        await update(origin, tmp_path)
    assert read_cached(tmp_path) == before


async def test_half_a_list_is_refused(origin: Origin, tmp_path: Path) -> None:
    origin.files[HTTP_FILE] = HTTP + "".join(
        http_row(f"ooni.ru_{one}0", f"closed by order {one}0") + "\n" for one in range(2, 20)
    )
    await update(origin, tmp_path)
    origin.files[HTTP_FILE] = HTTP
    with pytest.raises(ListRefused, match="more than half is missing"):
        await update(origin, tmp_path)


async def test_a_file_without_end_is_given_up(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_update, "SIZE_CAP", 1024 * 1024)
    origin.answers[DNS_FILE] = lambda _: Response(body=b"x" * 8 * 1024 * 1024)
    with pytest.raises(ListRefused, match="larger than 1 MiB"):
        await update(origin, tmp_path)


async def test_a_server_that_drips_is_given_up(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_update, "PATIENCE", 0.3)
    origin.answers[DNS_FILE] = lambda _: Response(body=DNS.encode(), bytes_per_second=20)
    with pytest.raises(NotFetched, match="try again later"):
        await update(origin, tmp_path)


def hang_up(_: Request) -> Response:
    raise HangUp


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _: Response(status=404), "answers with status 404"),
        (lambda _: Response(status=304), "answers with status 304"),
        (lambda _: Response(status=302, headers={"location": "http://127.0.0.1/"}), "leads elsewhere"),
        (lambda _: Response(headers={"content-encoding": "gzip"}, body=gzip.compress(b"x" * 10**6)), "is sent packed"),
        (hang_up, "cannot be fetched"),
    ],
)
async def test_what_is_no_answer_is_explained(
    origin: Origin, tmp_path: Path, answer: Callable[[Request], Response], said: str
) -> None:
    origin.answers[HTTP_FILE] = answer
    with pytest.raises(NotFetched, match=said):
        await update(origin, tmp_path)
    assert read_cached(tmp_path) is None


async def test_a_server_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="see whether this machine reaches it"):
        await update(Origin(url="http://127.0.0.1:9"), tmp_path)


async def test_a_certificate_that_nobody_vouches_for_is_no_origin(origin: Origin, tmp_path: Path) -> None:
    origin.url = origin.url.replace("http:", "https:")
    with pytest.raises(NotFetched, match="ConnectError"):
        await update(origin, tmp_path)


async def test_a_damaged_file_is_replaced_by_the_next_list(origin: Origin, tmp_path: Path) -> None:
    await update(origin, tmp_path)
    cache_file(tmp_path).write_bytes(b'{"fetched_at": "20')
    with pytest.raises(CacheDamaged, match="run `cutwatch lists update`"):
        read_cached(tmp_path)
    assert (await update(origin, tmp_path)).changed
    assert read_cached(tmp_path) is not None


async def test_a_disk_that_is_full_leaves_the_old_list(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await update(origin, tmp_path)
    before = read_cached(tmp_path)
    assert before is not None

    def no_space(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        write_cached(tmp_path, before.model_copy(update={"rows": 17}))
    assert read_cached(tmp_path) == before
    assert len(list(cache_file(tmp_path).parent.iterdir())) == 1


def test_the_ordinary_client_verifies_and_follows_nobody() -> None:
    client = ordinary_client()
    assert isinstance(client, httpx2.AsyncClient)
    assert not client.follow_redirects
