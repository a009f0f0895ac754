"""The documented incidents that ship: all that the documents state, exactly as they state it, and nothing more."""

import re
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration import load
from monitor.configuration.reader import parse
from monitor.core.descriptive import Basis, Outcome, Review
from monitor.core.documented import Documented
from monitor.core.kinds import IncidentStage, Kind, RelationKind
from monitor.core.model import Tlp
from monitor.core.watchlist import Watchlist

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "documented-incidents.md").read_text(encoding="utf-8")

Stated = dict[str, Any]


@pytest.fixture(scope="module")
def shipped() -> Watchlist:
    return load(ROOT / "config", country="DE")


@pytest.fixture(scope="module")
def documents(reference: Path) -> Stated:
    """The file that holds what the source documents state; its dates are read as text."""
    file = reference / "incidents" / "documented_incidents.yaml"
    return dict(parse(file.name, file.read_bytes()).data)


def in_our_words(text: str | None) -> str | None:
    """The documents as we speak of them: what they call a seed, its reader calls a source."""
    return text and re.sub(r"\bseed\b", "source", text).replace(" (R01)", "").replace("E36", "the block of its websites")


@pytest.fixture(scope="module")
def pairs(shipped: Watchlist, documents: Stated) -> dict[str, tuple[Stated, Documented]]:
    """What is stated, and its entry, by the number of the event."""
    by_title = {entry.title.en: entry for entry in shipped.incidents}
    return {event["id"]: (event, by_title[in_our_words(event["title"])]) for event in documents["events"]}


Pairs = dict[str, tuple[Stated, Documented]]


def test_every_event_has_its_entry_and_no_entry_lacks_one(shipped: Watchlist, pairs: Pairs) -> None:
    assert len(pairs) == 44
    assert {entry.id for _, entry in pairs.values()} == {entry.id for entry in shipped.incidents}


def test_titles_stand_in_both_languages(pairs: Pairs) -> None:
    """The English ones are those of the documents; the Russian ones are our own translation of them."""
    for stated, entry in pairs.values():
        assert entry.title.en == in_our_words(stated["title"])
        assert re.search(r"[\u0430-\u044f]", entry.title.ru or ""), entry.id


def test_dates_are_those_of_the_event_and_as_exact_as_stated(pairs: Pairs) -> None:
    for number, (stated, entry) in pairs.items():
        given = {name: one["date"] for name, one in entry.dates.model_dump(exclude_none=True).items()}
        assert given == {name: date for name, date in stated["dates"].items() if date}, number


def test_when_a_source_was_written_and_what_was_derived_are_kept_apart(pairs: Pairs) -> None:
    for number, (stated, entry) in pairs.items():
        assert entry.reported_on == stated["reported_on"], number
        bounds = entry.bounds.model_dump(include={"not_before", "not_after", "derived_from"}) if entry.bounds else None
        assert bounds == stated.get("bounds"), number
        assert (in_our_words(stated.get("date_note")) or "") in (entry.date_note or ""), number
        assert (stated.get("reported_on_note") or "") in (entry.date_note or ""), number
        if (stated.get("date_note") or "").startswith("DERIVED"):
            assert {one.basis for one in (entry.dates.decided,)} == {Basis.DERIVED}, number


def test_actors_are_those_that_are_named(pairs: Pairs) -> None:
    for number, (stated, entry) in pairs.items():
        given = [(one.entity.en if one.entity else None, one.kind, one.role) for one in entry.actors]
        assert given == [(one["name"], one["kind"], one["role"]) for one in stated["actors"]], number
        for one, said in zip(entry.actors, stated["actors"], strict=True):
            assert (one.basis is Basis.MEDIA) == said.get("basis", "").startswith("title"), number


def test_the_one_that_was_struck_is_told_as_stated(pairs: Pairs) -> None:
    for number, (stated, entry) in pairs.items():
        target = stated["target"]
        assert entry.subject.organisation.en == target["org"], number
        assert (entry.subject.asset.en if entry.subject.asset else None) == target["asset"], number
        assert list(entry.countries.effect) == stated["countries"], number
        assert not entry.countries.actor + entry.countries.target, number


def test_descriptions_use_the_words_of_the_documents(pairs: Pairs) -> None:
    for number, (stated, entry) in pairs.items():
        given = (entry.action, entry.layer, entry.compulsion.value, entry.result_as_stated, entry.continuation, entry.outcome)
        said = [stated[name] for name in ("action", "layer", "compulsion", "result_as_stated", "state", "outcome")]
        assert list(given) == said, number
        assert [one.cited for one in entry.legal_basis] == stated["legal_basis"], number


def test_notice_hearing_reason_and_impact_are_told_as_stated(pairs: Pairs) -> None:
    for number, (stated, entry) in pairs.items():
        process = {**stated.get("due_process", {}), "notice_given": stated.get("notice", {}).get("given")}
        given = entry.due_process.model_dump() if entry.due_process else {}
        assert {name: given.get(name) for name in process} == process, number
        reason = entry.stated_reason.quote if entry.stated_reason else None
        assert reason == (stated["stated_reason"] and stated["stated_reason"].removeprefix("seed: ")), number
        impact = entry.impact.note.en if entry.impact else None
        assert impact == stated.get("impact"), number


