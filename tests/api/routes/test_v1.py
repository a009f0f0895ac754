"""`/api/v1`: what programs are told."""

import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest

from monitor.core.keys import Scope
from monitor.core.kinds import Kind
from monitor.core.model import Words
from monitor.core.watchlist import Provider, ProviderKind
from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import BEGAN, a_block, all_is_well


async def test_the_index_leads_everywhere(house: House, staff: httpx2.AsyncClient) -> None:
    house.change(is_ending=lambda: True)  # the stream would have no end
    index = (await staff.get("/api/v1")).json()
    assert index["name"] == "Cutwatch"
    for address in (*index["links"].values(), index["description"]):
        assert (await staff.get(address)).status_code == 200, address


def filled_in(template: str, values: dict[str, str]) -> str:
    """The address that a template (RFC 6570) stands for: `{name}` is a value, `{?name,…}` a query of those that are given."""
    path, _, asked = template.rstrip("}").partition("{?")
    query = {name: values[name] for name in asked.split(",") if name in values}
    return f"{path.format(**values)}?{urlencode(query)}"


async def test_what_wants_a_filter_is_found_by_its_template(house: House, staff: httpx2.AsyncClient) -> None:
    mailchimp = Provider(id="ovd-info", name=Words(en="The same name"), kinds=(ProviderKind.EMAIL_MARKETING,))
    await house.watch(cast.watchlist().model_copy(update={"providers": (mailchimp,)}))
    await a_block(house)
    templates = (await staff.get("/api/v1")).json()["templates"]
    values = {"id": "CW-2026-0001", "version": "1", "organisation": "ovd-info", "since": "2026-11-01T00:00:00Z", "limit": "1"}
    for name, template in templates.items():
        named = {**values, "id": "ovd-info"} if name in {"organisation", "provider"} else values
        assert (await staff.get(filled_in(template, named))).status_code == 200, name
    assert templates["exposure"] == f"{cast.ADDRESS}/api/v1/exposure{{?lang,organisation}}"


async def test_every_address_that_can_be_read_is_in_the_index(house: House, staff: httpx2.AsyncClient) -> None:
    index = (await staff.get("/api/v1")).json()
    named = {urlsplit(one).path for one in index["links"].values()}
    named |= {re.sub(r"[{][?].*", "", one).removeprefix(cast.ADDRESS) for one in index["templates"].values()}
    described = (path for path, methods in house.app.openapi()["paths"].items() if "get" in methods)
    paths = {re.sub(r"[{](name|slug)[}]", "{id}", path).replace("{number}", "{version}") for path in described}
    assert {path for path in paths if path.startswith("/api/v1/")} == {path for path in named if path.startswith("/api/v1/")}


