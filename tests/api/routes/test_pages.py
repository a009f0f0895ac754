"""Every page, in every state that it can be in, for everybody who may open it."""

from datetime import timedelta

import httpx2
import pytest

from monitor.core.incident import EventKind, IncidentStage, Kind
from monitor.core.watchlist import Organisation, Target, Tlp, Words
from monitor.service import Health
from probes.kit.vocabulary import State, VantageHealth
from tests.api import cast
from tests.api.conftest import House, status
from tests.api.markup import Page

SINCE = cast.NOW - timedelta(hours=6)
BEGAN = cast.NOW - timedelta(hours=4)

BLIND = Health(
    ready=False,
    problems=("I cannot see: no vantage point reaches its own canaries",),
    vantages=(status("moscow-home", "RU", VantageHealth.OFFLINE), status("berlin", "DE", VantageHealth.OFFLINE)),
)

HOSTILE = Organisation(
    id="hostile",
    name=Words(en="<script>alert(1)</script>\x1b[31m\u202eevil\u202c & \"quoted\" %(percent)s {{ 7*7 }}"),
    tlp=Tlp.CLEAR,
    targets=(Target(id="site", url="https://hostile.example/", tlp=Tlp.CLEAR, name=Words(en="</title><img src=x onerror=1>")),),
)


async def all_is_well(house: House, until=cast.NOW) -> None:
    for organisation in (cast.OVD_INFO, cast.MEMORIAL, cast.AMNESTY):
        for target in organisation.targets:
            for vantage in ("moscow-home", "berlin"):
                where = {"organisation": organisation.id, "target": target.id, "vantage": vantage}
                await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=until, **where))


async def a_block(house: House) -> None:
    await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=BEGAN, vantage="moscow-home"))
    await cast.see(house.store, cast.looks(State.BLOCKED, since=BEGAN, until=cast.NOW, vantage="moscow-home"))
    await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=cast.NOW, vantage="berlin"))
    await cast.plant(house.store, cast.suspicion(1).confirmed())


async def read(client: httpx2.AsyncClient, address: str, expected: int = 200) -> Page:
    answer = await client.get(address)
    assert answer.status_code == expected, answer.text
    page = Page(answer.text)
    assert page.mistakes == []
    return page


async def test_when_nothing_is_cut_off_the_overview_says_so_and_how_fresh_that_is(house: House, staff: httpx2.AsyncClient):
    await all_is_well(house)
    page = await read(staff, "/")
    assert "Nothing is cut off, as far as we can see." in page.text
    assert "10 of 10 checks were made in the last 10 minutes." in page.text


async def test_old_knowledge_is_not_called_well(house: House, staff: httpx2.AsyncClient):
    await all_is_well(house, until=cast.NOW - timedelta(hours=1))
    page = await read(staff, "/")
    assert "Nothing is cut off" not in page.text
    assert "most of our knowledge is old" in page.text
    assert "0 of 10 checks" in page.text


async def test_before_the_first_look_the_overview_claims_nothing(staff: httpx2.AsyncClient):
    page = await read(staff, "/")
    assert "Nothing has been looked at yet" in page.text


async def test_with_nobody_to_watch_the_overview_says_what_to_do(house: House, staff: httpx2.AsyncClient):
    await house.watch(cast.watchlist().model_copy(update={"organisations": ()}))
    page = await read(staff, "/")
    assert "Nothing is watched yet." in page.text
    assert "cutwatch check" in page.text


async def test_an_anonymous_reader_is_never_told_that_all_is_well(house: House, anonymous: httpx2.AsyncClient):
    await all_is_well(house)
    page = await read(anonymous, "/")
    assert "Nothing is cut off" not in page.text
    assert "This does not mean that all is well" in page.text


async def test_the_overview_shows_what_is_broken_since_when_and_how_sure(house: House, staff: httpx2.AsyncClient):
    await a_block(house)
    page = await read(staff, "/")
    assert "ovdinfo.org: Blocking in Russia" in page.text
    assert "Confirmed" in page.text
    assert "21 Nov 2026, between 07:55 and 08:00 UTC" in " ".join(page.text.split())
    assert "4 hours ago" in page.text


async def test_confirmed_cases_stand_before_suspicions(house: House, staff: httpx2.AsyncClient):
    await cast.plant(house.store, cast.suspicion(1, target="donate"), cast.suspicion(2).confirmed())
    text = (await read(staff, "/")).text
    assert text.index("CW-2026-0002") < text.index("CW-2026-0001")


