"""`/incidents/{id}`: what happened, how we know, how to cite it."""

from datetime import timedelta

import httpx2
import pytest

from api.labels import KINDS
from api.languages import LANGUAGES, translations
from monitor.core.incident import Bracket, CaseKey, Relation
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.model import Tlp, Words
from monitor.core.phrases import PHRASES
from monitor.core.watchlist import Organisation, Target
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import a_block, read


async def test_an_incident_tells_what_when_how_sure_why_and_how_to_cite_it(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    page = await read(staff, "/incidents/CW-2026-0001")
    text = " ".join(page.text.split())
    for part in (
        "ovdinfo.org: Blocking in Russia",
        cast.SNI_RESET,
        "Explicit evidence",
        PHRASES["en"].mechanisms["tls.reset.sni"],
        "tls.reset.sni",
        "Anna's flat",
        "First seen",
        "What to do now",
        "TLP:AMBER",
        (
            "Cutwatch, “OVD-Info, ovdinfo.org: Blocking in Russia” (CW-2026-0001, version 2, 21 November 2026)"
            " <https://watch.example/incidents/CW-2026-0001/v2> accessed 21 November 2026"
        ),
    ):
        assert part in text, part


async def test_the_looks_around_the_beginning_are_shown_good_ones_included(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    page = await read(staff, "/incidents/CW-2026-0001")
    assert "The story of ovdinfo-org says ok." in page.text
    assert "The story of ovdinfo-org says blocked." in page.text
    assert "21 Nov 2026, 07:00:00 UTC" in page.text
    assert "21 Nov 2026, 08:55:00 UTC" in page.text
    assert "21 Nov 2026, 09:00:00 UTC" not in page.text


async def test_a_version_stays_as_it_was_and_points_to_the_latest(house: House, staff: httpx2.AsyncClient) -> None:
    await a_block(house)
    first = await read(staff, "/incidents/CW-2026-0001/v1")
    assert "This is version 1 of 2." in first.text
    assert "Suspected" in first.text
    assert "/incidents/CW-2026-0001" in first.links
    assert "This is version" not in (await read(staff, "/incidents/CW-2026-0001/v2")).text


async def test_a_retracted_case_leaves_a_tombstone_with_its_reason(house: House, anonymous: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed().released()
    retracted = {"stage": IncidentStage.RETRACTED, "reason": "a cable was cut"}
    await cast.plant(house.store, story.then(EventKind.RETRACTED, cast.NOW, **retracted))
    text = (await read(anonymous, "/incidents/CW-2026-0001")).text
    assert "Retracted." in text
    assert "a cable was cut" in text
    assert "Petrova" not in text


async def test_an_ended_case_says_when_it_ended(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().ended(cast.NOW - timedelta(hours=1)))
    text = " ".join((await read(staff, "/incidents/CW-2026-0001")).text.split())
    assert "Over 21 Nov 2026, between 10:55 and 11:00 UTC" in text
    assert "Over in the last seven days" in (await read(staff, "/")).text


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "01", "9" * 5000])
async def test_a_version_that_never_was_is_not_there(house: House, staff: httpx2.AsyncClient, number: str) -> None:
    await a_block(house)
    await read(staff, f"/incidents/CW-2026-0001/v{number}", expected=404)


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_of_loss_has_its_page(house: House, staff: httpx2.AsyncClient, kind: Kind) -> None:
    await cast.plant(house.store, cast.suspicion(1, kind=kind).confirmed())
    for language in LANGUAGES:
        page = await read(staff, f"/incidents/CW-2026-0001?lang={language}")
        assert translations(language).gettext(KINDS[kind].word) in page.text, language


async def test_a_version_shows_the_relations_it_stated_and_nothing_that_others_have_become_since(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    mass = cast.suspicion(
        5,
        key=CaseKey(organisation="", target="", family="mass:path", country="RU"),
        relations=(Relation(RelationKind.FOLLOWS, "CW-2026-0002"), Relation(RelationKind.SEE_ALSO, "CW-2026-0004")),
        members=("CW-2026-0001", "CW-2026-0004"),
    )
    member = cast.suspicion(1).confirmed().released()
    earlier, hidden = cast.attested(2), cast.suspicion(4, "memorial", "memohrc-org").confirmed()
    await cast.plant(house.store, member, earlier, hidden, mass.confirmed().released())
    addresses = ("/incidents/CW-2026-0005/v3", "/api/v1/incidents/CW-2026-0005/versions/3")
    before = [(await anonymous.get(address)).text for address in addresses]
    over = member.ended(cast.NOW)
    naming = cast.attested(3, relations=(Relation(RelationKind.FOLLOWS, "CW-2026-0005"),))
    await cast.plant(house.store, cast.Story(over.incident, over.events[-1:]), naming)
    assert [(await anonymous.get(address)).text for address in addresses] == before
    page = " ".join((await read(anonymous, "/incidents/CW-2026-0005/v3")).text.split())
    assert "in consequence of CW-2026-0002" in page
    assert "What it consists of (1) CW-2026-0001" in page
    assert "Which related incidents are shown here follows what is released today." in page
    assert "CW-2026-0003" in (await read(anonymous, "/incidents/CW-2026-0005")).text
    russian = await read(anonymous, "/incidents/CW-2026-0005/v3?lang=ru")
    assert "зависит от того, что опубликовано сегодня" in russian.text


MITM = ("tls.mitm.state_ca",)


async def test_staff_read_first_what_happened_and_what_to_do_and_act_there(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1, mechanisms=MITM).confirmed())
    text = " ".join((await read(staff, "/incidents/CW-2026-0001")).text.split())
    loss = PHRASES["en"].losses["intercepted"]
    told = ("ovdinfo.org is intercepted (Russia).", "Act now.", loss.advice, "I see to it", "Be quiet about it", cast.SNI_RESET)
    places = [text.index(part) for part in told]
    assert places == sorted(places)
    assert text.index("Be quiet about it") < text.index("First seen")
    assert text.count("I see to it") == text.count(loss.advice) == 1


async def test_an_interception_is_called_one_everywhere(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1, mechanisms=MITM).confirmed().released())
    for address in ("/", "/timeline", "/incidents/CW-2026-0001", "/feed.atom", "/api/v1/incidents/CW-2026-0001"):
        assert "Interception in Russia" in (await anonymous.get(address)).text, address
    russian = " ".join((await read(anonymous, "/incidents/CW-2026-0001?lang=ru")).text.split())
    assert "Перехват соединения (Россия)" in russian
    assert "соединение перехватывают (Россия)" in russian


