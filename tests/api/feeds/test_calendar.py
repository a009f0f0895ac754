"""`/calendar.ics`: what a calendar programme sees, by the rules of RFC 5545."""

from datetime import date, timedelta
from typing import Any

import httpx2
import pytest
from icalendar import Calendar

from monitor.core.dossier import CitedSource, DatedStatement, Dates, Dossier, Remedy
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.model import Tlp, Words
from monitor.core.planned import AnnouncedChange
from monitor.core.watchlist import PlannedChange
from tests.api import cast
from tests.api.conftest import House

LINE = 75
"""Octets of a line, its end not counted (RFC 5545, 3.1)."""


async def read(client: httpx2.AsyncClient, address: str = "/calendar.ics") -> list[Any]:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    check(answer.content)
    calendar = Calendar.from_ical(answer.content)
    assert (calendar["version"], calendar["calscale"]) == ("2.0", "GREGORIAN")
    events = list(calendar.walk("VEVENT"))
    assert len({one["uid"] for one in events}) == len(events)
    for one in events:
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "LAST-MODIFIED", "STATUS"} <= set(one)
        assert not one.errors
    return events


def check(body: bytes) -> None:
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert max(len(line) for line in body.split(b"\r\n")) <= LINE
    body.decode()


def notice(number: int = 1, effective: str = "2026-12-25", **changes: Any) -> cast.Story:
    stated = DatedStatement(date=effective, basis="document")
    dossier = Dossier(title=Words(en="Mailchimp closes the account"), dates=Dates(effective=stated))
    given = {"kind": Kind.NOTICE, "dossier": dossier, "stage": IncidentStage.CONFIRMED, "tlp": Tlp.CLEAR, **changes}
    return cast.attested(number, **given)


async def test_without_dates_it_still_holds_the_component_that_the_rules_ask_for(anonymous: httpx2.AsyncClient) -> None:
    """RFC 5545 (3.6) wants one at least; a time zone shows nothing, and moments are told in this one."""
    assert await read(anonymous) == []
    answer = await anonymous.get("/calendar.ics")
    (zone,) = Calendar.from_ical(answer.content).subcomponents
    assert (zone.name, zone["tzid"]) == ("VTIMEZONE", "UTC")
    (standard,) = zone.subcomponents
    assert {standard[name].to_ical() for name in ("tzoffsetfrom", "tzoffsetto")} == {"+0000"}
    assert "last-modified" not in answer.headers


async def test_with_dates_it_holds_nothing_else(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, notice())
    assert [one.name for one in Calendar.from_ical((await anonymous.get("/calendar.ics")).content).subcomponents] == ["VEVENT"]


async def test_a_date_that_documents_state_names_them(house: House, anonymous: httpx2.AsyncClient) -> None:
    source = CitedSource(title="The provider's letter", url="https://letters.example/1")
    effective = DatedStatement(date="2026-12-25", basis="document")
    title = Words(en="Mailchimp closes OVD-Info's account")
    dossier = Dossier(title=title, dates=Dates(effective=effective), sources=(source,))
    await cast.plant(house.store, notice(dossier=dossier))
    (event,) = await read(anonymous)
    assert event["summary"] == "Announced to take effect: Mailchimp closes OVD-Info's account"
    assert "Source: The provider's letter, https://letters.example/1" in event["description"]


async def test_what_a_notice_announces_is_a_whole_day_with_two_reminders(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, notice())
    (event,) = await read(anonymous)
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (date(2026, 12, 25), date(2026, 12, 26))
    assert event["summary"] == "Announced to take effect: OVD-Info: Mailchimp closes the account"
    assert "no source is named" in event["description"]
    assert event["url"] == f"{cast.ADDRESS}/incidents/CW-2026-0001"
    assert event["status"] == "CONFIRMED"
    assert [one.decoded("trigger") for one in event.walk("VALARM")] == [timedelta(days=-7), timedelta(days=-1)]
    assert {one["action"] for one in event.walk("VALARM")} == {"DISPLAY"}


