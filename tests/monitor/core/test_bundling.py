"""What travels together, and what need not travel at all."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.payload import GroupPayload
from monitor.core import routing
from monitor.core.bundling import FULLEST, Bundled, Waiting, bundle
from monitor.core.enclosure import SHOWN
from monitor.core.hearing import Late, Turn
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.message import Message, MessageKind, Purpose
from monitor.core.model import Tlp
from monitor.core.phrases import PHRASES
from monitor.core.subscription import Channel, Match, Route
from tests.monitor.cast import ADDRESS, BLOCKED, happening, watchlist

NOON = datetime(2021, 12, 25, 12, 0, tzinfo=UTC)
CASE = "CW-2021-0001"


def alarmed(incident: str = CASE, version: int = 0, **changed: Any) -> Turn:
    """An alarm that has arrived."""
    return replace(Turn(message="a", route="everything", channel="desk", incident=incident, version=version), **changed)


TOLD = (alarmed(),)

TYPES = {
    MessageKind.ALARM: "incident.confirmed",
    MessageKind.UPDATE: "incident.scope_changed",
    MessageKind.RECOVERY: "incident.ended",
    MessageKind.REMINDER: "incident.reminder",
}


def news(kind: MessageKind, version: int, incident: str = CASE, type_: str | None = None, **changed: Any) -> Message:
    """A message about version `version` of an incident."""
    data = {
        "incident": incident,
        "version": version,
        "stage": "ended" if kind is MessageKind.RECOVERY else "confirmed",
        "severity": "page",
        "incident_severity": "page",
        "tlp": "AMBER",
        "language": "en",
        "title": f"{incident} has news",
        "text": f"{incident} happened.\nIt can wait.\nhttps://watch.example/incidents/{incident}",
        "url": f"https://watch.example/incidents/{incident}",
        "url_api": f"https://watch.example/api/v1/incidents/{incident}",
        "details": None,
    }
    message = Message(
        id=f"{incident}/{version}/{kind}",
        kind=kind,
        incident=incident,
        version=version,
        route="everything",
        channel="desk",
        created_at=NOON,
        bundle="all",
        payload={"type": type_ or TYPES[kind], "time": f"2021-12-25T12:{version:02d}:00Z", "data": data},
    )
    return replace(message, **changed)


ALARM = news(MessageKind.ALARM, 2)
UPDATE = news(MessageKind.UPDATE, 3)
RECOVERY = news(MessageKind.RECOVERY, 5)
RETRACTION = news(MessageKind.UPDATE, 5, type_="incident.retracted")
REMINDER = news(MessageKind.REMINDER, 2)


def bundled(*messages: Message, told: Iterable[Turn] = (), **given_: Any) -> Bundled:
    return bundle([Waiting(message=one) for one in messages], tuple(told), NOON, **given_)


def the_only(found: Bundled) -> dict[str, Any]:
    """The payload of the one parcel there is."""
    [sealed] = found.parcels
    return sealed.parcel.payload


def test_a_lone_message_travels_as_it_is_and_under_its_own_id() -> None:
    [sealed] = bundled(ALARM).parcels
    assert (sealed.parcel.id, sealed.parcel.messages, sealed.parcel.payload) == (ALARM.id, (ALARM.id,), ALARM.payload)


def test_an_alarm_that_is_over_by_now_comes_as_one_truthful_message() -> None:
    found = bundled(ALARM, RECOVERY)
    payload = the_only(found)
    assert found.collapsed == ()
    assert found.parcels[0].parcel.messages == (ALARM.id, RECOVERY.id)
    assert payload["type"] == "incident.ended"
    assert (payload["data"]["late"], payload["data"]["covers"]) == (True, [2, 5])
    assert PHRASES["en"].late[Late.FIRST] in payload["data"]["text"]


def test_it_comes_under_the_same_id_with_the_same_words_until_it_has_arrived() -> None:
    assert bundled(ALARM, RECOVERY) == bundled(ALARM, RECOVERY)
    assert bundled(ALARM, RECOVERY).parcels[0].parcel.id not in {ALARM.id, RECOVERY.id}


def test_the_same_messages_in_other_words_never_share_an_id() -> None:
    [late], [in_time] = bundled(ALARM, RECOVERY).parcels, bundled(ALARM, RECOVERY, told=TOLD).parcels
    assert late.parcel.messages == in_time.parcel.messages
    assert late.parcel.payload != in_time.parcel.payload
    assert late.parcel.id != in_time.parcel.id


def test_who_was_told_hears_of_the_end_and_not_of_what_came_between() -> None:
    payload = the_only(bundled(UPDATE, RECOVERY, told=TOLD))
    assert payload["data"]["covers"] == [3, 5]
    assert "late" not in payload["data"]
    assert payload["data"]["text"] == RECOVERY.payload["data"]["text"]


@pytest.mark.parametrize("last", [RECOVERY, RETRACTION, UPDATE], ids=["end", "retraction", "news"])
def test_nobody_hears_more_of_what_they_were_not_told(last: Message) -> None:
    assert bundled(last) == Bundled(parcels=(), collapsed=(last.id,))
    assert the_only(bundled(last, told=TOLD)) == last.payload


def test_an_alarm_that_is_taken_back_before_anybody_heard_it_vanishes() -> None:
    found = bundled(ALARM, UPDATE, RETRACTION)
    assert (found.parcels, set(found.collapsed)) == ((), {ALARM.id, UPDATE.id, RETRACTION.id})


def test_a_retraction_reaches_whoever_was_told() -> None:
    payload = the_only(bundled(UPDATE, RETRACTION, told=TOLD))
    assert (payload["type"], payload["data"]["covers"]) == ("incident.retracted", [3, 5])


def test_what_comes_and_goes_while_nobody_could_be_told_is_told_as_it_stands() -> None:
    back = news(MessageKind.ALARM, 6, type_="incident.reopened")
    payload = the_only(bundled(ALARM, RECOVERY, back))
    assert (payload["type"], payload["data"]["covers"]) == ("incident.reopened", [2, 5, 6])
    assert "late" not in payload["data"]


def test_a_return_that_is_over_again_is_not_the_first_that_they_hear() -> None:
    back, over = news(MessageKind.ALARM, 6), news(MessageKind.RECOVERY, 7)
    payload = the_only(bundled(back, over, told=TOLD))
    assert payload["data"]["covers"] == [6, 7]
    assert "late" not in payload["data"]


def test_news_after_an_alarm_comes_after_it() -> None:
    payload = the_only(bundled(ALARM, UPDATE))
    assert payload["type"] == "group"
    assert payload["data"]["incidents"] == [f"{CASE}/2", f"{CASE}/3"]
    assert [one["type"] for one in payload["data"]["items"]] == ["incident.confirmed", "incident.scope_changed"]


@pytest.mark.parametrize("after", [RECOVERY, UPDATE, news(MessageKind.ALARM, 6), news(MessageKind.REMINDER, 7)])
def test_a_reminder_goes_only_where_nothing_else_has_come_since(after: Message) -> None:
    payload = the_only(bundled(REMINDER, after, told=TOLD))
    assert (payload["type"], payload["data"]["version"]) == (after.payload["type"], after.version)


def test_a_parcel_of_reminders_does_not_say_that_there_are_alarms() -> None:
    reminders = [news(MessageKind.REMINDER, 2, f"CW-2021-000{number}") for number in (1, 2)]
    payload = the_only(bundled(*reminders, told=[alarmed(f"CW-2021-000{number}") for number in (1, 2)]))
    assert payload["data"]["title"] == "2 reminders, act now"


def ended_for_the_public() -> Message:
    """The end that is owed to a channel that takes only what is public, of a case that is not, or not any more."""
    public = Channel(id="public", kind="chat", discreet=False, up_to=Tlp.CLEAR)
    watched = watchlist(Route(id="papers", channels=("public",), match=Match(tlp=("CLEAR",))), channels=(public,))
    over = replace(BLOCKED, version=5, stage=IncidentStage.ENDED)
    [end] = routing.route(happening(EventKind.ENDED, over), over, watched, ADDRESS)
    return end


def test_whoever_heard_of_a_case_while_it_was_public_hears_of_its_end() -> None:
    end = ended_for_the_public()
    payload = the_only(bundled(end, told=[alarmed(version=3, channel="public")]))
    assert payload["data"]["text"].startswith("CW-2021-0001: it is over.\n")


def test_whoever_never_could_hear_of_a_case_does_not_hear_of_its_end_whatever_others_heard() -> None:
    end = ended_for_the_public()
    assert bundled(end, told=TOLD) == Bundled(parcels=(), collapsed=(end.id,))


def test_nobody_is_reminded_of_what_is_over() -> None:
    found = bundled(RECOVERY, news(MessageKind.REMINDER, 5), told=TOLD)
    assert the_only(found) == RECOVERY.payload
    assert len(found.collapsed) == 1


def ended(message: Message = RECOVERY, **changed: Any) -> Turn:
    """Last words that have arrived."""
    words = Turn(
        message=message.id,
        route=message.route,
        channel=message.channel,
        incident=CASE,
        version=message.version,
        is_last=True,
        payload=message.payload,
    )
    return replace(words, **changed)


def test_the_end_of_a_return_that_nobody_heard_of_says_that_it_is_late() -> None:
    back, over = news(MessageKind.ALARM, 6), news(MessageKind.RECOVERY, 7)
    payload = the_only(bundled(back, over, told=[*TOLD, ended()]))
    assert (payload["data"]["late"], payload["data"]["covers"]) == (True, [6, 7])
    assert "this is the first message about it" not in payload["data"]["text"], "they have heard of it before"
    assert "It had come back since our last message." in payload["data"]["text"]


def test_a_return_that_nobody_heard_of_vanishes_when_it_is_taken_back() -> None:
    back, mistaken = news(MessageKind.ALARM, 6), news(MessageKind.UPDATE, 7, type_="incident.retracted")
    assert bundled(back, mistaken, told=[*TOLD, ended()]).parcels == ()


def test_nobody_hears_the_end_of_a_return_whose_alarm_was_lost() -> None:
    lost = alarmed(version=6, has_arrived=False)
    assert bundled(news(MessageKind.RECOVERY, 7), told=[*TOLD, ended(), lost]).parcels == ()


def test_nobody_hears_the_end_of_a_return_of_which_they_were_never_to_hear() -> None:
    """It came back as what their route does not take, or may not hear of."""
    assert bundled(news(MessageKind.RECOVERY, 7), told=[*TOLD, ended()]).parcels == ()


def test_an_alarm_that_was_lost_does_not_silence_the_end_of_what_was_heard_before() -> None:
    told_otherwise = alarmed(version=3, has_arrived=False)
    assert the_only(bundled(RECOVERY, told=[*TOLD, told_otherwise])) == RECOVERY.payload


@pytest.mark.parametrize(
    ("kind", "type_"), [(MessageKind.RECOVERY, "incident.reinstated"), (MessageKind.UPDATE, "incident.retracted")]
)
def test_what_is_said_of_the_end_afterwards_reaches_those_who_heard_of_both(kind: MessageKind, type_: str) -> None:
    after = news(kind, 6, type_=type_)
    assert the_only(bundled(after, told=[*TOLD, ended()])) == after.payload


def test_whoever_heard_the_alarm_hears_the_end_though_their_route_has_another_name_now() -> None:
    renamed = replace(RECOVERY, route="everyone")
    assert the_only(bundled(renamed, told=TOLD)) == renamed.payload


def test_the_end_comes_by_the_route_that_raised_the_alarm_where_it_still_speaks() -> None:
    elsewhere = replace(RECOVERY, id="elsewhere", route="louder", payload={**RECOVERY.payload, "time": "in another language"})
    owed = [ended(has_arrived=False), ended(elsewhere, has_arrived=False)]
    found = bundled(elsewhere, RECOVERY, told=[*TOLD, *owed])
    assert (the_only(found), found.collapsed) == (RECOVERY.payload, ("elsewhere",))


def test_two_new_routes_tell_the_end_once() -> None:
    ends = [replace(RECOVERY, id=name, route=name) for name in ("one", "two")]
    assert bundled(*ends, told=[*TOLD, *(ended(one, has_arrived=False) for one in ends)]).collapsed == ("two",)


def test_routes_that_both_raised_the_alarm_do_not_say_the_same_last_words_twice() -> None:
    other = replace(RECOVERY, id="other", route="other")
    both = [*TOLD, alarmed(version=3, route="other")]
    assert bundled(RECOVERY, other, told=both).collapsed == ("other",)
    assert bundled(other, told=[*both, ended()]).collapsed == ("other",)


def test_routes_that_both_raised_the_alarm_tell_the_end_in_either_language() -> None:
    other = replace(RECOVERY, id="other", route="other", payload={**RECOVERY.payload, "time": "in another language"})
    found = bundled(RECOVERY, other, told=[*TOLD, alarmed(version=3, route="other"), ended(has_arrived=False)])
    assert found.collapsed == ()


def test_last_words_that_somebody_asked_to_have_again_are_no_repetition() -> None:
    again = [Waiting(message=RECOVERY, again=True)]
    assert len(bundle(again, [*TOLD, ended(replace(RECOVERY, id="other"))], NOON).parcels) == 1


def test_whoever_was_told_by_the_first_channel_may_hear_of_the_end_by_the_second() -> None:
    end = replace(RECOVERY, channel="phone", purpose=Purpose.SECOND, stands_in_for="desk")
    assert the_only(bundled(end, told=TOLD)) == end.payload
    assert bundled(end).parcels == ()


def test_what_somebody_asked_to_have_again_travels_as_it_was() -> None:
    again = [Waiting(message=one, again=True) for one in (ALARM, RECOVERY)]
    payload = the_only(bundle(again, TOLD, NOON))
    assert [(one["type"], one.get("late")) for one in payload["data"]["items"]] == [
        ("incident.confirmed", None),
        ("incident.ended", None),
    ]


def test_news_of_what_is_muted_waits_and_its_end_does_not() -> None:
    until = NOON + timedelta(minutes=1)
    assert bundled(UPDATE, told=TOLD, muted={CASE: until}) == Bundled(parcels=(), held=((UPDATE.id, until),))
    assert the_only(bundled(RECOVERY, told=TOLD, muted={CASE: until})) == RECOVERY.payload
    assert the_only(bundled(RETRACTION, told=TOLD, muted={CASE: until})) == RETRACTION.payload
    assert the_only(bundled(UPDATE, told=TOLD, muted={CASE: NOON})) == UPDATE.payload


def test_messages_of_one_bundle_share_a_parcel_and_others_do_not() -> None:
    second = news(MessageKind.ALARM, 2, "CW-2021-0002")
    apart = news(MessageKind.ALARM, 2, "CW-2021-0003", bundle="page")
    elsewhere = news(MessageKind.ALARM, 2, "CW-2021-0004", channel="phone")
    found = [sealed.parcel.messages for sealed in bundled(ALARM, second, apart, elsewhere).parcels]
    assert found == [(ALARM.id, second.id), (apart.id,), (elsewhere.id,)]


def test_news_of_one_incident_shares_a_parcel_even_across_bundles() -> None:
    later = replace(UPDATE, bundle="held")
    assert [sealed.parcel.messages for sealed in bundled(ALARM, later).parcels] == [(ALARM.id, later.id)]


def test_several_in_one_have_the_published_form() -> None:
    second = [news(kind, number, "CW-2021-0002") for number, kind in ((2, MessageKind.ALARM), (3, MessageKind.RECOVERY))]
    published = GroupPayload.model_validate(the_only(bundled(ALARM, *second)))
    assert [(one.version, one.late, one.covers) for one in published.data.items] == [(2, False, ()), (3, True, (2, 3))]


def test_an_incident_is_not_torn_apart_where_a_parcel_is_full() -> None:
    stories = [
        one
        for number in range(FULLEST)
        for one in (news(MessageKind.ALARM, 2, f"CW-{number}"), news(MessageKind.UPDATE, 3, f"CW-{number}"))
    ]
    parcels = [sealed.parcel for sealed in bundled(*stories).parcels]
    assert [len(parcel.messages) for parcel in parcels] == [FULLEST, FULLEST]
    assert not set(parcels[0].incidents) & set(parcels[1].incidents)


def test_a_parcel_is_as_patient_as_the_newest_message_in_it() -> None:
    waiting = [Waiting(message=ALARM, attempts=12), Waiting(message=UPDATE, attempts=0)]
    [sealed] = bundle(waiting, (), NOON).parcels
    assert sealed.attempts == 0


def test_tests_and_news_of_the_monitor_itself_are_never_left_out() -> None:
    own = news(MessageKind.TEST, 0, type_="test", incident="", id="a")
    first, second = replace(own, incident=None), replace(own, incident=None, id="b")
    assert [sealed.parcel.messages for sealed in bundled(first, second).parcels] == [("a", "b")]


def test_a_storm_is_one_message_that_fits_whatever_the_titles_say() -> None:
    storm = [news(MessageKind.ALARM, 2, f"CW-2021-{number:04d}") for number in range(FULLEST)]
    for one in storm:
        one.payload["data"]["title"] = "Ж" * 400
    payload = the_only(bundled(*storm))
    assert size(payload) < 20_000
    assert payload["data"]["count"] == len(payload["data"]["incidents"]) == FULLEST
    assert 0 <= len(payload["data"]["items"]) < SHOWN


@given(
    st.lists(
        st.tuples(st.sampled_from(list(TYPES)), st.integers(1, 12), st.text(max_size=600), st.integers(0, 5)),
        min_size=2,
        max_size=60,
    )
)
def test_a_group_fits_and_counts_what_it_leaves_out(told: list[tuple[MessageKind, int, str, int]]) -> None:
    messages = []
    for place, (kind, version, title, number) in enumerate(told):
        one = news(kind, version, f"CW-2021-{number:04d}", id=str(place))
        one.payload["data"]["title"] = title
        messages.append(one)
    found = bundled(*messages, told=[alarmed(f"CW-2021-{number:04d}") for number in range(6)])
    carried = [name for sealed in found.parcels for name in sealed.parcel.messages]
    assert sorted([*carried, *found.collapsed]) == sorted(one.id for one in messages)
    for sealed in found.parcels:
        data = sealed.parcel.payload["data"]
        assert size(sealed.parcel.payload) < 20_000
        assert len(data.get("items", ())) <= data.get("count", 1) <= len(sealed.parcel.messages)


@given(st.lists(st.sampled_from([ALARM, UPDATE, RECOVERY, RETRACTION, REMINDER]), max_size=8), st.booleans())
def test_the_end_is_told_to_those_who_know_of_the_beginning_and_to_nobody_else(story: list[Message], was_told: bool) -> None:
    numbered = [replace(one, id=str(place), version=place) for place, one in enumerate(story)]
    found = bundled(*numbered, told=TOLD if was_told else ())
    if not was_told and MessageKind.ALARM not in {one.kind for one in story}:
        assert found.parcels == ()
    for sealed in found.parcels:
        kinds = [one.kind for one in numbered if one.id in sealed.parcel.messages]
        assert was_told or MessageKind.ALARM in kinds
        assert list(sealed.parcel.messages) == sorted(sealed.parcel.messages, key=int)


def size(payload: dict[str, Any]) -> int:
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())
