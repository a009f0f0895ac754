"""`/timeline`: what has been taken from whom, by year, under the same filters as the API."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitor.configuration import load
from monitor.core.descriptive import Basis
from monitor.core.dossier import Bounds, DatedStatement, Dates, Dossier
from monitor.core.incident import CaseKey
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.model import Words
from monitor.intake import enter
from tests.api import cast
from tests.api.conftest import House
from tests.api.markup import Page
from tests.api.stories import read
from tests.api.test_secrecy import MAILCHIMP

NONE = "\N{EN DASH}"

CONFIG = Path(__file__).parents[3] / "config"


def stated(number: int, title: str, date: str | None = None, bounds: Bounds | None = None, **changes: Any) -> cast.Story:
    """A case that documents state, as exactly dated as that."""
    dates = Dates(decided=DatedStatement(date=date, basis=Basis.DOCUMENT)) if date else Dates()
    dossier = Dossier(title=Words(en=title, ru=title), dates=dates, bounds=bounds, as_of="2024-03-01")
    return cast.attested(number, dossier=dossier, **changes)


async def a_history(house: House) -> None:
    """A block of today, an order of 2021, two cases that are dated only by others, and one that nobody dates."""
    await house.watch(cast.watchlist().model_copy(update={"providers": (MAILCHIMP,)}))
    day = Bounds(not_after="2022-04-28", derived_from="the day of the report")
    await cast.plant(
        house.store,
        cast.suspicion(1).confirmed().released(),
        stated(2, "An order", "2021", kind=Kind.BLOCKING),
        stated(3, "An account closed", bounds=day, provider="mailchimp"),
        stated(4, "A list, undated", kind=Kind.DESIGNATION),
        stated(5, "A partner lost", "2021-12~", key=CaseKey(organisation="amnesty", target="site", family="e5", country="BY")),
    )


def order(page: Page) -> list[str]:
    """The incidents on the page, as they stand there."""
    links = (link.partition("?")[0].removeprefix("/incidents/") for link in page.links if link.startswith("/incidents/CW-"))
    return list(dict.fromkeys(links))


async def test_incidents_stand_in_their_years_the_latest_first_and_undated_ones_last(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await a_history(house)
    page = await read(anonymous, "/timeline")
    assert order(page) == ["CW-2026-0001", "CW-2026-0003", "CW-2026-0005", "CW-2026-0002", "CW-2026-0004"]
    assert [name for name in page.ids if name.startswith("in-")] == ["in-2026", "in-2022", "in-2021", "in-none"]


async def test_a_date_is_said_as_exactly_as_it_is_known_in_both_languages(house: House, anonymous: httpx2.AsyncClient) -> None:
    await a_history(house)
    english, russian = await read(anonymous, "/timeline"), await read(anonymous, "/timeline?lang=ru")
    for told in ("not after 28 April 2022", "around December 2021", "date not known", "07:55 and 08:00 UTC"):
        assert told in english.text
    for told in ("не позднее 28 апреля 2022 года", "около декабря 2021 года", "дата неизвестна", "Хроника"):
        assert told in russian.text


async def test_what_was_measured_and_what_documents_state_are_told_apart(house: House, anonymous: httpx2.AsyncClient) -> None:
    await a_history(house)
    text = " ".join((await read(anonymous, "/timeline")).text.split())
    assert "Documented, as of 1 March 2024: whether it goes on is not known" in text
    assert rows(await read(anonymous, "/timeline")) == {
        "2026": ("1", NONE, NONE, "1"),
        "2022": (NONE, NONE, "1", "1"),
        "2021": (NONE, "2", NONE, "2"),
        "no date": (NONE, NONE, NONE, "1"),
    }


def rows(page: Page) -> dict[str, tuple[str, ...]]:
    """The years at a glance, as the table has them."""
    cells = page.cells
    return {cells[at]: tuple(cells[at + 1 : at + 5]) for at in range(5, len(cells), 5)}


async def test_a_year_leads_to_its_incidents(house: House, anonymous: httpx2.AsyncClient) -> None:
    await a_history(house)
    (year,) = (link for link in (await read(anonymous, "/timeline?lang=en")).links if "since=2021" in link)
    page = await read(anonymous, year)
    assert order(page) == ["CW-2026-0005", "CW-2026-0002"]
    assert any("since=2022-01-01" in link for link in page.links)  # the other years stay in reach
    assert 'value="2021-01-01"' in (await anonymous.get(year)).text


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("organisation=amnesty", ["CW-2026-0005"]),
        ("provider=mailchimp", ["CW-2026-0003"]),
        ("country=BY", ["CW-2026-0005"]),
        ("kind=blocking", ["CW-2026-0001", "CW-2026-0002"]),
        ("origin=measured", ["CW-2026-0001"]),
        ("since=2022-01-01T00:00:00Z", ["CW-2026-0001", "CW-2026-0003"]),
        ("kind=blocking&until=2022-01-01T00:00:00Z", ["CW-2026-0002"]),
        ("organisation=nobody", []),
    ],
)
async def test_the_page_shows_what_the_api_answers_under_the_same_filters(
    house: House, anonymous: httpx2.AsyncClient, filters: str, expected: list[str]
) -> None:
    await a_history(house)
    page = await read(anonymous, f"/timeline?{filters}")
    assert order(page) == expected
    (address,) = (link for link in page.links if link.startswith("/api/v1/incidents"))
    answered = (await anonymous.get(address)).json()["items"]
    assert sorted(one["id"] for one in answered) == sorted(expected)


async def test_a_form_that_is_half_filled_in_is_understood(house: House, anonymous: httpx2.AsyncClient) -> None:
    await a_history(house)
    asked = "organisation=&provider=&country=&kind=blocking&origin=&since=2021-06-01&until="
    page = await read(anonymous, f"/timeline?{asked}")
    assert order(page) == ["CW-2026-0001", "CW-2026-0002"]
    chosen = [given.get("value") for tag, given in page.tags if tag == "option" and "selected" in given]
    assert chosen == ["blocking"]


async def test_pages_follow_one_another_and_keep_their_filters(house: House, anonymous: httpx2.AsyncClient) -> None:
    await a_history(house)
    seen: list[str] = []
    address: str | None = "/timeline?limit=2&lang=ru"
    while address:
        page = await read(anonymous, address)
        seen += order(page)
        address = next((given["href"] for tag, given in page.tags if tag == "a" and given.get("rel") == "next"), None)
    assert seen == ["CW-2026-0001", "CW-2026-0003", "CW-2026-0005", "CW-2026-0002", "CW-2026-0004"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("kind=theft", "kind: подходит только одно из этих значений: 'blocking'"),
        ("country=XX", "country: такой страны нет (XX)"),
        ("country=Russia", "country: напишите код страны из двух заглавных латинских букв"),
        ("organisation=A B", "organisation: напишите короткое имя: строчные латинские буквы"),
        ("after=first", "after: напишите номер случая, например CW-2026-0042"),
        ("since=yesterday", "since: напишите день, например 2022-03-01"),
        ("until=2022-02-30", "until: напишите день"),
        ("since=1066-10-14", "since: укажите год от 1970 до 2200"),
        ("limit=many", "limit: напишите целое число"),
        ("after=CW-2026-0099", "страницы, которая кончалась бы этим случаем, нет"),
        ("kind=theft&since=yesterday", "; since: напишите день"),
    ],
)
async def test_a_value_that_cannot_be_used_is_explained_in_the_readers_language(
    house: House, anonymous: httpx2.AsyncClient, asked: str, told: str
) -> None:
    await a_history(house)
    page = await read(anonymous, f"/timeline?{asked}&lang=ru", expected=422)
    assert told in page.text
    assert not [given for tag, given in page.tags if tag == "p" and given.get("lang") == "en"]


async def test_an_unknown_filter_is_named_in_the_readers_language(anonymous: httpx2.AsyncClient) -> None:
    page = await read(anonymous, "/timeline?organization=x&lang=ru", expected=400)
    assert "Этот адрес не знает параметра organization. Он знает такие: after, by, country" in page.text


async def test_whoever_asks_for_a_hidden_organisation_learns_neither_its_name_nor_that_it_is_there(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(2, "memorial", "memohrc-org").confirmed())
    hidden = await anonymous.get("/timeline?organisation=memorial&lang=ru")
    missing = await anonymous.get("/timeline?organisation=nemorial&lang=ru")
    assert "Мемориал" not in hidden.text
    assert hidden.text.replace("memorial", "nemorial") == missing.text
    assert "CW-2026-0002" not in (await anonymous.get("/timeline")).text
    assert "CW-2026-0002" in (await staff.get("/timeline?organisation=memorial")).text


async def test_what_was_retracted_is_marked_and_not_counted(house: House, staff: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed()
    await cast.plant(house.store, story.then(EventKind.RETRACTED, cast.NOW, stage=IncidentStage.RETRACTED, reason="a test"))
    page = await read(staff, "/timeline")
    assert "Retracted" in page.text
    assert "Years at a glance" not in page.text


async def test_the_documented_incidents_stand_in_their_years(house: House, anonymous: httpx2.AsyncClient) -> None:
    watchlist = load(CONFIG, country="DE")
    house.change(watchlist=watchlist)
    await enter(house.store, watchlist.incidents, cast.NOW)
    page = await read(anonymous, "/timeline?limit=200")
    assert len(order(page)) == 44
    assert {"2025", "2024", "2023", "2022", "2021", "no date"} == rows(page).keys()
    assert sum(int(cells[-1]) for cells in rows(page).values()) == 44