@pytest.mark.parametrize(
    ("effective", "start", "after"),
    [
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-12-25/..", date(2026, 12, 25), date(2026, 12, 26)),
        ("../2026-12-31", date(2026, 12, 31), date(2027, 1, 1)),
        ("2026-12-20/2026-12-24~", date(2026, 12, 20), date(2026, 12, 25)),
    ],
)
async def test_a_date_is_never_more_exact_than_its_source(
    house: House, anonymous: httpx2.AsyncClient, effective: str, start: date, after: date
) -> None:
    await cast.plant(house.store, notice(effective=effective))
    (event,) = await read(anonymous)
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (start, after)
    assert ("not sure" in event["description"]) is effective.endswith("~")


async def test_a_remedy_keeps_its_name_when_another_is_entered_before_it(house: House, anonymous: httpx2.AsyncClient) -> None:
    court, appeal = (
        Remedy(body=Words(en=body), kind="appeal", filing_deadline=day)
        for body, day in (("A court", "2026-12-24"), ("Another court", "2026-12-23"))
    )
    told = notice()
    before = told.incident.dossier.model_copy(update={"remedies": (court,)})
    await cast.plant(house.store, told.then(EventKind.CORRECTED, cast.NOW, dossier=before))
    (first,) = [one["uid"] for one in await read(anonymous) if "A court" in one["summary"]]
    after = before.model_copy(update={"remedies": (appeal, court)})
    later = told.then(EventKind.CORRECTED, cast.NOW, dossier=before).then(EventKind.CORRECTED, cast.NOW, dossier=after)
    async with house.store.writing() as writing:
        await writing.append([later.events[-1]], [later.incident])
    (second,) = [one["uid"] for one in await read(anonymous) if "A court" in one["summary"]]
    assert first == second


async def test_what_did_not_come_to_pass_is_cancelled_under_the_same_name(house: House, anonymous: httpx2.AsyncClient) -> None:
    story = notice()
    await cast.plant(house.store, story)
    (before,) = await read(anonymous)
    averted = story.then(EventKind.AVERTED, cast.NOW, stage=IncidentStage.AVERTED)
    await cast.plant(house.store, cast.Story(averted.incident, averted.events[-1:]))
    (after,) = await read(anonymous)
    assert (before["uid"], before["sequence"], before["status"]) == (after["uid"], 1, "CONFIRMED")
    assert (after["sequence"], after["status"], after.walk("VALARM")) == (2, "CANCELLED", [])
    assert after.decoded("last-modified") > before.decoded("last-modified")


async def test_a_remedy_must_be_sought_in_time_until_it_has_been(house: House, anonymous: httpx2.AsyncClient) -> None:
    court = {"body": Words(en="Tagansky District Court"), "filing_deadline": "2026-12-01"}
    for number, filed, expected in ((1, None, "CONFIRMED"), (2, "2026-11-20", "CANCELLED")):
        dossier = Dossier(title=Words(en="A block"), remedies=(Remedy(**court, filed=filed),))
        await cast.plant(house.store, cast.attested(number, dossier=dossier))
        event = next(one for one in await read(anonymous) if one["url"].endswith(f"-000{number}"))
        assert event["summary"].startswith("Last day to file (Tagansky District Court): ")
        assert (event.decoded("dtstart"), event["status"]) == (date(2026, 12, 1), expected)


async def test_a_certificate_s_end_has_a_time_and_moves_under_the_same_name(house: House, staff: httpx2.AsyncClient) -> None:
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org")])
    (before,) = await read(staff)
    assert before["summary"] == "Certificate ends: ovdinfo.org"
    assert before.decoded("dtstart") == cast.NOW + timedelta(days=30)
    async with house.store.writing() as writing:
        later = cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org", cast.NOW + timedelta(days=90))
        await writing.note_deadlines([later])
    (after,) = await read(staff)
    assert (after["uid"], after.decoded("dtstart")) == (before["uid"], cast.NOW + timedelta(days=90))


