"""How it is told that the extent of a loss has changed: larger and smaller are told apart, and where is said."""

from dataclasses import replace

import pytest

from monitor.core import wording
from monitor.core.extent import Extent, extent
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, Kind
from monitor.core.member_alarms import owed
from monitor.core.model import Language
from monitor.core.subscription import Route
from monitor.core.telling import Telling
from tests.monitor.cast import ADDRESS, BLOCKED, CUT_OFF, ended, happening, watchlist
from tests.monitor.core.messages import MASS, telling

HERE = replace(BLOCKED, vantages=("kazan-mobile",), seen_from=("kazan-mobile", "moscow-home"))
ELSEWHERE = replace(HERE, vantages=("moscow-home",))


def changed(before: Incident | None, after: Incident, language: Language = "en") -> Telling:
    return replace(telling(EventKind.SCOPE_CHANGED, after, language), before=before)


def test_what_has_spread_says_where_to() -> None:
    text = wording.in_full(changed(HERE, BLOCKED))
    assert text.title == "More places: OVD-Info: ovd.info blocked (Russia)"
    assert text.body.startswith("Now also seen from: Russia (home line). OVD-Info: ovd.info is blocked (Russia).")
    assert "Seen from: Russia (mobile network, home line)." in text.body


def test_what_has_shrunk_says_where_it_is_gone() -> None:
    text = wording.in_full(changed(BLOCKED, HERE))
    assert text.title == "Fewer places: OVD-Info: ovd.info blocked (Russia)"
    assert text.body.startswith("No longer seen from: Russia (home line). OVD-Info: ovd.info is blocked (Russia).")
    assert "Seen from: Russia (mobile network)." in text.body


def test_what_has_moved_says_both() -> None:
    text = wording.in_full(changed(HERE, ELSEWHERE))
    assert text.title.startswith("Other places: ")
    assert text.body.startswith("Now also seen from: Russia (home line). No longer seen from: Russia (mobile network). ")


def test_the_same_in_russian() -> None:
    grown, shrunk = (wording.in_full(changed(*pair, "ru")) for pair in ((HERE, BLOCKED), (BLOCKED, HERE)))
    assert grown.title == "Больше мест: ОВД-Инфо, ovd.info: заблокирован доступ (Россия)"
    assert grown.body.startswith("Теперь замечено и здесь: Россия (домашний интернет). ")
    assert shrunk.title.startswith("Меньше мест: ")
    assert shrunk.body.startswith("Больше не замечено здесь: Россия (домашний интернет). ")


def test_a_second_line_of_the_same_kind_is_another_place_without_a_name() -> None:
    before = replace(BLOCKED, vantages=("gone", "moscow-home"))
    text = wording.in_full(changed(replace(before, vantages=("moscow-home",)), before))
    assert text.title.startswith("More places: ")
    assert text.body.startswith("It is seen from more places now. OVD-Info: ")


def test_what_is_seen_besides_is_told_in_plain_words() -> None:
    grown = replace(BLOCKED, mechanisms=("dns.injection", "tls.reset.sni"))
    assert "Also seen now: a false address was given for its name" in wording.in_full(changed(HERE, grown)).body
    assert "Also seen now" not in wording.in_full(changed(HERE, BLOCKED)).body


def test_a_new_label_for_the_same_in_plain_words_is_no_news() -> None:
    finer = replace(BLOCKED, mechanisms=("tls.reset.sni", "tls.reset.sni.split"))
    assert "Also seen now" not in wording.in_full(changed(HERE, finer)).body


def test_a_mass_event_tells_growing_from_shrinking() -> None:
    fewer = replace(MASS, struck=30)
    assert wording.in_full(changed(fewer, MASS)).title.startswith("More hit: 37 sites of 12 organisations")
    assert wording.in_full(changed(MASS, fewer)).title.startswith("Fewer hit: 30 sites of 12 organisations")


def test_nobody_is_told_more_of_a_mass_event_whose_numbers_are_withheld() -> None:
    assert extent(MASS, replace(MASS, struck=0)) is Extent.UNKNOWN


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        (HERE, BLOCKED, "CW-2021-0001: more places"),
        (BLOCKED, HERE, "CW-2021-0001: fewer places"),
        (HERE, ELSEWHERE, "CW-2021-0001: other places"),
        (MASS, replace(MASS, struck=9), "CW-2021-0004: fewer hit"),
        (None, HERE, "CW-2021-0001: update"),
    ],
)
def test_a_discreet_message_tells_the_direction_and_no_place(before: Incident | None, after: Incident, title: str) -> None:
    text = wording.discreet(changed(before, after))
    assert text.title == title
    assert "Russia" not in text.body


def test_that_it_comes_and_goes_is_told_as_that() -> None:
    text = wording.in_full(changed(BLOCKED, replace(BLOCKED, intermittent=True)))
    assert text.title.startswith("Comes and goes: ")


def test_where_it_is_not_known_how_it_was_nothing_is_guessed() -> None:
    text = wording.in_full(changed(None, HERE))
    assert text.title.startswith("Update: ")
    assert text.body.startswith("Its extent has changed. ")


def test_looks_of_one_batch_are_told_as_the_changes_that_they_make() -> None:
    happened = [(happening(EventKind.SCOPE_CHANGED, incident), incident) for incident in (BLOCKED, ELSEWHERE)]
    to_all = watchlist(Route(id="everything", channels=("desk",)))
    messages = owed(happened, [HERE], to_all, ADDRESS)
    leads = [message.payload["data"]["title"].partition(":")[0] for message in messages]
    assert leads == ["More places", "Fewer places"]


def test_what_is_over_by_now_is_seen_from_nowhere() -> None:
    assert "Now also seen" not in wording.in_full(changed(HERE, ended(BLOCKED))).body


def test_an_isolation_spreads_as_a_block_does() -> None:
    wider = replace(CUT_OFF, vantages=("kazan-mobile", "moscow-home"))
    assert extent(CUT_OFF, wider) is Extent.MORE_PLACES
    assert wider.kind is Kind.ISOLATION
