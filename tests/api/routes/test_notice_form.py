"""`/notices/new`: staff enter what a provider has announced; nothing typed is lost, and nothing is entered twice."""

import re
from collections.abc import Mapping

import httpx2
import pytest

from monitor.core.keys import Scope
from monitor.core.model import Words
from monitor.core.watchlist import Provider, ProviderKind
from monitor.store import StoreUnavailable
from tests.api import cast
from tests.api.conftest import House
from tests.api.markup import Page
from tests.api.stories import read

FORM = "/notices/new"

LETTER = {
    "about": "ovd-info/ovdinfo-org",
    "provider": "",
    "action": "registrar_service_withdrawn",
    "title_en": "The registrar ends its service",
    "title_ru": "Регистратор прекращает обслуживание",
    "announced": "2026-11-20",
    "effective": "2026-12",
    "quote": "We no longer serve you.\r\nTransfer your domain.",
    "quote_language": "en",
    "basis": "provider",
    "source_title": "A letter",
    "source_url": "https://ovd.info/letter.pdf",
    "source_date": "2026-11-20",
}


async def token(staff: httpx2.AsyncClient) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', (await staff.get(FORM)).text)
    assert found
    return found[1]


async def send(staff: httpx2.AsyncClient, query: str = "", **changes: str) -> httpx2.Response:
    return await staff.post(f"{FORM}{query}", data={"token": await token(staff), **LETTER, **changes})


async def entered(staff: httpx2.AsyncClient) -> list[Mapping[str, object]]:
    items: list[Mapping[str, object]] = (await staff.get("/api/v1/notices")).json()["items"]
    return items


async def test_what_was_filled_in_becomes_a_private_draft_and_its_page_is_shown(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    answer = await send(staff, "?lang=ru")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/CW-2026-0001?lang=ru")
    told = (await staff.get("/api/v1/incidents/CW-2026-0001")).json()
    assert (told["kind"], told["origin"], told["tlp"], told["dossier"]["review"]) == ("notice", "attested", "AMBER", "draft")
    assert told["dossier"]["action"] == "registrar_service_withdrawn"
    assert told["dossier"]["dates"]["effective"]["date"] == "2026-12"
    assert told["dossier"]["stated_reason"]["quote"] == "We no longer serve you.\nTransfer your domain."
    assert [one["url"] for one in told["dossier"]["sources"]] == ["https://ovd.info/letter.pdf"]
    assert (await anonymous.get("/incidents/CW-2026-0001")).status_code == 404
    page = await read(staff, "/incidents/CW-2026-0001")
    assert "The registrar ends its service" in page.text


async def test_sending_the_form_twice_enters_one(staff: httpx2.AsyncClient) -> None:
    first, second = await send(staff), await send(staff)
    assert first.headers["location"] == second.headers["location"]
    assert len(await entered(staff)) == 1


async def test_the_same_letter_of_another_provider_is_another_notice(house: House, staff: httpx2.AsyncClient) -> None:
    godaddy = Provider(id="godaddy", name=Words(en="GoDaddy"), kinds=(ProviderKind.REGISTRAR,))
    house.change(watchlist=cast.watchlist().model_copy(update={"providers": (godaddy,)}))
    assert [(await send(staff, provider=one)).status_code for one in ("", "godaddy")] == [303, 303]
    assert len(await entered(staff)) == 2


async def test_only_a_whom_and_a_line_are_needed(staff: httpx2.AsyncClient) -> None:
    least = dict.fromkeys(LETTER, "") | {"about": "memorial", "title_en": "An end"}
    del least["quote_language"], least["basis"]
    answer = await staff.post(FORM, data={"token": await token(staff), **least})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("field", "typed", "english", "russian"),
    [
        ("about", "", "Choose one of the list.", "Выберите из списка."),
        ("about", "ovd-info/nothing", "Choose one of the list.", "Выберите из списка."),
        ("about", "nobody", "Choose one of the list.", "Выберите из списка."),
        ("about", "../../etc", "Choose one of the list.", "Выберите из списка."),
        ("provider", "nobody", "Choose one of the list.", "Выберите из списка."),
        ("action", "a_bad_thing", "Choose one of the list.", "Выберите из списка."),
        ("basis", "measured", "Choose one of the list.", "Выберите из списка."),
        ("title_en", "", "Write something here", "Напишите"),
        ("title_en", "\u200b", "Write something here", "Напишите"),
        ("title_ru", "x" * 2001, "at most 2000 characters", "не больше 2000 знаков"),
        ("quote", "x" * 2001, "at most 2000 characters", "не больше 2000 знаков"),
        ("announced", "2026-13", "This is no date", "Это не дата"),
        ("effective", "next week", "This is no date", "Это не дата"),
        ("effective", "x" * 30000, "This is no date", "Это не дата"),
        ("source_date", "2026-02-30", "This is no date", "Это не дата"),
        ("source_url", "javascript:alert(1)", "whole address", "адрес целиком"),
        ("source_title", "", "what the source is called", "как называется источник"),
    ],
)
async def test_what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost(
    house: House, staff: httpx2.AsyncClient, field: str, typed: str, english: str, russian: str
) -> None:
    form = {"token": await token(staff), **LETTER, field: typed}
    for query, expected in (("?lang=en", english), ("?lang=ru", russian)):
        answer = await staff.post(f"{FORM}{query}", data=form)
        assert answer.status_code == 422
        beside = answer.text.partition(f'id="{field}-wrong"')[2].partition("</p>")[0]
        assert expected in beside
        kept = {name: value for name, value in LETTER.items() if name != field and value}
        assert all(value.replace("\r\n", "\n") in answer.text for value in kept.values())
    assert await entered(staff) == []


