"""The documented incidents that ship, entered from a copy of their folder that somebody edits: well, badly, or by mistake."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.configuration import ConfigurationError, load
from monitor.core.incident import Incident
from monitor.intake import Entered, enter
from monitor.store import Store

SHIPPED = Path(__file__).parents[3] / "config"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
GODADDY = "godaddy-2023-service-ends"

ANCHORS = b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]\n"
ENTRY = b"id: letter\nkind: withdrawal\ntitle: {en: A letter}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


async def entered(store: Store, folder: Path) -> Entered:
    return await enter(store, load(folder, country="DE").incidents, NOW)


async def kept(store: Store) -> dict[str | None, Incident]:
    async with store.reading() as reading:
        return {one.entry: one for one in await reading.entries()}


def edit(folder: Path, old: str, new: str, name: str = GODADDY) -> None:
    path = folder / "incidents" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


async def test_all_that_ship_are_entered_once_and_one_that_changes_says_why(store: Store, folder: Path) -> None:
    assert len((await entered(store, folder)).opened) == 44
    assert await entered(store, folder) == Entered()
    edit(folder, "announced: {date: 2023-12,", "announced: {date: '2023-12-05',")
    assert await entered(store, folder) == Entered(corrected=(GODADDY,))
    found = (await kept(store))[GODADDY]
    async with store.reading() as reading:
        events = await reading.events(found.id)
    assert [event.version for event in events] == [1, 2]
    assert events[-1].change.reason == "the Russian wording was brought closer to the source"


async def test_a_byte_order_mark_and_windows_line_ends_change_nothing(store: Store, folder: Path) -> None:
    await entered(store, folder)
    path = folder / "incidents" / f"{GODADDY}.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert await entered(store, folder) == Entered()


async def test_what_looks_like_markup_is_entered_as_the_text_that_it_is(store: Store, folder: Path) -> None:
    (folder / "incidents" / "letter.yaml").write_bytes(ENTRY + b"summary: {en: '<script>alert(1)</script>'}\n")
    await entered(store, folder)
    dossier = (await kept(store))["letter"].dossier
    assert dossier is not None
    assert dossier.summary is not None
    assert dossier.summary.en == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (ENTRY + b"summary: {en: '" + b"x" * 1_000_000 + b"'}\n", None, "is larger than 256 KiB"),
        (ENTRY + b"summary: {en: '" + b"x" * 200_000 + b"'}\n", 4, "is too long"),
        (ENTRY + "summary: {en: caf\xe9}\n".encode("latin-1"), 4, "not UTF-8"),
        (ENTRY.decode().encode("utf-16"), 1, "not UTF-8"),
        (ANCHORS + ENTRY, 1, "anchors"),
        (ENTRY + b"dates: {decided: {date: 2021-13, basis: media}}\n", 4, "is not understood"),
        (ENTRY + b"dates: {decided: {date: 2021-02-30, basis: media}}\n", 4, "is not understood"),
        (ENTRY + b"kind: blocking\n", 4, "for the second time"),
        (ENTRY.replace(b"letter", GODADDY.encode()), 1, "already used"),
        (ENTRY + b"sources: [{title: A, url: 'javascript:alert(1)'}]\n", 4, "does not begin with https://"),
        (b"id: letter\nkind: [", 2, "not valid YAML"),
    ],
)
def test_a_broken_file_is_explained_and_costs_no_other(folder: Path, content: bytes, line: int | None, message: str) -> None:
    (folder / "incidents" / "letter.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        load(folder, country="DE")
    assert {problem.file.rpartition("/")[2] for problem in refused.value.problems} == {"letter.yaml"}
    told = [problem for problem in refused.value.problems if message in problem.message]
    assert [(problem.line, bool(problem.remedy)) for problem in told] == [(line, True)]


async def test_while_a_file_is_broken_what_was_entered_stays_as_it_was(store: Store, folder: Path) -> None:
    await entered(store, folder)
    before = await kept(store)
    edit(folder, "kind: withdrawal", "kind: withdrawl")
    with pytest.raises(ConfigurationError):
        await entered(store, folder)
    assert await kept(store) == before
