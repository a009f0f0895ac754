"""How far an incident may travel: as a person decided; and where nobody did, as those whom it is about must fear."""

from dataclasses import replace

import pytest

from monitor.core.disclosure import effective_tlp, is_discreet, may_hear, nameable
from monitor.core.model import Tlp, Words
from monitor.core.subscription import Channel
from monitor.core.watchlist import Organisation, Watchlist
from tests.monitor.cast import BLOCKED, CUT_OFF, DESK, DOWN, OVD_INFO, PHONE, watchlist

MEMORIAL = Organisation(id="memorial", name=Words(en="Memorial"), tlp=Tlp.RED)


def marked(organisation: Tlp = Tlp.AMBER, target: Tlp = Tlp.AMBER) -> Watchlist:
    """OVD-Info, it and the first of its targets marked so."""
    site, *others = OVD_INFO.targets
    targets = (site.model_copy(update={"tlp": target}), *others)
    ours = OVD_INFO.model_copy(update={"tlp": organisation, "targets": targets})
    return watchlist().model_copy(update={"organisations": (ours, MEMORIAL)})


def test_what_was_measured_is_amber_until_a_person_decides() -> None:
    assert effective_tlp(BLOCKED, marked(Tlp.CLEAR, Tlp.CLEAR)) is Tlp.AMBER
    assert effective_tlp(replace(BLOCKED, key=replace(BLOCKED.key, organisation="gone")), marked()) is Tlp.AMBER


def test_what_is_about_somebody_who_is_red_is_red() -> None:
    assert effective_tlp(BLOCKED, marked(organisation=Tlp.RED)) is Tlp.RED
    assert effective_tlp(BLOCKED, marked(target=Tlp.RED)) is Tlp.RED
    assert effective_tlp(replace(BLOCKED, key=replace(BLOCKED.key, target="mail")), marked(target=Tlp.RED)) is Tlp.AMBER


def test_a_mass_event_is_as_close_as_the_closest_of_those_it_struck() -> None:
    purge = replace(BLOCKED, key=replace(BLOCKED.key, organisation="", target=""), affected=("ovd-info",))
    assert effective_tlp(purge, marked()) is Tlp.AMBER
    assert effective_tlp(replace(purge, affected=("memorial", "ovd-info")), marked()) is Tlp.RED


def test_a_mass_event_is_as_close_as_any_target_of_those_it_struck_and_names_nobody_of_whom_one_is_red() -> None:
    purge = replace(BLOCKED, key=replace(BLOCKED.key, organisation="", target=""), affected=("gone", "memorial", "ovd-info"))
    theirs = replace(purge, affected=("ovd-info",))
    assert effective_tlp(theirs, marked(target=Tlp.RED)) is Tlp.RED
    for tlp in Tlp:
        assert nameable(replace(purge, tlp=tlp), marked()) == {"gone", "ovd-info"}
        assert nameable(replace(purge, tlp=tlp), marked(target=Tlp.RED)) == {"gone"}


def test_the_isolation_of_a_network_is_about_no_one_organisation() -> None:
    assert effective_tlp(CUT_OFF, marked(organisation=Tlp.RED)) is Tlp.AMBER


@pytest.mark.parametrize("decided", [Tlp.CLEAR, Tlp.GREEN, Tlp.RED])
def test_a_person_s_decision_on_the_incident_itself_counts(decided: Tlp) -> None:
    for watched in (marked(), marked(Tlp.RED, Tlp.RED), marked(Tlp.CLEAR, Tlp.CLEAR)):
        assert effective_tlp(replace(DOWN, tlp=decided), watched) is decided


def test_a_channel_hears_up_to_what_it_may_carry() -> None:
    assert [tlp for tlp in Tlp if may_hear(PHONE, tlp)] == list(Tlp)
    assert [tlp for tlp in Tlp if may_hear(Channel(id="public", kind="chat", up_to=Tlp.GREEN), tlp)] == [Tlp.CLEAR, Tlp.GREEN]


def test_names_are_for_those_who_may_know_them() -> None:
    assert [tlp for tlp in Tlp if is_discreet(PHONE, tlp)] == [Tlp.GREEN, Tlp.AMBER, Tlp.RED]
    assert [tlp for tlp in Tlp if is_discreet(DESK, tlp)] == [Tlp.RED]