def test_every_source_is_there_with_its_own_date_and_no_other_but_the_document_itself(pairs: Pairs, documents: Stated) -> None:
    for number, (stated, entry) in pairs.items():
        cited = [documents["sources"][name] for name in stated["sources"]]
        given = [(one.url, one.date, one.lang, one.publisher) for one in entry.sources]
        assert given[:-1] == [(one["url"], one["date"], one["lang"], one["publisher"]) for one in cited], number
        assert all(said["title"].startswith(one.title) for said, one in zip(cited, entry.sources, strict=False)), number
        document = entry.sources[-1]
        assert document.publisher in {"OVD-Info", "humanrightsdefenders.blog"}, number
        assert document.passage, number


def test_links_are_those_that_are_stated_and_follow_only_where_it_is_said(pairs: Pairs) -> None:
    ids = {number: entry.id for number, (_, entry) in pairs.items()}
    follows = {("E03", "E02"), ("E13", "E12")}
    for number, (stated, entry) in pairs.items():
        said = [one for one in stated.get("related", ()) if one in ids]
        assert [one.entry for one in entry.related] == [ids[one] for one in said], number
        kinds = [RelationKind.FOLLOWS if (number, one) in follows else RelationKind.SEE_ALSO for one in said]
        assert [one.relation for one in entry.related] == kinds, number


def test_what_was_done_against_it_is_attached_where_it_belongs(pairs: Pairs, documents: Stated) -> None:
    petition = documents["remedies"][0]
    against = {number for number, (_, entry) in pairs.items() if entry.remedies}
    assert against == set(petition["against"])
    for number in against:
        (remedy,) = pairs[number][1].remedies
        assert (remedy.kind, remedy.by, remedy.filed, remedy.decided) == (petition["kind"], "OVD-Info", petition["date"], None)


def test_each_category_has_the_kind_of_the_table(pairs: Pairs) -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE.partition("## Kinds")[2].partition("\n## ")[0], re.MULTILINE))
    for number, (stated, entry) in pairs.items():
        expected = "restriction" if stated["action"] == "account_geo_blocked" else table[stated["category"]]
        assert entry.kind == expected, number
    assert set(table) == {stated["category"] for stated, _ in pairs.values()}


# What follows needs no documents beside it.


def test_none_of_them_is_private_suspected_or_open_for_guesses(shipped: Watchlist) -> None:
    for entry in shipped.incidents:
        assert (entry.tlp, entry.stage) == (Tlp.CLEAR, IncidentStage.CONFIRMED), entry.id
        assert entry.as_of, entry.id
        assert entry.sources, entry.id
        assert entry.review in {Review.REPORTED, Review.CORROBORATED}, entry.id


def test_a_state_s_own_names_for_people_stand_in_quotes_in_both_languages(shipped: Watchlist) -> None:
    for entry in shipped.incidents:
        for text, quoted in ((entry.title.en, r'"[^"]*"'), (entry.title.ru, "«[^«»]*»")):
            outside = re.sub(quoted, "", text)
            assert not re.search(r"undesirable|foreign agent|нежелательн|иностранн\w+ агент", outside), entry.id


def test_a_process_to_come_back_is_not_a_return(shipped: Watchlist) -> None:
    """mailchimp_reinstatement_process"""
    (entry,) = (one for one in shipped.incidents if one.reinstatement)
    assert (entry.kind, entry.stage, entry.organisation) == (Kind.WITHDRAWAL, IncidentStage.CONFIRMED, None)
    assert (entry.reinstatement.scope, entry.outcome) == ("announced", Outcome.PROCESS_ANNOUNCED)
    assert "does NOT say" in entry.outcome_note


def test_what_a_source_dates_itself_is_never_when_it_happened(shipped: Watchlist) -> None:
    for entry in shipped.incidents:
        dated = {one["date"] for one in entry.dates.model_dump(exclude_none=True).values()}
        own = {source.date for source in entry.sources if source.date} | {entry.reported_on} - {None}
        both = dated & own
        # One was announced on the very day of the text that reports it, whose words are "updated today".
        assert not both or "updated today" in (entry.date_note or ""), entry.id


def test_no_entry_is_named_after_a_year_in_which_it_is_not_known_to_have_happened(shipped: Watchlist) -> None:
    for entry in shipped.incidents:
        named = re.search(r"-(20\d\d)-", entry.id)
        stated = [one["date"] for one in entry.dates.model_dump(exclude_none=True).values()]
        stated += [entry.bounds.not_before or ""] if entry.bounds else []
        assert named is None or any(date.startswith(named[1]) for date in stated), entry.id


def test_the_page_names_every_word_that_the_entries_use(shipped: Watchlist) -> None:
    used = {
        str(word)
        for entry in shipped.incidents
        for word in (entry.kind, entry.layer, entry.result_as_stated, entry.continuation, entry.outcome, entry.review)
    }
    assert {word for word in used if f"`{word}`" not in PAGE} == set()


def test_the_files_speak_of_no_files_but_their_own(shipped: Watchlist) -> None:
    for entry in shipped.incidents:
        text = (ROOT / "config" / "incidents" / f"{entry.id}.yaml").read_text(encoding="utf-8")
        assert not re.search(r"\bseed\b|\.txt\b|\bS[0-4]\b|\bE\d\d\b|\blines? \d", text), entry.id