async def test_a_monitor_that_cannot_see_says_so_first_and_to_everybody(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
):
    await all_is_well(house)
    house.change(health=BLIND)
    for client in (staff, anonymous):
        page = await read(client, "/")
        assert page.text.index("I cannot see.") < page.text.index("What is broken now", page.text.index("Skip"))
        assert "Nothing is cut off, as far as" not in page.text


async def test_a_paused_monitor_says_so(house: House, staff: httpx2.AsyncClient):
    house.change(health=Health(ready=False, paused=True))
    assert "Looking is paused." in (await read(staff, "/")).text


async def test_problems_are_told_to_staff_only(house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient):
    house.change(health=Health(ready=False, problems=("the prober has not been heard of",)))
    assert "the prober has not been heard of" in (await read(staff, "/")).text
    told = (await read(anonymous, "/")).text
    assert "the prober" not in told
    assert "Cutwatch itself is not well." in told


async def test_an_organisation_shows_where_it_works_and_since_when(house: House, staff: httpx2.AsyncClient):
    await a_block(house)
    page = await read(staff, "/organisations/ovd-info")
    assert "Anna's flat" in page.text
    assert "Blocked" in page.text
    assert "since 21 Nov 2026, 08:00 UTC" in " ".join(page.text.split())
    strips = [given for tag, given in page.tags if tag == "svg"]
    assert len(strips) == 2
    assert all(given["aria-hidden"] == "true" for given in strips)
    assert page.count("table") == page.count("caption") == 2


async def test_a_gap_keeps_what_was_known_before_it(house: House, staff: httpx2.AsyncClient):
    await cast.see(house.store, cast.looks(State.OK, since=SINCE, until=BEGAN))
    await cast.see(house.store, cast.looks(State.UNMEASURED, since=BEGAN, until=cast.NOW))
    text = " ".join((await read(staff, "/organisations/ovd-info")).text.split())
    assert "Not measured" in text
    assert "Before that: ● Works, last seen 21 Nov 2026, 07:55 UTC" in text


async def test_an_organisation_that_is_public_shows_outsiders_its_public_targets_only(house: House, anonymous: httpx2.AsyncClient):
    await all_is_well(house)
    text = (await read(anonymous, "/organisations/amnesty")).text
    assert "amnesty.org" in text
    assert "intranet" not in text
    assert "Russia · website" in text
    assert "Anna" not in text


async def test_an_incident_tells_what_when_how_sure_why_and_how_to_cite_it(house: House, staff: httpx2.AsyncClient):
    await a_block(house)
    page = await read(staff, "/incidents/CW-2026-0001")
    text = " ".join(page.text.split())
    for part in (
        "ovdinfo.org: Blocking in Russia",
        cast.SNI_RESET,
        "Explicit evidence",
        "the connection was cut as soon as the site's name appeared in it",
        "tls.reset.sni",
        "Anna's flat",
        "First seen",
        "What to do now",
        "TLP:AMBER",
        "Cutwatch, “OVD-Info: ovdinfo.org, Blocking in Russia” (CW-2026-0001, version 2, 21 November 2026)"
        " <https://watch.example/incidents/CW-2026-0001/v2> accessed 21 November 2026",
    ):
        assert part in text or part.replace("OVD-Info: ovdinfo.org, ", "OVD-Info, ovdinfo.org: ") in text, part


async def test_the_looks_around_the_beginning_are_shown_good_ones_included(house: House, staff: httpx2.AsyncClient):
    await a_block(house)
    page = await read(staff, "/incidents/CW-2026-0001")
    assert "The story of ovdinfo-org says ok." in page.text
    assert "The story of ovdinfo-org says blocked." in page.text
    assert "21 Nov 2026, 07:00:00 UTC" in page.text
    assert "21 Nov 2026, 08:55:00 UTC" in page.text
    assert "21 Nov 2026, 09:00:00 UTC" not in page.text


async def test_a_version_stays_as_it_was_and_points_to_the_latest(house: House, staff: httpx2.AsyncClient):
    await a_block(house)
    first = await read(staff, "/incidents/CW-2026-0001/v1")
    assert "This is version 1 of 2." in first.text
    assert "Suspected" in first.text
    assert "/incidents/CW-2026-0001" in first.links
    assert "This is version" not in (await read(staff, "/incidents/CW-2026-0001/v2")).text


async def test_a_retracted_case_leaves_a_tombstone_with_its_reason(house: House, anonymous: httpx2.AsyncClient):
    story = cast.suspicion(1).confirmed().released()
    retracted = {"stage": IncidentStage.RETRACTED, "reason": "a cable was cut"}
    await cast.plant(house.store, story.then(EventKind.RETRACTED, cast.NOW, **retracted))
    text = (await read(anonymous, "/incidents/CW-2026-0001")).text
    assert "Retracted." in text
    assert "a cable was cut" in text
    assert "Petrova" not in text


