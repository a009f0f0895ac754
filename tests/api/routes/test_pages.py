"""What holds for every page: language, caching, strangers' words, nothing from elsewhere."""

from pathlib import Path

import httpx2
import pytest

from api import render
from monitor.core.model import Tlp, Words
from monitor.core.watchlist import Organisation, Target
from monitor.service import Health
from tests.api import cast
from tests.api.conftest import House
from tests.api.markup import Page
from tests.api.stories import a_block, read

HOSTILE = Organisation(
    id="hostile",
    name=Words(en='<script>alert(1)</script>\x1b[31m\u202eevil\u202c & "quoted" %(percent)s {{ 7*7 }}'),
    tlp=Tlp.CLEAR,
    targets=(Target(id="site", url="https://hostile.example/", tlp=Tlp.CLEAR, name=Words(en="</title><img src=x onerror=1>")),),
)


@pytest.mark.parametrize(
    "address", ["/", "/organisations/ovd-info", "/incidents/CW-2026-0001", "/incidents/CW-2026-0001/v1", "/timeline"]
)
async def test_every_page_speaks_russian(house: House, staff: httpx2.AsyncClient, address: str) -> None:
    await a_block(house)
    answer = await staff.get(address, headers={"accept-language": "ru-RU,ru;q=0.9,en;q=0.5"})
    assert answer.headers["content-language"] == "ru"
    assert '<html lang="ru">' in answer.text
    page = Page(answer.text)
    assert page.mistakes == []
    assert "ОВД-Инфо" in page.text
    assert "Блокировка (Россия)" in page.text
    hreflangs = {
        given["hreflang"]: given["href"]
        for tag, given in page.tags
        if tag == "link" and given["rel"] == "alternate" and "hreflang" in given
    }
    assert hreflangs == {
        "en": f"{cast.ADDRESS}{address}?lang=en",
        "ru": f"{cast.ADDRESS}{address}?lang=ru",
        "x-default": f"{cast.ADDRESS}{address}",
    }


async def test_the_language_of_the_address_outranks_the_browsers_and_stays_while_one_reads_on(staff: httpx2.AsyncClient) -> None:
    answer = await staff.get("/?lang=en", headers={"accept-language": "ru"})
    assert answer.headers["content-language"] == "en"
    assert "/organisations/ovd-info?lang=en" in Page(answer.text).links


@pytest.mark.parametrize("address", ["/", "/organisations/hostile", "/incidents/CW-2026-0001", "/timeline"])
async def test_a_hostile_name_is_text_and_nothing_else(house: House, staff: httpx2.AsyncClient, address: str) -> None:
    await house.watch(cast.watchlist(HOSTILE))
    because = "<b>bold</b> \x1b]0;title\x07 " + "x" * 2000
    story = cast.suspicion(1, "hostile", "site", because=because, mechanisms=("<i>",))
    await cast.plant(house.store, story.confirmed())
    answer = await staff.get(address)
    page = Page(answer.text)
    assert page.mistakes == []
    assert page.count("script") == page.count("img") == page.count("b") == page.count("i") == 0
    assert "\x1b" not in answer.text
    assert "\u202e" not in answer.text
    assert "49" not in page.text.replace("2026", "")


@pytest.mark.parametrize(
    "address", ["/nothing", "/organisations/nobody", "/incidents/CW-1999-0001", "/incidents/%00", "/static/nothing.css"]
)
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_what_is_not_there_gets_a_page_too(anonymous: httpx2.AsyncClient, address: str, language: str) -> None:
    page = await read(anonymous, f"{address}?lang={language}", expected=404)
    assert ("Nothing here" if language == "en" else "Здесь ничего нет") in page.text


async def test_whoever_followed_an_alarms_link_unsigned_learns_how_to_sign_in_and_not_whether_it_exists(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await a_block(house)
    for language, told in (("en", "If a message led you here, sign in first"), ("ru", "Если вас сюда привело сообщение")):
        hidden = await anonymous.get(f"/incidents/CW-2026-0001?lang={language}")
        missing = await anonymous.get(f"/incidents/CW-2026-0009?lang={language}")
        page = Page(hidden.text)
        assert page.mistakes == []
        assert told in page.text
        assert "cutwatch keys sign-in" in page.text
        assert hidden.text.replace("CW-2026-0001", "CW-2026-0009") == missing.text
        assert (await staff.get(f"/incidents/CW-2026-0009?lang={language}")).text == missing.text


@pytest.mark.parametrize(
    "address", ["/", "/timeline", "/organisations/ovd-info", "/incidents/CW-2026-0001", "/incidents/CW-2026-0001/log"]
)
async def test_every_page_tells_the_staff_what_ails_the_monitor_itself(
    house: House, staff: httpx2.AsyncClient, address: str
) -> None:
    await a_block(house)
    house.change(health=Health(ready=False, problems=("the prober has not been heard of",)))
    assert "the prober has not been heard of" in (await read(staff, address)).text


async def test_pages_load_nothing_from_anybody_else(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    for address in ("/", "/organisations/ovd-info", "/incidents/CW-2026-0001"):
        page = await read(staff, address)
        loaded = [given["href"] for tag, given in page.tags if tag == "link" and given["rel"] in {"stylesheet", "icon"}]
        assert len(loaded) == 2
        for href in filter(None, loaded):
            answer = await staff.get(href)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        outside = [link for link in page.links if "://" in link and not link.startswith(cast.ADDRESS)]
        assert outside == []


async def test_every_part_of_the_style_sheet_is_served_in_the_one_file(anonymous: httpx2.AsyncClient) -> None:
    folder = Path(render.__file__).parent / "pages" / "sheets"
    parts = {path.stem: path.read_text() for path in folder.iterdir()}
    assert sorted(parts) == sorted(render.SHEETS)
    served = (await anonymous.get(f"/static/{render.static_name('cutwatch')}")).text
    places = [served.index(parts[name]) for name in render.SHEETS]
    assert places == sorted(places)


async def test_pages_of_the_public_may_be_kept_and_those_of_the_staff_may_not(
    staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    public, private = await anonymous.get("/"), await staff.get("/")
    assert public.headers["cache-control"] == "public, no-cache"
    assert private.headers["cache-control"] == "private, no-store"
    assert {"Cookie", "Authorization", "Accept-Language"} <= set(public.headers["vary"].split(", "))


async def test_a_page_that_is_asked_what_it_does_not_know_names_what_it_does(anonymous: httpx2.AsyncClient) -> None:
    page = await read(anonymous, "/?organisation=memorial", expected=400)
    assert "does not know the parameter organisation; it knows: lang" in page.text