async def test_an_incident_says_all_that_its_page_says(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    assert (await staff.get("/api/v1/incidents/CW-2026-0001")).json() == {
        "id": "CW-2026-0001",
        "version": 2,
        "title": "OVD-Info, ovdinfo.org: Blocking in Russia",
        "kind": "blocking",
        "stage": "confirmed",
        "origin": "measured",
        "tlp": "AMBER",
        "organisation": "ovd-info",
        "target": "ovdinfo-org",
        "provider": None,
        "countries": ["RU"],
        "onset": {"after": "2026-11-21T07:55:00Z", "by": "2026-11-21T08:00:00Z"},
        "end": None,
        "detected": "2026-11-21T08:00:00Z",
        "confirmed_at": "2026-11-21T08:10:00Z",
        "updated": "2026-11-21T08:10:00Z",
        "intermittent": False,
        "vantages": ["moscow-home"],
        "mechanisms": ["tls.reset.sni"],
        "rule": "website.tls.reset.sni",
        "because": cast.SNI_RESET,
        "strength": "explicit",
        "url": f"{cast.ADDRESS}/incidents/CW-2026-0001",
        "url_api": f"{cast.ADDRESS}/api/v1/incidents/CW-2026-0001",
        "dossier": None,
        "seen_from": ["moscow-home"],
        "part_of": None,
        "relations": [],
        "members": [],
    }


async def test_pages_of_incidents_leave_none_out_and_end(house: House, staff: httpx2.AsyncClient) -> None:
    stories = [cast.suspicion(number, began=BEGAN + timedelta(minutes=number)) for number in range(1, 8)]
    await cast.plant(house.store, *stories)
    seen: list[str] = []
    address: str | None = "/api/v1/incidents?limit=3"
    while address:
        page = (await staff.get(address)).json()
        seen += [one["id"] for one in page["items"]]
        address = page["next"] and f"/api/v1/incidents?limit=3&after={page['next']}"
    assert seen == [f"CW-2026-{number:04d}" for number in range(7, 0, -1)]


async def test_a_page_is_full_even_where_most_incidents_are_somebody_elses(house: House) -> None:
    theirs = [cast.suspicion(number, "memorial", "memohrc-org") for number in range(1, 301)]
    mine = [cast.suspicion(number, began=BEGAN - timedelta(hours=1)) for number in range(301, 306)]
    await cast.plant(house.store, *theirs, *mine)
    async with house.client(secret=await house.key(organisations=("ovd-info",))) as client:
        page = (await client.get("/api/v1/incidents?limit=4")).json()
        assert [one["id"] for one in page["items"]] == [f"CW-2026-{number:04d}" for number in (305, 304, 303, 302)]
        last = (await client.get(f"/api/v1/incidents?limit=4&after={page['next']}")).json()
        assert [one["id"] for one in last["items"]] == ["CW-2026-0301"]
        assert last["next"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=confirmed", ["CW-2026-0001"]),
        ("stage=suspected&kind=outage", ["CW-2026-0002"]),
        ("organisation=memorial", ["CW-2026-0002"]),
        ("country=RU&kind=blocking", ["CW-2026-0001"]),
        ("kind=lapse", []),
    ],
)
async def test_filters_narrow_the_incidents(house: House, staff: httpx2.AsyncClient, query: str, expected: list[str]) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, "memorial", "memohrc-org", kind=Kind.OUTAGE))
    items = (await staff.get(f"/api/v1/incidents?{query}")).json()["items"]
    assert [one["id"] for one in items] == expected