async def test_an_ended_case_says_when_it_ended(house: House, staff: httpx2.AsyncClient):
    await cast.plant(house.store, cast.suspicion(1).confirmed().ended(cast.NOW - timedelta(hours=1)))
    text = " ".join((await read(staff, "/incidents/CW-2026-0001")).text.split())
    assert "Over 21 Nov 2026, between 10:55 and 11:00 UTC" in text
    assert "Over in the last seven days" in (await read(staff, "/")).text


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "01", "9" * 5000])
async def test_a_version_that_never_was_is_not_there(house: House, staff: httpx2.AsyncClient, number: str):
    await a_block(house)
    await read(staff, f"/incidents/CW-2026-0001/v{number}", expected=404)


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_of_loss_has_its_page(house: House, staff: httpx2.AsyncClient, kind: Kind):
    await cast.plant(house.store, cast.suspicion(1, kind=kind).confirmed())
    for language in ("en", "ru"):
        await read(staff, f"/incidents/CW-2026-0001?lang={language}")


@pytest.mark.parametrize("address", ["/", "/organisations/ovd-info", "/incidents/CW-2026-0001", "/incidents/CW-2026-0001/v1"])
async def test_every_page_speaks_russian(house: House, staff: httpx2.AsyncClient, address: str):
    await a_block(house)
    answer = await staff.get(address, headers={"accept-language": "ru-RU,ru;q=0.9,en;q=0.5"})
    assert answer.headers["content-language"] == "ru"
    assert '<html lang="ru">' in answer.text
    page = Page(answer.text)
    assert page.mistakes == []
    assert "ОВД-Инфо" in page.text
    assert "Блокировка (Россия)" in page.text
    hreflangs = {given["hreflang"]: given["href"] for tag, given in page.tags if tag == "link" and given["rel"] == "alternate" and "hreflang" in given}
    assert hreflangs == {
        "en": f"{cast.ADDRESS}{address}?lang=en",
        "ru": f"{cast.ADDRESS}{address}?lang=ru",
        "x-default": f"{cast.ADDRESS}{address}",
    }


async def test_the_language_of_the_address_outranks_the_browsers_and_stays_while_one_reads_on(staff: httpx2.AsyncClient):
    answer = await staff.get("/?lang=en", headers={"accept-language": "ru"})
    assert answer.headers["content-language"] == "en"
    assert "/organisations/ovd-info?lang=en" in Page(answer.text).links


@pytest.mark.parametrize("address", ["/", "/organisations/hostile", "/incidents/CW-2026-0001"])
async def test_a_hostile_name_is_text_and_nothing_else(house: House, staff: httpx2.AsyncClient, address: str):
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


@pytest.mark.parametrize("address", ["/nothing", "/organisations/nobody", "/incidents/CW-1999-0001", "/incidents/%00", "/static/nothing.css"])
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_what_is_not_there_gets_a_page_too(anonymous: httpx2.AsyncClient, address: str, language: str):
    page = await read(anonymous, f"{address}?lang={language}", expected=404)
    assert ("Nothing here" if language == "en" else "Здесь ничего нет") in page.text


async def test_pages_load_nothing_from_anybody_else(house: House, staff: httpx2.AsyncClient):
    await a_block(house)
    for address in ("/", "/organisations/ovd-info", "/incidents/CW-2026-0001"):
        page = await read(staff, address)
        loaded = [given["href"] for tag, given in page.tags if tag == "link" and given["rel"] in {"stylesheet", "icon"}]
        assert len(loaded) == 2
        for href in loaded:
            answer = await staff.get(href)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        outside = [link for link in page.links if "://" in link and not link.startswith(cast.ADDRESS)]
        assert outside == []


async def test_pages_of_the_public_may_be_kept_and_those_of_the_staff_may_not(staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient):
    public, private = await anonymous.get("/"), await staff.get("/")
    assert public.headers["cache-control"] == "public, no-cache"
    assert private.headers["cache-control"] == "private, no-store"
    assert {"Cookie", "Authorization", "Accept-Language"} <= set(public.headers["vary"].split(", "))


async def test_a_page_that_is_asked_what_it_does_not_know_names_what_it_does(anonymous: httpx2.AsyncClient):
    page = await read(anonymous, "/?organisation=memorial", expected=400)
    assert "does not know the parameter organisation; it knows: lang" in page.text
