"""A place whose line breaks sees everything fail at once: that proves nothing of any one target."""

from monitor.core.incident import Event, Incident
from monitor.core.ledger import Ledger
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength
from tests.monitor.core.looking import confirmed, live, look

BAD = (State.UNREACHABLE, Strength.STRONG)
EVERYBODY = ("ovd-info", "memorial", "novaya", "meduza", "svoboda")


def course(organisation: str, bad: range, *, until: int = 60, seen: tuple[State, Strength] = BAD, **where: str) -> list[Verdict]:
    """A look every five minutes at the organisation's site, bad within the minutes given."""
    return [
        look(
            minute,
            seen[0] if minute in bad else State.OK,
            strength=seen[1],
            organisation=organisation,
            target=f"{organisation}.example",
            **where,
        )
        for minute in range(0, until, 5)
    ]


def all_fail(bad: range, until: int = 60) -> list[Verdict]:
    return [one for organisation in EVERYBODY for one in course(organisation, bad, until=until)]


def organisations(happened: list[tuple[Event, Incident]]) -> set[str]:
    return {incident.key.organisation for incident in confirmed(happened)}


def test_when_everything_fails_at_one_place_nothing_is_confirmed() -> None:
    assert organisations(live(all_fail(range(10, 60)))) == set()


def test_the_same_is_confirmed_where_contrast_is_not_asked_for() -> None:
    assert organisations(live(all_fail(range(10, 60)), policy=Confirmation(contrast=1.0))) == set(EVERYBODY)


def test_what_fails_alone_is_confirmed() -> None:
    others = [one for organisation in EVERYBODY[1:] for one in course(organisation, range(0))]
    assert organisations(live([*course("ovd-info", range(10, 60)), *others])) == {"ovd-info"}


def test_what_still_fails_when_the_others_are_back_is_confirmed() -> None:
    others = [one for organisation in EVERYBODY[1:] for one in course(organisation, range(10, 40), until=90)]
    assert organisations(live([*course("ovd-info", range(10, 90), until=90), *others])) == {"ovd-info"}


def test_another_vantage_point_that_agrees_confirms_it_after_all() -> None:
    kazan = course("ovd-info", range(10, 60), vantage="kazan")
    assert organisations(live([*all_fail(range(10, 60)), *kazan])) == {"ovd-info"}


def test_what_trickles_in_everywhere_at_one_place_is_a_slow_line() -> None:
    slow = (State.THROTTLED, Strength.STRONG)
    assert organisations(live([one for name in EVERYBODY for one in course(name, range(10, 60), seen=slow)])) == set()


def test_what_trickles_in_alone_is_throttled() -> None:
    others = [one for organisation in EVERYBODY[1:] for one in course(organisation, range(0))]
    slow = course("ovd-info", range(10, 60), seen=(State.THROTTLED, Strength.STRONG))
    assert organisations(live([*slow, *others])) == {"ovd-info"}


def test_an_artefact_of_interference_needs_no_contrast() -> None:
    others = [one for organisation in EVERYBODY[1:] for one in course(organisation, range(10, 60))]
    blocked = course("ovd-info", range(10, 60), seen=(State.BLOCKED, Strength.STRONG))
    assert organisations(live([*blocked, *others])) == {"ovd-info"}


def test_what_was_bad_long_before_is_no_contrast() -> None:
    """Where most of what is watched has been blocked for months, a new block must not wait for it."""
    long_gone = [one for organisation in EVERYBODY[1:] for one in course(organisation, range(300), until=300)]
    fresh = course("ovd-info", range(200, 300), until=300)
    assert "ovd-info" in organisations(live([*long_gone, *fresh]))


def test_the_other_sites_of_the_same_organisation_are_no_contrast() -> None:
    """A censor may well cut off everything of one organisation at once."""
    sites = [look(minute, State.UNREACHABLE, target=f"site-{number}") for minute in range(0, 60, 5) for number in range(5)]
    assert len(confirmed(live(sites))) == 5


def test_a_line_that_fails_and_recovers_by_turns_does_not_make_everything_come_and_go() -> None:
    flapping = [
        look(minute, State.UNREACHABLE if minute % 10 else State.OK, organisation=one, target=f"{one}.example")
        for minute in range(0, 180, 5)
        for one in EVERYBODY
    ]
    assert organisations(live(flapping, ledger=Ledger())) == set()
