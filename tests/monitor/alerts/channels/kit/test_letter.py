"""A message as a mail, read by another program than the one that made it."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.channels.kit.letter import COLUMNS, Correspondence, letter
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind
from monitor.core.message import Parcel
from tests.monitor.alerts.channels.parcels import NOW, alarm, owed, together
from tests.monitor.cast import BLOCKED, DOWN, ended

INTERCEPTED = replace(BLOCKED, mechanisms=("tls.mitm.state_ca",))

BETWEEN = Correspondence(
    sender="watch@cutwatch.example",
    sender_name="Cutwatch",
    to=("desk@ngo.example",),
    unsubscribe="mailto:watch@cutwatch.example?subject=unsubscribe",
)


def sent(parcel: Parcel, between: Correspondence = BETWEEN) -> tuple[EmailMessage, bytes]:
    """The mail as a reader's program reads it, and its bytes."""
    raw = letter(parcel, between, NOW).as_bytes()
    return message_from_bytes(raw, policy=default), raw


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_body(("plain",)).get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    return str(mail.get_body(("html",)).get_content())


def with_data(**data: object) -> Parcel:
    parcel = alarm()
    return replace(parcel, payload={**parcel.payload, "data": {**parcel.payload["data"], **data}})


def test_a_mail_in_english() -> None:
    mail, _ = sent(alarm())
    assert mail["subject"] == "OVD-Info: ovd.info blocked (Russia)"
    assert mail["from"] == "Cutwatch <watch@cutwatch.example>"
    assert parsedate_to_datetime(mail["date"]) == NOW
    assert mail["content-language"] == "en"
    assert text_of(mail).startswith("OVD-Info: ovd.info is blocked (Russia). Something on the way stops\nvisitors.\n\n")
    assert "\nhttps://watch.example/incidents/CW-2021-0001\n\n-- \n" in text_of(mail)


def test_a_mail_in_russian() -> None:
    mail, raw = sent(alarm(language="ru"))
    assert mail["subject"] == "ОВД-Инфо, ovd.info: заблокирован доступ (Россия)"
    assert text_of(mail).startswith("ОВД-Инфо, ovd.info: доступ заблокирован (Россия).")
    assert "Вы получили это письмо" in text_of(mail)
    assert 'lang="ru"' in html_of(mail)
    assert raw.isascii()


def test_a_discreet_mail_names_nobody() -> None:
    mail, _ = sent(alarm(channel="phone"))
    everything = f"{mail['subject']} {text_of(mail)} {html_of(mail)}"
    assert "CW-2021-0001" in everything
    assert "ovd" not in everything.lower()


def test_no_line_of_the_text_is_wider_than_a_terminal() -> None:
    mail, raw = sent(with_data(text="word " * 400 + "\nhttps://watch.example/" + "x" * 300))
    wide = [line for line in text_of(mail).splitlines() if len(line) > COLUMNS]
    assert wide == ["https://watch.example/" + "x" * 300]
    assert max(len(line) for line in raw.splitlines()) <= 998


def test_mails_about_one_incident_form_a_thread() -> None:
    first, _ = sent(alarm())
    last, _ = sent(together(owed(EventKind.ENDED, ended(BLOCKED))))
    other, _ = sent(alarm(DOWN))
    assert first["references"] == last["references"] == "<CW-2021-0001.thread@cutwatch.example>"
    assert first["in-reply-to"] == first["references"]
    assert first["message-id"] == f"<{alarm().id}@cutwatch.example>"
    assert len({mail["message-id"] for mail in (first, last, other)}) == 3
    assert other["references"] != first["references"]


def test_news_of_several_incidents_belongs_to_no_thread() -> None:
    mail, _ = sent(together(owed(), owed(incident=DOWN)))
    assert mail["references"] is None
    for incident in (BLOCKED, DOWN):
        link = f"https://watch.example/incidents/{incident.id}"
        assert f"\n{link}\n" in text_of(mail)
        assert f'<a href="{link}"' in html_of(mail)


def test_the_same_parcel_keeps_its_id_when_it_comes_again() -> None:
    again = letter(alarm(), BETWEEN, NOW + timedelta(hours=1))
    assert again["Message-ID"] == sent(alarm())[0]["message-id"]


def test_programs_do_not_answer_and_readers_can_unsubscribe() -> None:
    mail, _ = sent(alarm())
    assert (mail["auto-submitted"], mail["x-auto-response-suppress"]) == ("auto-generated", "All")
    assert mail["list-unsubscribe"] == "<mailto:watch@cutwatch.example?subject=unsubscribe>"
    assert mail["precedence"] is None


@pytest.mark.parametrize(("severity", "priority"), [("page", "1"), ("morning", None), ("digest", None)])
def test_only_what_cannot_wait_is_marked_urgent(severity: str, priority: str | None) -> None:
    mail, _ = sent(with_data(severity=severity))
    assert mail["x-priority"] == priority
    assert mail["importance"] == ("high" if priority else None)


@pytest.mark.parametrize(
    ("event", "incident", "first", "priority"),
    [
        (EventKind.CONFIRMED, INTERCEPTED, "Act now: at least one of these cannot wait.", "1"),
        (EventKind.ENDED, ended(INTERCEPTED), "All of this can wait until morning.", None),
        (EventKind.SCOPE_CHANGED, INTERCEPTED, "All of this can wait until morning.", None),
    ],
)
def test_a_mail_of_several_is_marked_as_its_first_line_says(
    event: EventKind, incident: Incident, first: str, priority: str | None
) -> None:
    mail, _ = sent(together(owed(event, incident), owed(incident=DOWN)))
    assert text_of(mail).startswith(first)
    assert mail["x-priority"] == priority


HOSTILE = "Evil\r\nBcc: victim@x.example\0\x1b[31m <b onclick=x>&amp;</b> \u202e\u2028"


def test_a_hostile_name_stays_a_name() -> None:
    mail, raw = sent(with_data(title=HOSTILE, text=HOSTILE), replace(BETWEEN, sender_name=HOSTILE))
    assert mail["bcc"] is None
    assert mail["subject"] == "Evil Bcc: victim@x.example[31m \u2039b onclick=x\u203a&amp;\u2039/b\u203a"
    assert b"\nBcc:" not in raw.partition(b"\r\n\r\n")[0]
    assert "\x1b" not in text_of(mail)
    assert "\0" not in text_of(mail)
    assert "&amp;amp;" in html_of(mail)


OURS = {"html", "head", "meta", "title", "body", "div", "h1", "p", "br", "a"}


class Elements(HTMLParser):
    """Everything that a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_html_loads_nothing_and_chooses_no_colours() -> None:
    page = html_of(sent(alarm())[0])
    elements = Elements(page).found
    assert {tag for tag, _ in elements} == OURS
    assert not any({"src", "background", "srcset"} & attributes.keys() for _, attributes in elements)
    assert "url(" not in page
    assert '<meta name="color-scheme" content="light dark">' in page
    assert not any("color" in (attributes.get("style") or "") for _, attributes in elements)


@given(title=st.text(max_size=300), text=st.text(max_size=300))
def test_no_words_break_a_mail(title: str, text: str) -> None:
    mail, raw = sent(with_data(title=title, text=text))
    assert {"from", "to", "subject", "message-id", "date"} <= {name.lower() for name in mail}
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert {tag for tag, _ in Elements(html_of(mail)).found} <= {
        "html",
        "head",
        "meta",
        "title",
        "body",
        "div",
        "h1",
        "p",
        "br",
        "a",
    }
    assert raw.isascii()