async def test_a_date_that_was_seen_again_changes_nothing(house: House, staff: httpx2.AsyncClient) -> None:
    for _ in range(2):
        async with house.store.writing() as writing:
            await writing.note_deadlines([cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org")])
    async with house.store.reading() as reading:
        assert len(await reading.deadlines()) == 1


async def test_whatever_else_stands_among_the_deadlines_appears_by_itself(house: House, staff: httpx2.AsyncClient) -> None:
    found = [
        cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org").__class__(
            organisation="ovd-info", target="ovdinfo-org", kind=kind, subject="ovdinfo.org", at=cast.NOW, seen_at=cast.NOW
        )
        for kind in ("domain", "something new")
    ]
    async with house.store.writing() as writing:
        await writing.note_deadlines(found)
    assert {one["summary"] for one in await read(staff)} == {
        "Domain registration ends: ovdinfo.org",
        "Deadline (something new): ovdinfo.org",
    }


async def test_planned_changes_are_there_and_their_notes_for_insiders_only(
    house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    change = PlannedChange(start=cast.NOW + timedelta(days=1), end=cast.NOW + timedelta(days=2), note="ask Anna first")
    site, intranet = cast.AMNESTY.targets
    amnesty = cast.AMNESTY.model_copy(update={"targets": (site.model_copy(update={"planned": (change,)}), intranet)})
    house.change(watchlist=cast.watchlist(amnesty, cast.MEMORIAL).model_copy(update={"version": "2"}))
    announced = AnnouncedChange(
        id="plan-1",
        organisation="memorial",
        target="memohrc-org",
        change=change,
        entered_at=cast.NOW,
        entered_by="command line",
        cancelled_at=cast.NOW,
    )
    async with house.store.writing() as writing:
        await writing.announce(announced)
    (public,) = await read(anonymous)
    assert public["summary"] == "Planned change: Amnesty International, amnesty.org"
    assert "Anna" not in public["description"]
    inside = {one["summary"].rpartition(" ")[2]: one for one in await read(staff)}
    assert "ask Anna first" in inside["amnesty.org"]["description"]
    assert inside["memohrc.org"]["status"] == "CANCELLED"
    assert inside["amnesty.org"].decoded("dtend") == cast.NOW + timedelta(days=2)


async def test_what_is_long_past_is_left_out(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, notice(1, "2022-01-01"), notice(2, "2026-01-01"))
    (event,) = await read(anonymous)
    assert event["url"].endswith("CW-2026-0002")


async def test_one_organisation_s_dates_can_be_asked_for(house: House, staff: httpx2.AsyncClient) -> None:
    async with house.store.writing() as writing:
        await writing.note_deadlines(
            [
                cast.certificate_of("ovd-info", "ovdinfo-org", "a.example"),
                cast.certificate_of("memorial", "memohrc-org", "b.example"),
            ]
        )
    await cast.plant(house.store, notice())
    summaries = [one["summary"] for one in await read(staff, "/calendar.ics?organisation=memorial")]
    assert summaries == ["Certificate ends: b.example"]


@pytest.mark.parametrize("hostile", ["a\r\nBEGIN:VEVENT", "\x1b[31mred\x00", "я" * 200, 'a;b,c:d\\e"f', "\u202eevil"])
async def test_no_name_breaks_the_calendar(house: House, staff: httpx2.AsyncClient, hostile: str) -> None:
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("ovd-info", "ovdinfo-org", hostile.replace("\x00", ""))])
    remedy = Remedy(body=Words(en=hostile), filing_deadline="2026-12-01")
    await cast.plant(house.store, cast.attested(1, dossier=Dossier(title=Words(en=hostile), remedies=(remedy,))))
    assert len(await read(staff)) == 2


async def test_the_calendar_speaks_russian(house: House, staff: httpx2.AsyncClient) -> None:
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org")])
    (event,) = await read(staff, "/calendar.ics?lang=ru")
    assert event["summary"] == "Сертификат заканчивается: ovdinfo.org"


async def test_a_programme_that_has_it_already_gets_nothing(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, notice())
    answer = await staff.get("/calendar.ics")
    assert (await staff.get("/calendar.ics", headers={"if-none-match": answer.headers["etag"]})).status_code == 304
    async with house.store.writing() as writing:
        await writing.note_deadlines([cast.certificate_of("ovd-info", "ovdinfo-org", "ovdinfo.org")])
    assert (await staff.get("/calendar.ics", headers={"if-none-match": answer.headers["etag"]})).status_code == 200
