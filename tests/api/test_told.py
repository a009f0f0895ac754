"""What outsiders are told of an event, and of a mass event whose members they may not all read."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from monitor.core.incident import Bracket, CaseKey, Relation
from monitor.core.kinds import EventKind, RelationKind
from monitor.core.mass_account import RULE, TOGETHER
from monitor.core.model import Tlp
from probes.kit.vocabulary import Strength
from tests.api import cast
from tests.api.conftest import House

MASS = "CW-2026-0003"

EARLIER = cast.NOW - timedelta(hours=6)


def a_mass_event(number: int = 3, *members: str) -> cast.Story:
    """Two losses, one of which nobody outside may know of: it is the older one, and is done by DNS."""
    return cast.suspicion(
        number,
        key=CaseKey(organisation="", target="", family="mass:path", country="RU"),
        members=members or ("CW-2026-0001", "CW-2026-0002"),
        affected=("memorial", "ovd-info"),
        vantages=("berlin", "moscow-home"),
        mechanisms=("dns.forged", "tls.reset.sni"),
        onset=Bracket(after=None, by=EARLIER),
        strength=Strength.WEAK,
        rule=RULE,
        because="2 losses of 2 organisations were confirmed so close together that they may have one cause.",
    )


async def many(house: House, story: cast.Story | None = None) -> None:
    member = (Relation(RelationKind.MEMBER_OF, MASS),)
    hidden = {"mechanisms": ("dns.forged",), "strength": Strength.WEAK, "began": EARLIER}
    await cast.plant(
        house.store,
        cast.suspicion(1, relations=member).confirmed().released(),
        cast.suspicion(2, "memorial", "memohrc-org", relations=member, **hidden).confirmed(),
        story or a_mass_event().confirmed().released(),
    )


async def got(client: httpx2.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_of_a_mass_event_outsiders_are_told_what_its_readable_members_show(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await many(house)
    told, known = [await got(client, f"/api/v1/incidents/{MASS}") for client in (anonymous, staff)]
    assert told["because"] == TOGETHER
    assert (told["mechanisms"], told["strength"]) == (["tls.reset.sni"], "explicit")
    assert told["onset"]["by"] == "2026-11-21T08:00:00Z"
    assert [one["id"] for one in told["members"]] == ["CW-2026-0001"]
    assert known["because"].startswith("2 losses")
    assert known["mechanisms"] == ["dns.forged", "tls.reset.sni"]


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/incidents/{MASS}",
        f"/api/v1/incidents/{MASS}/events",
        f"/api/v1/incidents/{MASS}/log",
        f"/api/v1/incidents/{MASS}/versions/3",
        "/api/v1/incidents",
        "/api/v1/alerts",
        "/feed.json",
        "/feed.atom",
        "/",
        f"/incidents/{MASS}",
        f"/incidents/{MASS}/v3",
        f"/incidents/{MASS}/log",
    ],
)
@pytest.mark.parametrize("organisations", [None, ("ovd-info",)])
async def test_no_answer_tells_outsiders_what_a_mass_event_says_of_hidden_members(
    house: House, path: str, organisations: tuple[str, ...] | None
) -> None:
    await many(house)
    secret = await house.key(organisations=organisations) if organisations else None
    async with house.client(secret=secret) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert MASS in answer.text
    for betrayal in ("2 losses", "2 organisations", "dns.forged", "CW-2026-0002", "T06:00", "06:00 UTC", '"weak"'):
        assert betrayal not in answer.text


async def test_whoever_may_read_all_its_members_is_told_all_of_a_mass_event(house: House) -> None:
    await many(house)
    async with house.client(secret=await house.key(organisations=("memorial", "ovd-info"))) as client:
        assert (await got(client, f"/api/v1/incidents/{MASS}"))["mechanisms"] == ["dns.forged", "tls.reset.sni"]


async def test_a_mass_event_none_of_whose_members_is_public_tells_no_more_than_that_it_is(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await many(house, a_mass_event(3, "CW-2026-0002", "CW-2026-0004").confirmed().released())
    told = await got(anonymous, f"/api/v1/incidents/{MASS}")
    assert (told["because"], told["mechanisms"], told["onset"]) == (TOGETHER, [], None)
    assert (await anonymous.get(f"/incidents/{MASS}")).status_code == 200


async def test_before_the_first_public_version_the_log_tells_only_what_happened_when(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    story = cast.suspicion(1).confirmed().then(EventKind.SCOPE_CHANGED, cast.NOW, because="A first guess, corrected since.")
    end = cast.NOW + timedelta(hours=1)
    await cast.plant(house.store, story.then(EventKind.SCOPE_CHANGED, cast.NOW, because=cast.SNI_RESET).released().ended(end))
    events = (await got(anonymous, "/api/v1/incidents/CW-2026-0001/events"))["items"]
    assert [one["kind"] for one in events] == ["opened", "confirmed", "scope_changed", "scope_changed", "released", "ended"]
    assert [one["data"] for one in events[:4]] == [{}] * 4
    whole = events[4]["data"]
    assert whole["because"] == cast.SNI_RESET
    assert (whole["stage"], whole["kind"], whole["tlp"], whole["mechanisms"]) == (
        "confirmed",
        "blocking",
        "CLEAR",
        ["tls.reset.sni"],
    )
    assert not {"vantages", "reason", "by", "key", "entry"} & whole.keys()
    assert set(events[5]["data"]) == {"stage", "end"}
    for path in ("/api/v1/incidents/CW-2026-0001/log", "/incidents/CW-2026-0001/log"):
        assert "first guess" not in (await anonymous.get(path)).text


async def test_what_happened_while_it_was_not_public_is_told_like_what_came_before(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    closed = cast.suspicion(1).confirmed().released().then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER)
    changed = closed.then(EventKind.SCOPE_CHANGED, cast.NOW, because="Said among ourselves.", mechanisms=("tcp.reset",))
    await cast.plant(house.store, changed.released())
    events = (await got(anonymous, "/api/v1/incidents/CW-2026-0001/events"))["items"]
    assert [bool(one["data"]) for one in events] == [False, False, True, False, False, True]
    assert events[5]["data"]["mechanisms"] == ["tcp.reset"]