async def test_the_log_can_be_followed_without_missing_or_repeating_anything(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, *(cast.suspicion(number).confirmed() for number in range(1, 6)))
    seen, cursor = [], "start"
    for _ in range(4):
        page = (await staff.get(f"/api/v1/events?after={cursor}&limit=4")).json()
        seen += [(one["id"], one["incident"], one["version"]) for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 10
    assert [name for name, _, _ in seen] == [f"CW-2026-{number:04d}.{version}" for number in range(1, 6) for version in (1, 2)]
    assert cursor == seen[-1][0]
    await cast.plant(house.store, cast.suspicion(6))
    (new,) = (await staff.get(f"/api/v1/events?after={cursor}")).json()["items"]
    assert new["incident"] == "CW-2026-0006"


async def test_the_log_tells_a_key_of_one_organisation_nothing_of_how_much_happens_to_others(house: House) -> None:
    async with house.client(secret=await house.key(organisations=("ovd-info",))) as client:
        pages = []
        await cast.plant(house.store, cast.suspicion(1))
        for _ in range(2):
            pages.append((await client.get("/api/v1/events")).json())
            await cast.plant(house.store, cast.suspicion(len(pages) + 1, "memorial", "memohrc-org").confirmed())
        pages.append((await client.get(f"/api/v1/events?after={pages[0]['next']}")).json())
        hidden = await client.get("/api/v1/events?after=CW-2026-0002.1")
    assert pages[0] == pages[1]
    assert pages[2] == {"items": [], "next": "CW-2026-0001.1"}
    assert hidden.status_code == 422


async def test_a_version_is_what_its_events_had_made(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    first = (await staff.get("/api/v1/incidents/CW-2026-0001/versions/1")).json()
    assert (first["version"], first["stage"], first["confirmed_at"]) == (1, "suspected", None)
    assert (await staff.get("/api/v1/incidents/CW-2026-0001/versions/3")).status_code == 404
    assert (await staff.get("/api/v1/incidents/CW-2026-0001/versions/0")).status_code == 422


async def test_the_looks_of_an_incident_are_all_that_are_kept_good_ones_included_page_by_page(
    house: House, staff: httpx2.AsyncClient
) -> None:
    await a_block(house)
    looks: list[dict[str, str]] = []
    address, cursor = "/api/v1/incidents/CW-2026-0001/looks?limit=60", ""
    for _ in range(3):
        page = (await staff.get(f"{address}{cursor}")).json()
        looks += page["items"]
        cursor = f"&after={page['next']}"
    assert page["next"] is None
    assert len(looks) == len({one["observation"] for one in looks}) == 144
    assert {(one["vantage"], one["state"]) for one in looks} == {
        ("moscow-home", "ok"),
        ("moscow-home", "blocked"),
        ("berlin", "ok"),
    }
    assert looks == sorted(looks, key=lambda one: (one["at"], one["observation"]))


async def test_the_looks_say_how_well_the_instrument_worked_and_to_outsiders_only_in_which_country(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    await a_block(house)
    unmeasured = cast.look(cast.NOW - timedelta(minutes=3), State.UNMEASURED)
    await cast.see(house.store, [unmeasured])
    berlin, moscow = (await staff.get("/api/v1/incidents/CW-2026-0001/looks?limit=1000")).json()["instrument"]
    assert (berlin["vantage"], berlin["country"], berlin["looks"], berlin["failed"]) == ("berlin", "DE", 73, {"offline": 1})
    assert (moscow["vantage"], moscow["error_rate"], moscow["clock_offset"]) == ("moscow-home", 0.0, None)
    await cast.plant(house.store, cast.suspicion(2).confirmed().released())
    told = (await anonymous.get("/api/v1/incidents/CW-2026-0002/looks?limit=1000")).json()["instrument"]
    assert [(one["vantage"], one["country"]) for one in told] == [(None, "DE"), (None, "RU")]


async def test_states_say_where_every_check_stands_and_how_fresh_that_is(house: House, staff: httpx2.AsyncClient) -> None:
    await all_is_well(house)
    found = (await staff.get("/api/v1/states")).json()
    assert len(found["items"]) == 10
    assert found["freshness"] == {"total": 10, "fresh": 10, "minutes": 10, "newest": "2026-11-21T11:55:00Z"}
    mine = (await staff.get("/api/v1/states?organisation=memorial")).json()
    assert [(one["vantage"], one["state"]) for one in mine["items"]] == [("berlin", "ok"), ("moscow-home", "ok")]
    assert mine["freshness"]["total"] == 2


async def test_checks_that_were_never_made_count_against_the_freshness(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.see(house.store, [cast.look(cast.NOW - timedelta(minutes=1))])
    freshness = (await staff.get("/api/v1/states")).json()["freshness"]
    assert (freshness["fresh"], freshness["total"]) == (1, 10)


async def test_a_look_that_did_not_work_is_not_fresh_knowledge(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.see(house.store, [cast.look(cast.NOW - timedelta(minutes=1), State.UNMEASURED)])
    assert (await staff.get("/api/v1/states")).json()["freshness"]["fresh"] == 0


async def test_an_organisation_is_summed_up_and_shown_in_detail(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    listed = {one["id"]: one for one in (await staff.get("/api/v1/organisations")).json()["items"]}
    assert listed["ovd-info"]["states"] == {"ok": 1, "blocked": 1}
    assert (listed["ovd-info"]["open_incidents"], listed["memorial"]["open_incidents"]) == (1, 0)
    detail = (await staff.get("/api/v1/organisations/ovd-info")).json()
    assert {**listed["ovd-info"]}.items() <= detail.items()
    site, donations = detail["targets"]
    assert (site["name"], donations["name"]) == ("ovdinfo.org", "Donations")
    blocked = next(one for one in site["checks"] if one["vantage"] == "moscow-home")
    assert [(one["state"], one["started_at"]) for one in blocked["spans"]] == [
        ("ok", "2026-11-21T06:00:00Z"),
        ("blocked", "2026-11-21T08:00:00Z"),
    ]
    assert [one["id"] for one in detail["incidents"]] == ["CW-2026-0001"]


async def test_vantage_points_are_for_those_with_a_key(house: House, anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get("/api/v1/vantage-points")).status_code == 401
    async with house.client(secret=await house.key()) as client:
        first, second = (await client.get("/api/v1/vantage-points")).json()["items"]
    assert (first["id"], first["country"], first["health"]) == ("moscow-home", "RU", "healthy")
    assert (second["name"], second["network"]) == ("Berlin", "datacentre")
    assert "proxy" not in first
    assert "resolvers" not in first


async def test_a_key_bound_to_one_organisation_learns_nothing_of_the_monitors_problems(house: House) -> None:
    async with house.client(secret=await house.key(Scope.READ, organisations=("ovd-info",))) as bound:
        assert (await bound.get("/api/v1/health")).json() == {"ready": True, "paused": False, "blind": False, "problems": []}