async def test_the_public_reads_what_happened_and_not_what_the_staff_should_do(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    text = (await read(anonymous, "/incidents/CW-2026-0001")).text
    assert "ovdinfo.org is blocked (Russia)." in text
    assert "What to do now" not in text
    assert "This can wait until morning." not in text


async def test_of_what_is_over_the_page_speaks_in_the_past(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().ended(cast.NOW - timedelta(hours=1)))
    for address in ("/", "/organisations/ovd-info", "/incidents/CW-2026-0001"):
        text = " ".join((await read(staff, address)).text.split())
        assert f"What was seen while it lasted: {cast.SNI_RESET}" in text, address
    assert "somebody on the way between visitors and the service interfered" in text
    assert "is blocked" not in text


async def test_a_release_after_the_end_does_not_say_that_it_stands(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().ended(cast.NOW - timedelta(hours=1)).released())
    text = " ".join((await read(anonymous, "/incidents/CW-2026-0001")).text.split())
    assert text.count(cast.SNI_RESET) == text.count(f"What was seen while it lasted: {cast.SNI_RESET}") == 2


async def test_a_long_log_is_folded_but_for_its_end(house: House, staff: httpx2.AsyncClient) -> None:
    story = cast.suspicion(1).confirmed()
    for minutes in range(20):
        story = story.then(EventKind.SCOPE_CHANGED, cast.NOW - timedelta(minutes=20 - minutes), vantages=("moscow-home",))
    await cast.plant(house.store, story)
    answer = await staff.get("/incidents/CW-2026-0001")
    folded, _, rest = answer.text.partition('id="log"')[2].partition("</details>")
    assert "Show the 19 entries before these" in folded
    assert (folded.count('<li id="v'), rest.count('<li id="v')) == (19, 3)


async def test_two_looks_within_one_minute_are_told_as_one_time(house: House, staff: httpx2.AsyncClient) -> None:
    by = cast.NOW - timedelta(hours=2)
    await cast.plant(house.store, cast.suspicion(1, onset=Bracket(after=by, by=by + timedelta(seconds=40))).confirmed())
    for address in ("/", "/timeline", "/incidents/CW-2026-0001"):
        text = " ".join((await read(staff, address)).text.split())
        assert "21 Nov 2026, 10:00 UTC" in text
        assert "between 10:00 and 10:00" not in text, address


async def test_a_long_name_is_told_whole_wherever_there_is_room(house: House, anonymous: httpx2.AsyncClient) -> None:
    name = "The Centre for the Defence of Human Rights and of the Memory of Those who Suffered"
    target = Target(id="site", url="https://long.example/", name=Words(en=f"Site of {name}"), tlp=Tlp.CLEAR)
    await house.watch(cast.watchlist(Organisation(id="long", name=Words(en=name), tlp=Tlp.CLEAR, targets=(target,))))
    await cast.plant(house.store, cast.suspicion(1, "long", "site").confirmed().released())
    title = f"{name}, Site of {name}: Blocking in Russia"
    for address in ("/incidents/CW-2026-0001", "/timeline", "/feed.json", "/feed.atom", "/api/v1/incidents/CW-2026-0001"):
        assert title in (await anonymous.get(address)).text, address
    assert f"Cutwatch, “{title}”" in (await read(anonymous, "/incidents/CW-2026-0001")).text
