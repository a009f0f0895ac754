"""What several messages say when they travel together."""

from typing import Any

from monitor.core import wording
from monitor.core.kinds import IncidentStage, Severity
from tests.monitor.cast import ADDRESS


def item(number: int, stage: IncidentStage = IncidentStage.CONFIRMED, severity: Severity = Severity.MORNING) -> dict[str, Any]:
    """The data of a message, as far as a text for several of them reads it."""
    case = f"CW-2021-{number:04}"
    data = {"incident": case, "title": f"{case}: alarm", "url": f"{ADDRESS}/incidents/{case}"}
    return {**data, "stage": stage.value, "severity": severity.value}


ENDED = [item(number, IncidentStage.ENDED) for number in (20, 21, 22)]
TRY_OUT = {"title": "Test of route duty", "text": "This is a test.", "language": "en"}


def test_the_title_counts_alarms_before_what_is_over() -> None:
    items = [*ENDED, *map(item, range(12))]
    assert wording.of_group(items, "en").title == "12 alarms, 3 over"
    assert wording.of_group(items, "ru").title == "12 тревог, 3 отбоя"


def test_a_reminder_is_no_alarm() -> None:
    reminders = [{**item(number), "type": "incident.reminder"} for number in (1, 2, 3)]
    assert wording.of_group(reminders, "en").title == "3 reminders"
    assert wording.of_group([item(1), *reminders], "en").title == "1 alarm, 2 reminders"
    assert wording.of_group(reminders, "ru").title == "3 напоминания"


def test_what_was_withdrawn_is_no_recovery() -> None:
    items = [item(1), item(2, IncidentStage.RETRACTED), item(3, IncidentStage.AVERTED), item(4, IncidentStage.REINSTATED)]
    assert wording.of_group(items, "en").title == "1 alarm, 2 over, 1 withdrawn"
    assert wording.of_group(items, "ru").title == "1 тревога, 2 отбоя, 1 отозвана"


def test_a_case_of_which_two_messages_speak_counts_once_as_it_is_now() -> None:
    items = [item(1), item(2), item(1, IncidentStage.ENDED)]
    text = wording.of_group(items, "en")
    assert text.title == "1 alarm, 1 over"
    assert text.body.count("CW-2021-0001: alarm") == 2


def test_every_message_is_a_short_block_in_the_order_in_which_it_happened() -> None:
    text = wording.of_group([item(2, severity=Severity.DIGEST), *ENDED[:1], item(1)], "en")
    assert text.body.split("\n\n") == [
        "All of this can wait until morning.",
        f"CW-2021-0002: alarm\n{ADDRESS}/incidents/CW-2021-0002",
        f"CW-2021-0020: alarm\n{ADDRESS}/incidents/CW-2021-0020",
        f"CW-2021-0001: alarm\n{ADDRESS}/incidents/CW-2021-0001",
        f"Everything at a glance:\n{ADDRESS}/",
    ]


def test_after_ten_the_rest_is_counted() -> None:
    blocks = wording.of_group([item(number) for number in range(12)], "ru").body.split("\n\n")
    assert len(blocks) == 13
    assert blocks[-2:] == ["И ещё 2 сообщения.", f"Всё на одной странице:\n{ADDRESS}/"]


def test_one_that_cannot_wait_makes_all_of_it_urgent() -> None:
    items = [item(1), item(2, severity=Severity.PAGE)]
    assert wording.of_group(items, "en").body.startswith("Act now: at least one of these cannot wait.")


def test_what_is_over_is_not_urgent_any_more() -> None:
    over = item(2, IncidentStage.ENDED, Severity.PAGE)
    assert wording.of_group([item(2, severity=Severity.PAGE), over], "en").body.startswith("Nothing needs doing now.")


def test_what_was_withdrawn_is_to_be_read_for_it_may_go_on() -> None:
    body = wording.of_group([item(1, IncidentStage.RETRACTED), *ENDED], "en").body
    assert body.startswith("There is no hurry.")
    assert "Nothing needs doing" not in body


def test_what_speaks_of_no_case_is_counted_apart_and_has_no_link() -> None:
    text = wording.of_group([TRY_OUT, TRY_OUT], "ru")
    assert text.title == "2 других сообщения"
    assert text.body == "Сейчас ничего делать не нужно.\n\nTest of route duty\n\nTest of route duty"


def test_a_digest_says_that_it_is_one() -> None:
    items = [item(1, severity=Severity.DIGEST), ENDED[0]]
    assert wording.of_digest(items, "en").title == "Digest: 1 alarm, 1 over"
    assert wording.of_digest(items, "ru").title == "Сводка: 1 тревога, 1 отбой"
    assert wording.of_digest(items, "en").body == wording.of_group(items, "en").body
    assert wording.of_digest(items, "en").body.startswith("There is no hurry.")


def named(number: int, organisation: str | None, kind: str = "incident.confirmed") -> dict[str, Any]:
    """The data of a message whose details say, or withhold, whose loss it tells of."""
    details = {"organisation_name": organisation} if organisation is not None else None
    return {**item(number), "type": kind, "details": details}


def test_news_of_what_stands_is_no_alarm() -> None:
    updates = [{**item(number), "type": "incident.scope_changed"} for number in (1, 2, 3)]
    assert wording.of_group(updates, "en").title == "3 updates"
    assert (
        wording.of_group([updates[0], {**item(5, IncidentStage.ENDED), "type": "incident.ended"}], "en").title
        == "1 over, 1 update"
    )
    assert wording.of_group([{**item(1), "type": "incident.confirmed"}, *updates], "en").title == "1 alarm, 2 updates"
    assert wording.of_group(updates, "ru").title == "3 новости"


def test_a_correction_of_what_is_over_is_no_second_end() -> None:
    corrected = {**item(1, IncidentStage.ENDED), "type": "incident.corrected"}
    assert wording.of_group([corrected, {**item(2), "type": "incident.confirmed"}], "en").title == "1 alarm, 1 update"


def test_a_few_are_named_where_names_may_be_named() -> None:
    items = [named(1, "OVD-Info"), named(2, "Agora"), named(3, "Agora", "incident.scope_changed")]
    assert wording.of_group(items, "en").title == "2 alarms, 1 update: OVD-Info, Agora"


def test_more_than_three_are_only_counted() -> None:
    items = [named(number, "OVD-Info") for number in range(4)]
    assert wording.of_group(items, "en").title == "4 alarms"


def test_where_one_may_not_be_named_none_is() -> None:
    assert wording.of_group([named(1, "OVD-Info"), named(2, None)], "en").title == "2 alarms"
    assert wording.of_group([named(1, "OVD-Info"), named(2, "")], "en").title == "2 alarms"


def test_long_names_leave_room_for_the_count() -> None:
    title = wording.of_group([named(number, f"{number}" * 60) for number in (1, 2, 3)], "en").title
    assert title.startswith("3 alarms: 1")
    assert len(title) <= wording.TITLE_LIMIT


def test_what_cannot_wait_says_so_in_the_subject() -> None:
    items = [{**named(1, "OVD-Info"), "severity": "page"}, named(2, "Agora")]
    assert wording.of_group(items, "en").title == "2 alarms, act now: OVD-Info, Agora"
    assert wording.of_group([item(1, severity=Severity.PAGE), item(2)], "ru").title == "2 тревоги, срочно"


def test_news_that_can_wait_takes_nothing_from_the_alarm_before_it() -> None:
    alarm, news = item(1, severity=Severity.PAGE), {**item(1), "type": "incident.scope_changed"}
    assert wording.of_group([alarm, news], "en").body.startswith("Act now")
