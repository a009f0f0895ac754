"""`/providers/{id}`: what a provider did to whom, when, with or without notice, and whether it took it back."""

import httpx2
import pytest

from monitor.core.descriptive import Basis
from monitor.core.dossier import DatedStatement, Dates, Dossier, DueProcess, Reinstatement, Reply
from monitor.core.kinds import EventKind
from monitor.core.model import Tlp, Words
from tests.api import cast
from tests.api.conftest import House
from tests.api.stories import read
from tests.api.test_secrecy import MAILCHIMP, documented

ACCOUNT = Dossier(
    title=Words(en="OVD-Info's account is closed", ru="Учётная запись ОВД-Инфо закрыта"),
    dates=Dates(effective=DatedStatement(date="2022-03", basis=Basis.MEDIA)),
    due_process=DueProcess(notice_given=False, basis=Basis.SELF_REPORT),
    reinstatement=Reinstatement(scope="full", date="2022-05-02", basis=Basis.PROVIDER),
    replies=(Reply(by=Words(en="Mailchimp"), date="2022-05", text=Words(en="We made a mistake.", ru="Мы ошиблись.")),),
    as_of="2024-03-01",
)


@pytest.fixture
async def town(house: House) -> House:
    """Mailchimp has closed two accounts: OVD-Info's, of which everybody may know, and Memorial's."""
    await house.watch(cast.watchlist().model_copy(update={"providers": (MAILCHIMP,)}))
    account = documented(6, Tlp.CLEAR).then(EventKind.CORRECTED, cast.NOW, dossier=ACCOUNT)
    await cast.plant(house.store, account, documented(8, Tlp.AMBER, of="memorial", title="Memorial's account is closed"))
    return house


async def test_the_page_tells_notice_return_the_days_between_and_the_reply(town: House) -> None:
    async with town.client() as anonymous:
        text = " ".join((await read(anonymous, "/providers/mailchimp")).text.split())
    for told in (
        "OVD-Info's account is closed",
        "March 2022",
        "Notice not given Stated by the affected party",
        "Given back in full, 2 May 2022 Stated by the provider",
        "Days until then at least 31, at most 63",
        "We made a mistake.",
        "Reply: Mailchimp, May 2022",
        "With no notice given",
    ):
        assert told in text


async def test_it_speaks_russian(town: House) -> None:
    async with town.client() as anonymous:
        text = " ".join((await read(anonymous, "/providers/mailchimp?lang=ru")).text.split())
    for told in (
        "Учётная запись ОВД-Инфо закрыта",
        "не меньше 31, не больше 63",
        "Мы ошиблись.",
        "Без предупреждения",
        "март 2022 года",
    ):
        assert told in text


async def test_it_counts_what_the_api_counts_for_the_same_reader(town: House, staff: httpx2.AsyncClient) -> None:
    async with town.client() as anonymous:
        for client, expected in ((anonymous, 1), (staff, 2)):
            page = await read(client, "/providers/mailchimp")
            record = (await client.get("/api/v1/providers/mailchimp")).json()["record"]
            assert page.cells[page.cells.index("Incidents") + 1] == str(record["incidents"]) == str(expected)
        assert "Memorial" not in (await read(anonymous, "/providers/mailchimp")).text
    assert "Memorial" in (await read(staff, "/providers/mailchimp")).text


async def test_what_is_hidden_leaves_no_trace(house: House) -> None:
    await house.watch(cast.watchlist().model_copy(update={"providers": (MAILCHIMP,)}))
    async with house.client() as anonymous:
        before = await anonymous.get("/providers/mailchimp")
        await cast.plant(house.store, documented(8, Tlp.AMBER, of="memorial", title="Memorial's account is closed"))
        after = await anonymous.get("/providers/mailchimp")
        missing = await anonymous.get("/providers/nobody")
    assert (before.text, before.headers) == (after.text, after.headers)
    assert "Nothing that it has done has been released to the public." in after.text
    assert missing.status_code == 404


async def test_incidents_lead_to_whoever_did_it(town: House) -> None:
    async with town.client() as anonymous:
        for address in ("/incidents/CW-2026-0006", "/timeline"):
            assert "/providers/mailchimp?lang=en" in (await read(anonymous, f"{address}?lang=en")).links
    async with town.client() as anonymous:
        await town.watch(cast.watchlist())
        assert "/providers/mailchimp" not in (await read(anonymous, "/incidents/CW-2026-0006")).links