async def test_a_page_with_mistakes_is_a_page_in_order(staff: httpx2.AsyncClient) -> None:
    page = Page((await send(staff, title_en="", announced="soon")).text)
    assert page.mistakes == []
    assert {"#title_en", "#announced"} <= set(page.links)


async def test_markup_that_was_typed_stays_text(staff: httpx2.AsyncClient) -> None:
    answer = await send(staff, title_en='"><script>alert(1)</script>', announced="soon", quote="</textarea><b>x")
    assert "<script>" not in answer.text
    assert "&lt;/textarea&gt;&lt;b&gt;x" in answer.text


async def test_while_the_database_is_locked_what_was_typed_stays(
    staff: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_: object) -> tuple[str, bool]:
        raise StoreUnavailable("locked")

    monkeypatch.setattr("api.noticing.hand_in", locked)
    answer = await send(staff)
    assert answer.status_code == 503
    assert "cannot be reached at the moment" in answer.text
    assert "Transfer your domain." in answer.text


async def test_nobody_else_gets_the_form_or_can_send_it(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    given = {"token": await token(staff), **LETTER}
    assert (await anonymous.get(FORM)).status_code == 401
    assert (await anonymous.post(FORM, data=given)).status_code == 401
    assert (await staff.post(FORM, data={**given, "token": "0" * 64})).status_code == 403
    async with house.staff() as other:
        assert (await other.post(FORM, data=given)).status_code == 403
    async with house.client(secret=await house.key(Scope.ADMIN)) as keyed:
        assert (await keyed.get(FORM)).status_code == 401
        assert (await keyed.post(FORM, data=given)).status_code == 401
    assert await entered(staff) == []


async def test_a_form_that_is_no_form_is_refused_without_a_failure(staff: httpx2.AsyncClient) -> None:
    pictures = {name: (name, b"\x89PNG", "image/png") for name in ("title_en", "about")}
    answer = await staff.post(FORM, data={"token": await token(staff)}, files=pictures)
    assert answer.status_code == 400
    assert (await staff.post(FORM, content=b"{}", headers={"content-type": "application/json"})).status_code == 403
    assert (await send(staff, quote="x" * 70_000)).status_code == 413


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_empty_form_is_a_page_in_order(staff: httpx2.AsyncClient, language: str) -> None:
    page = await read(staff, f"{FORM}?lang={language}")
    assert ("Enter a notice" if language == "en" else "Внести уведомление") in page.text
    assert "/notices/new?lang=" + language in {given.get("action") for _, given in page.tags}
