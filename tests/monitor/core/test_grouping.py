"""What travels together, and what never does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.grouping import bundle
from monitor.core.incident import Incident, Relation
from monitor.core.kinds import RelationKind, Severity
from monitor.core.subscription import GroupBy, Grouping, QuietHours, Route
from tests.monitor.cast import BLOCKED, CUT_OFF, DOWN, ONSET

NIGHT = QuietHours(since="22:00", until="08:00")
LATE = ONSET.replace(hour=23)


def bundled(incident: Incident = BLOCKED, *by: GroupBy, urgency: Severity = Severity.MORNING, late: bool = False) -> str:
    route = Route(id="night", channels=("desk",), group=Grouping(by=by), quiet_hours=NIGHT)
    return bundle(urgency, LATE if late else ONSET, incident, route)


def test_everything_for_one_receiver_travels_together_unless_told_otherwise() -> None:
    assert bundled(BLOCKED) == bundled(DOWN) == bundled(CUT_OFF)


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (GroupBy.ORGANISATION, "organisation=ovd-info"),
        (GroupBy.KIND, "kind=blocking"),
        (GroupBy.PROVIDER, "provider=cloudflare"),
        (GroupBy.COUNTRY, "country=RU"),
        (GroupBy.INCIDENT, "incident=CW-2021-0001"),
    ],
)
def test_a_route_says_what_messages_must_share(by: GroupBy, name: str) -> None:
    provided = replace(BLOCKED, provider="cloudflare")
    assert bundled(provided, by) == name
    assert bundled(provided, by) != bundled(replace(DOWN, key=replace(DOWN.key, organisation="memorial")), by)


def test_the_order_in_which_they_are_named_means_nothing() -> None:
    assert bundled(BLOCKED, GroupBy.KIND, GroupBy.COUNTRY) == bundled(BLOCKED, GroupBy.COUNTRY, GroupBy.KIND)


def test_what_wakes_people_is_never_buried_among_what_could_wait() -> None:
    page = bundled(urgency=Severity.PAGE)
    assert bundled(urgency=Severity.PAGE, late=True) == page
    assert page not in {bundled(), bundled(late=True), bundled(urgency=Severity.DIGEST)}


def test_what_the_night_held_back_is_apart_from_what_it_did_not() -> None:
    assert bundled(late=True) == "held"
    assert bundled(BLOCKED, GroupBy.KIND, late=True) == "held/kind=blocking"


def test_the_digest_is_one_message() -> None:
    by = (GroupBy.INCIDENT, GroupBy.ORGANISATION)
    assert bundled(BLOCKED, *by, urgency=Severity.DIGEST) == bundled(DOWN, urgency=Severity.DIGEST, late=True) == "digest"


def test_quiet_hours_count_from_when_it_would_have_travelled() -> None:
    route = Route(id="night", channels=("desk",), quiet_hours=NIGHT)
    evening = ONSET.replace(hour=22, minute=0)
    assert bundle(Severity.MORNING, evening - timedelta(seconds=1), BLOCKED, route) == "held"
    assert bundle(Severity.MORNING, evening - timedelta(seconds=31), BLOCKED, route) == ""


def test_a_mass_event_is_never_parted_from_its_members() -> None:
    parent = replace(CUT_OFF, id="CW-2021-0009", members=(BLOCKED.id, DOWN.id))
    member = replace(BLOCKED, relations=(Relation(RelationKind.MEMBER_OF, parent.id),))
    assert bundled(parent, GroupBy.ORGANISATION) == bundled(member, GroupBy.ORGANISATION) == "mass=CW-2021-0009"
    assert bundled(parent) == bundled(member) == bundled(BLOCKED), "where all travels together, it stays with the first of them"
