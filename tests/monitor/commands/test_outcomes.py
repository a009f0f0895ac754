"""What became of messages, in words that frighten nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.commands.outcomes import line_of, outcome_of, parcel_line_of, record_of
from monitor.core.message import Message, MessageKind, Parcel, Purpose
from monitor.store import MessageState, ParcelState, Posted, Sent

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def posted(state: MessageState, kind: MessageKind = MessageKind.ALARM, error: str | None = None, **given: Any) -> Posted:
    """A message of the route `duty` to the channel `mail`, due in an hour."""
    values = {"route": "duty", "channel": "mail", "incident": "CW-2026-0001", "version": 2, "created_at": NOW}
    message = Message(**{"id": "msg_1", "kind": kind, **values, **given})
    due = NOW + timedelta(hours=1)
    return Posted(message=message, state=state, due_at=due, attempts=0, parcel=None, last_error=error, settled_at=NOW)


def second(state: MessageState, **given: Any) -> Posted:
    return posted(state, channel="phone", purpose=Purpose.SECOND, stands_in_for="mail", **given)


def told(one: Posted, *others: Posted) -> str:
    return str(outcome_of(one, (*others, one)))


def retraction(state: MessageState) -> Posted:
    return posted(state, MessageKind.UPDATE, payload={"type": "incident.retracted"})


def test_what_waits_says_until_when_and_what_has_gone_wrong() -> None:
    assert told(posted(MessageState.PENDING)) == "due 2026-03-01 10:00 UTC"
    assert told(posted(MessageState.PENDING, error="it answered 500")) == "due 2026-03-01 10:00 UTC: it answered 500"
    assert told(posted(MessageState.SEALED)) == "on its way"


def test_what_is_settled_says_when() -> None:
    assert told(posted(MessageState.DELIVERED)) == "delivered 2026-03-01 09:00 UTC"
    assert told(posted(MessageState.DEAD, error="410 Gone")) == "given up 2026-03-01 09:00 UTC: 410 Gone"


def test_a_second_channel_says_what_it_waits_for_and_why_it_was_not_needed() -> None:
    first = posted(MessageState.DELIVERED)
    assert told(second(MessageState.STANDBY), posted(MessageState.PENDING)) == "standing by: speaks if mail fails"
    assert told(second(MessageState.CANCELLED), first) == "not needed: the first delivered"
    assert told(second(MessageState.CANCELLED), posted(MessageState.COLLAPSED)) == "not needed: the first had nothing to tell"
    assert told(second(MessageState.CANCELLED), posted(MessageState.DEAD)) == "not needed: another message speaks there"


def test_a_second_channel_is_not_excused_by_what_another_route_delivered() -> None:
    other = posted(MessageState.DELIVERED, route="night")
    assert told(second(MessageState.CANCELLED), other) == "not needed: another message speaks there"


def test_an_escalation_says_when_others_are_called_and_why_they_were_not() -> None:
    waiting = posted(MessageState.STANDBY, purpose=Purpose.ESCALATION)
    assert told(waiting) == "standing by: called after 2026-03-01 10:00 UTC, unless somebody acknowledges"
    cancelled = posted(MessageState.CANCELLED, purpose=Purpose.ESCALATION)
    assert told(cancelled) == "not needed: it was over or seen to before others were called"
    end = posted(MessageState.CANCELLED, MessageKind.RECOVERY, purpose=Purpose.ESCALATION)
    assert told(end) == "not needed: nobody was called there"


def test_an_end_is_not_told_to_those_who_never_heard_of_the_beginning() -> None:
    end = posted(MessageState.COLLAPSED, MessageKind.RECOVERY)
    elsewhere = posted(MessageState.DELIVERED, channel="phone")
    assert told(end, elsewhere) == "not told: nobody there heard of the beginning"
    assert told(end, posted(MessageState.DELIVERED)) == "told otherwise: another message to this channel says it"


def test_what_was_taken_back_in_time_was_told_to_nobody() -> None:
    alarm, taken_back = posted(MessageState.COLLAPSED), retraction(MessageState.COLLAPSED)
    for one in (alarm, taken_back):
        assert told(one, alarm, taken_back) == "not told: it was taken back before anybody there heard of it"
    assert told(alarm) == "told otherwise: another message takes its place"


def test_a_reminder_gives_way_to_news_and_a_test_to_patience() -> None:
    assert told(posted(MessageState.COLLAPSED, MessageKind.REMINDER)) == "told otherwise: something newer was told"
    assert told(posted(MessageState.COLLAPSED, MessageKind.TEST)) == "not told: nobody waits for the test any more"


def test_a_line_names_kind_route_channel_role_and_outcome() -> None:
    first, other = posted(MessageState.DELIVERED), second(MessageState.CANCELLED)
    assert line_of(other, [first, other]) == (
        "alarm CW-2026-0001  route duty, channel phone  second channel, not needed: the first delivered  msg_1"
    )


def test_a_program_is_told_in_closed_words() -> None:
    first, other = posted(MessageState.DELIVERED), second(MessageState.CANCELLED)
    record = record_of(other, [first, other])
    assert (record["outcome"], record["reason"], record["purpose"]) == ("not_needed", "the first delivered", "second")


def test_every_state_of_a_message_and_of_a_parcel_has_words() -> None:
    assert all(told(posted(state)) for state in MessageState)
    parcel = Parcel(id="msg_1", route="duty", channel="mail", created_at=NOW, messages=("msg_1",))
    sent = Sent(parcel=parcel, state=ParcelState.PENDING, due_at=NOW, attempts=1, last_error="it is away", settled_at=None)
    assert "to be tried again 2026-03-01 09:00 UTC: it is away" in parcel_line_of(sent)
    for state in ParcelState:
        assert "route duty, channel mail" in parcel_line_of(replace(sent, state=state))
