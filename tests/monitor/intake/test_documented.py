"""Documented incidents are entered once, and again where their file has changed; what people decided meanwhile is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from monitor.core import decision
from monitor.core.descriptive import Outcome
from monitor.core.documented import Documented, RelatedEntry
from monitor.core.dossier import EvidenceItem, Reply
from monitor.core.incident import Event, Incident, Relation, fold
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind, Severity
from monitor.core.model import Tlp, Words
from monitor.core.severity import severity
from monitor.core.subscription import Route
from monitor.intake import Entered, carry_out, connect, enter, without_file
from monitor.store import Store
from tests.monitor.cast import ADDRESS, watchlist
from tests.monitor.store.cast import opened

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WATCHLIST = watchlist(Route(id="staff", channels=("desk",)))


def entry(name: str = "globalgiving-2024-projects-removed", **said: Any) -> Documented:
    given: dict[str, Any] = {
        "id": name,
        "kind": "withdrawal",
        "title": {"en": "GlobalGiving removes Russian projects"},
        "countries": {"effect": ["RU"]},
        "sources": [{"title": "A report"}],
        **said,
    }
    return Documented.model_validate(given)


GLOBALGIVING_2024 = entry(
    organisation="ovd-info",
    provider="globalgiving",
    dates={"decided": {"date": "2024-01", "basis": "self_report"}},
    bounds={"not_before": "2022", "derived_from": "the text"},
    reported_on="2024-03-01",
)
MAILCHIMP_PROCESS = entry(
    "mailchimp-reinstatement-process",
    outcome="process_announced",
    reinstatement={"scope": "announced", "basis": "self_report"},
    related=[{"entry": "globalgiving-2024-projects-removed", "relation": "follows"}],
)


async def kept(store: Store) -> dict[str, Incident]:
    async with store.reading() as reading:
        return {one.entry: one for one in await reading.entries()}


async def log_of(store: Store, incident: Incident) -> list[Event]:
    async with store.reading() as reading:
        return await reading.events(incident.id)


async def test_an_entry_becomes_an_attested_incident_that_is_never_open_and_wakes_nobody(store: Store) -> None:
    assert await enter(store, [GLOBALGIVING_2024], NOW) == Entered(opened=(GLOBALGIVING_2024.id,))
    found = (await kept(store))[GLOBALGIVING_2024.id]
    assert (found.id, found.version, found.kind, found.stage) == ("CW-2026-0001", 1, Kind.WITHDRAWAL, IncidentStage.CONFIRMED)
    assert (found.origin, found.tlp, found.provider, found.key.country) == (Origin.ATTESTED, Tlp.CLEAR, "globalgiving", "RU")
    assert (found.is_open, severity(found), found.confirmed_at) == (False, Severity.NONE, None)
    async with store.reading() as reading:
        assert await reading.messages(found.id) == []


async def test_it_began_when_its_sources_say_never_when_they_were_written_or_what_was_derived(store: Store) -> None:
    undated = entry("hetzner-service-ends", reported_on="2024-03-01", bounds={"not_after": "2023", "derived_from": "the text"})
    await enter(store, [GLOBALGIVING_2024, undated], NOW)
    found = await kept(store)
    dated = found[GLOBALGIVING_2024.id].onset
    assert (dated.after, dated.by) == (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
    assert found["hetzner-service-ends"].onset is None


async def test_entering_the_same_again_changes_nothing(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024, MAILCHIMP_PROCESS], NOW)
    before = await kept(store)
    assert await enter(store, [MAILCHIMP_PROCESS, GLOBALGIVING_2024], LATER) == Entered()
    assert await kept(store) == before


async def test_a_process_that_was_announced_is_an_event_of_its_own_and_reinstates_nobody(store: Store) -> None:
    """mailchimp_reinstatement_process"""
    await enter(store, [GLOBALGIVING_2024, MAILCHIMP_PROCESS], NOW)
    found = (await kept(store))[MAILCHIMP_PROCESS.id]
    events = await log_of(store, found)
    assert [event.kind for event in events] == [EventKind.OPENED, EventKind.REINSTATEMENT_ANNOUNCED]
    assert fold(events[:1]).dossier.reinstatement is None
    assert (found.stage, found.dossier.outcome) == (IncidentStage.CONFIRMED, Outcome.PROCESS_ANNOUNCED)


async def test_one_that_was_reinstated_in_full_tells_so_as_its_second_event(store: Store) -> None:
    back = entry("vk-back", stage="reinstated", reinstatement={"scope": "full", "basis": "provider"})
    await enter(store, [back], NOW)
    found = (await kept(store))["vk-back"]
    assert [event.kind for event in await log_of(store, found)] == [EventKind.OPENED, EventKind.REINSTATED]
    assert found.stage is IncidentStage.REINSTATED


async def test_entries_are_related_by_the_numbers_of_their_incidents(store: Store) -> None:
    await enter(store, [MAILCHIMP_PROCESS, GLOBALGIVING_2024], NOW)
    found = await kept(store)
    other = found[GLOBALGIVING_2024.id].id
    assert found[MAILCHIMP_PROCESS.id].relations == (Relation(RelationKind.FOLLOWS, other),)


async def test_a_changed_file_corrects_the_incident_with_its_own_reason(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    data = GLOBALGIVING_2024.model_dump(mode="json", exclude_unset=True)
    changed = Documented.model_validate({**data, "dates": {}, "organisation": None, "revision": "the date was a guess"})
    assert await enter(store, [changed], LATER) == Entered(corrected=(GLOBALGIVING_2024.id,))
    found = (await kept(store))[GLOBALGIVING_2024.id]
    last = (await log_of(store, found))[-1]
    assert (last.kind, last.change.reason, last.change.by) == (EventKind.CORRECTED, "the date was a guess", "configuration")
    assert (found.onset, found.key.organisation, found.version) == (None, "", 2)


async def test_a_changed_file_that_gives_no_reason_has_a_plain_one(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    await enter(store, [GLOBALGIVING_2024.model_copy(update={"note": "more"})], LATER)
    found = (await kept(store))[GLOBALGIVING_2024.id]
    assert (await log_of(store, found))[-1].change.reason == "the entry's file was changed"


async def test_only_another_reason_for_the_last_change_is_no_change(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    assert await enter(store, [GLOBALGIVING_2024.model_copy(update={"revision": "a spelling"})], LATER) == Entered()


async def test_what_a_person_decided_stands_until_the_file_changes_again(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    number = (await kept(store))[GLOBALGIVING_2024.id].id
    await carry_out(store, number, decision.retract("a namesake", "staff"), NOW, WATCHLIST, ADDRESS)
    await enter(store, [GLOBALGIVING_2024], LATER)
    assert (await kept(store))[GLOBALGIVING_2024.id].stage is IncidentStage.RETRACTED
    await enter(store, [GLOBALGIVING_2024.model_copy(update={"note": "it was they after all"})], LATER)
    assert (await kept(store))[GLOBALGIVING_2024.id].stage is IncidentStage.CONFIRMED


async def test_evidence_replies_and_links_that_people_added_outlive_a_change_of_the_file(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024, MAILCHIMP_PROCESS], NOW)
    number = (await kept(store))[MAILCHIMP_PROCESS.id].id
    event, measured = opened()
    async with store.writing() as writing:
        await writing.append([event], [measured])
    item, reply = EvidenceItem(title="A screenshot"), Reply(by=Words(en="Mailchimp"), text=Words(en="We have a process"))
    await carry_out(store, number, decision.add_evidence(item, "seen", "staff"), NOW, WATCHLIST, ADDRESS)
    await carry_out(store, number, decision.add_reply(reply, "by mail", "staff"), NOW, WATCHLIST, ADDRESS)
    await connect(store, (number, measured.id), RelationKind.SEE_ALSO, ("alike", "staff"), NOW, WATCHLIST)
    await enter(store, [GLOBALGIVING_2024, MAILCHIMP_PROCESS.model_copy(update={"note": "more", "related": ()})], LATER)
    found = (await kept(store))[MAILCHIMP_PROCESS.id]
    assert (found.dossier.evidence, found.dossier.replies, found.dossier.note) == ((item,), (reply,), "more")
    assert found.relations == (Relation(RelationKind.SEE_ALSO, measured.id),)


async def test_an_incident_outlives_its_file(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    assert await enter(store, [], LATER) == Entered(gone=(GLOBALGIVING_2024.id,))
    assert (await kept(store))[GLOBALGIVING_2024.id].version == 1


async def test_a_provider_that_the_file_no_longer_names_is_named_no_longer(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    await enter(store, [GLOBALGIVING_2024.model_copy(update={"provider": None})], LATER)
    found = (await kept(store))[GLOBALGIVING_2024.id]
    assert (found.provider, found.version) == (None, 2)
    assert fold(await log_of(store, found)).provider is None


async def test_what_a_person_decides_leaves_the_provider_of_a_file_where_it_is(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    number = (await kept(store))[GLOBALGIVING_2024.id].id
    decided = await carry_out(store, number, decision.release(Tlp.AMBER, "not yet", "staff"), LATER, WATCHLIST, ADDRESS)
    assert decided.provider == "globalgiving"


RENAMED = GLOBALGIVING_2024.model_copy(update={"id": "globalgiving-projects", "formerly": (GLOBALGIVING_2024.id,)})


async def test_a_renamed_file_keeps_its_number_and_its_log(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024, MAILCHIMP_PROCESS], NOW)
    number = (await kept(store))[GLOBALGIVING_2024.id].id
    process = MAILCHIMP_PROCESS.model_copy(update={"related": (RelatedEntry(entry=RENAMED.id, relation=RelationKind.FOLLOWS),)})
    entered = await enter(store, [RENAMED, process], LATER)
    assert (entered.opened, set(entered.corrected), entered.gone) == ((), {RENAMED.id, process.id}, ())
    found = await kept(store)
    assert set(found) == {RENAMED.id, process.id}
    assert (found[RENAMED.id].id, found[RENAMED.id].version) == (number, 2)
    assert found[process.id].relations == (Relation(RelationKind.FOLLOWS, number),)


async def test_a_name_may_change_twice_and_the_line_may_go_once_it_has_been_read(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    twice = RENAMED.model_copy(update={"id": "removed-projects", "formerly": (GLOBALGIVING_2024.id, RENAMED.id)})
    assert await enter(store, [twice], NOW) == Entered(corrected=(twice.id,))
    assert await enter(store, [twice.model_copy(update={"formerly": ()})], LATER) == Entered()


async def test_what_was_entered_anew_before_the_file_said_how_it_was_called_is_the_first_again(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    assert (await enter(store, [RENAMED.model_copy(update={"formerly": ()})], NOW)).gone == (GLOBALGIVING_2024.id,)
    assert await enter(store, [RENAMED], LATER) == Entered(corrected=(RENAMED.id,))
    async with store.reading() as reading:
        first, second = sorted(await reading.entries(), key=lambda one: one.id)
        last = (await reading.events(second.id))[-1]
    assert (first.id, first.entry, first.stage) == ("CW-2026-0001", RENAMED.id, IncidentStage.CONFIRMED)
    assert (second.id, second.stage) == ("CW-2026-0002", IncidentStage.RETRACTED)
    assert (last.change.by, "it is CW-2026-0001" in (last.change.reason or "")) == ("configuration", True)
    assert await enter(store, [RENAMED], LATER) == Entered()


async def test_what_a_person_has_retracted_as_entered_twice_keeps_no_name_from_the_first(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    await enter(store, [RENAMED.model_copy(update={"formerly": ()})], NOW)
    await carry_out(store, "CW-2026-0002", decision.retract("entered twice", "staff"), NOW, WATCHLIST, ADDRESS)
    assert await enter(store, [RENAMED], LATER) == Entered(corrected=(RENAMED.id,))
    assert (await kept(store))[RENAMED.id].id == "CW-2026-0001"
    async with store.reading() as reading:
        assert [one.kind for one in await reading.events("CW-2026-0002")][-1] is EventKind.CORRECTED


async def test_an_entry_whose_file_is_gone_is_told_with_what_to_do(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    async with store.reading() as reading:
        (remark,) = without_file(await reading.entries(), [MAILCHIMP_PROCESS])
    assert "CW-2026-0001" in remark
    assert f"formerly: [{GLOBALGIVING_2024.id}]" in remark
    assert "nothing was removed" in remark


async def test_one_that_was_retracted_may_lose_its_file_without_a_word(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    await enter(store, [GLOBALGIVING_2024.model_copy(update={"stage": IncidentStage.RETRACTED})], NOW)
    async with store.reading() as reading:
        assert without_file(await reading.entries(), []) == ()


async def test_a_start_without_a_file_that_was_there_says_so_aloud(store: Store) -> None:
    await enter(store, [GLOBALGIVING_2024], NOW)
    with capture_logs() as told:
        await enter(store, [], LATER)
    assert [(one["log_level"], "formerly" in one["event"]) for one in told] == [("warning", True)]
