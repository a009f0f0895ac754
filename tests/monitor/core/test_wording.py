"""What a tired person reads on a phone."""

import re
import textwrap
import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import wording
from monitor.core.incident import Bracket, EventKind, Incident, Kind
from monitor.core.phrases import PHRASES
from monitor.core.phrases.table import INTERCEPTED
from monitor.core.routing import TOLD_AS
from monitor.core.watchlist import Language, NetworkKind, Severity, Target, Words
from monitor.core.wording import Telling, Text
from probes.kit.vocabulary import Strength
from tests.monitor.cast import ADDRESS, BLOCKED, CUT_OFF, DOWN, ONSET, OVD_INFO, ended, happening, watchlist

LINK = f"{ADDRESS}/incidents/CW-2021-0001"
BEGAN = "Began on 25 December 2021 between 09:00 and 09:05 UTC."
SEEN_FROM = "Seen from: Russia (mobile network, home line)."
LANGUAGES: tuple[Language, ...] = ("en", "ru")


def telling(kind: EventKind, incident: Incident, language: Language = "en", **data: Any) -> Telling:
    return Telling(
        event=happening(kind, incident, **data), incident=incident, watchlist=watchlist(), language=language, address=ADDRESS
    )


def told(kind: EventKind, incident: Incident, language: Language = "en", **data: Any) -> Text:
    return wording.in_full(telling(kind, incident, language, **data))


def hinted(kind: EventKind, incident: Incident, language: Language = "en") -> Text:
    return wording.discreet(telling(kind, incident, language))


def test_a_block_is_told_in_the_order_in_which_it_matters() -> None:
    text = told(EventKind.CONFIRMED, BLOCKED)
    assert text.title == "OVD-Info: ovd.info blocked (Russia)"
    assert text.body.splitlines() == [
        "OVD-Info: ovd.info is blocked (Russia). Something on the way stops visitors.",
        (
            "This can wait until morning. Tell readers another way in: a mirror or your other channels. "
            "Ask a lawyer before you recommend a VPN or Tor: in some countries that is punishable."
        ),
        "Certain: there is direct proof. We saw: the connection was cut as soon as it showed the site's name.",
        f"{BEGAN} {SEEN_FROM}",
        "Visitors there cannot open it without a detour.",
        "Details and proof:",
        LINK,
    ]


def test_a_block_is_told_in_russian() -> None:
    text = told(EventKind.CONFIRMED, BLOCKED, "ru")
    assert text.title == "ОВД-Инфо, ovd.info: заблокирован доступ (Россия)"
    assert text.body.splitlines() == [
        "ОВД-Инфо, ovd.info: доступ заблокирован (Россия). Что-то по пути не пропускает посетителей.",
        (
            "Это может подождать до утра. Подскажите читателям другой путь: зеркало или другие ваши каналы. "
            "Прежде чем советовать VPN или Tor, спросите юриста: в некоторых странах это наказуемо."
        ),
        "Точно: есть прямое доказательство. Мы видели: соединение обрывали, как только в нём появлялось имя сайта.",
        "Началось 25 декабря 2021 между 09:00 и 09:05 UTC. Где видно: Россия (мобильная сеть, домашний интернет).",
        "Без обходного пути там не открыть.",
        "Подробности и доказательства:",
        LINK,
    ]


def test_an_end_says_that_nothing_needs_doing_and_how_long_it_was() -> None:
    text = told(EventKind.ENDED, ended(BLOCKED))
    assert text.title == "Over: OVD-Info: ovd.info blocked (Russia)"
    assert text.body.splitlines()[:4] == [
        "OVD-Info: ovd.info can be opened again (Russia). The block has ended.",
        "Nothing needs doing now.",
        "Certain: several looks found it well.",
        f"{BEGAN} Ended on 26 December 2021 between 09:05 and 09:15 UTC. {SEEN_FROM}",
    ]


def test_a_false_alarm_is_taken_back_with_its_reason() -> None:
    text = told(EventKind.RETRACTED, BLOCKED, reason="our own resolver was broken")
    assert text.title.startswith("False alarm: ")
    assert "was not cut off after all. The alarm was wrong and is withdrawn." in text.body
    assert "The reason: our own resolver was broken" in text.body


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (EventKind.REOPENED, "It has happened again."),
        (EventKind.RECLASSIFIED, "We know more now."),
        (EventKind.SCOPE_CHANGED, "It is seen from other places than before."),
    ],
)
def test_what_is_new_stands_first(event: EventKind, sentence: str) -> None:
    assert told(event, BLOCKED).body.startswith(f"{sentence} OVD-Info: ovd.info is blocked (Russia).")


def test_an_interception_is_called_by_its_name_and_cannot_wait() -> None:
    text = told(EventKind.CONFIRMED, replace(BLOCKED, mechanisms=("tls.mitm.state_ca",)))
    assert text.title == "OVD-Info: ovd.info connection intercepted (Russia)"
    assert "Act now. Warn people not to log in or donate from there." in text.body
    assert "a certificate of a state's own authority was shown" in text.body


def test_a_loss_for_everybody_names_no_country_in_its_title() -> None:
    text = told(EventKind.CONFIRMED, DOWN)
    assert text.title == "OVD-Info: ovd.info down for everybody"
    assert "Seen from: Germany (data centre); Russia (home line)." in text.body


def test_a_network_that_is_cut_off_is_told_as_what_cannot_wait() -> None:
    text = told(EventKind.CONFIRMED, CUT_OFF)
    assert text.title == "A network in Russia cut off from the world"
    assert text.body.splitlines()[:4] == [
        "A network in Russia reaches only its own country. It may be a shutdown, or only chosen sites may be let through.",
        "Act now. Reach people there by telephone or text message, and ask whether other networks work.",
        "Very likely: several looks agree.",
        f"{BEGAN} Seen from: Russia (mobile network).",
    ]
    assert told(EventKind.ENDED, ended(CUT_OFF)).body.startswith("A network in Russia reaches the world again.")
    assert told(EventKind.RETRACTED, CUT_OFF).body.startswith("A network in Russia was not cut off after all.")


def test_a_network_that_is_cut_off_is_told_in_russian() -> None:
    text = told(EventKind.CONFIRMED, CUT_OFF, "ru")
    assert text.title == "Сеть (Россия): отрезана от мира"
    assert text.body.startswith("Сеть (Россия): видит только свою страну.")
    assert told(EventKind.ENDED, ended(CUT_OFF), "ru").body.startswith("Сеть (Россия): снова видит остальной мир.")


def test_a_network_whose_country_nobody_has_named_is_told_of_all_the_same() -> None:
    nowhere = replace(CUT_OFF, key=replace(CUT_OFF.key, country=None))
    assert told(EventKind.CONFIRMED, nowhere).title == "A network in an unknown country cut off from the world"


@pytest.mark.parametrize(
    ("strength", "sentence"),
    [(Strength.EXPLICIT, "Certain:"), (Strength.STRONG, "Very likely:"), (Strength.WEAK, "Not certain.")],
)
def test_it_never_sounds_surer_than_it_is(strength: Strength, sentence: str) -> None:
    assert told(EventKind.CONFIRMED, replace(BLOCKED, strength=strength)).body.splitlines()[2].startswith(sentence)


@pytest.mark.parametrize(
    ("onset", "sentence"),
    [
        (Bracket(after=None, by=ONSET), "Began by 25 December 2021, 09:05 UTC at the latest."),
        (
            Bracket(after=ONSET - timedelta(days=1), by=ONSET),
            "Began between 24 December 2021, 09:05 and 25 December 2021, 09:05 UTC.",
        ),
    ],
)
def test_a_beginning_is_no_more_exact_than_the_looks_were(onset: Bracket, sentence: str) -> None:
    assert sentence in told(EventKind.CONFIRMED, replace(BLOCKED, onset=onset)).body


@pytest.mark.parametrize(
    ("mechanism", "seen"),
    [
        ("dns.injection.blockpage", "a forged DNS answer"),
        ("dns.nxdomain", "the internet's address book"),
        ("tls.reset.other", "the connection was cut while it was being set up"),
        ("http.reset.host", "cut as soon as it asked for the site's name"),
        ("ip.unreachable", "no way led to the server's address"),
    ],
)
def test_what_was_seen_is_told_without_jargon(mechanism: str, seen: str) -> None:
    assert seen in told(EventKind.CONFIRMED, replace(BLOCKED, mechanisms=(mechanism,))).body


def test_an_unknown_mechanism_is_left_out() -> None:
    assert "We saw" not in told(EventKind.CONFIRMED, replace(BLOCKED, mechanisms=("quic.drop",))).body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", TOLD_AS)
@pytest.mark.parametrize("incident", [BLOCKED, DOWN, ended(BLOCKED), CUT_OFF], ids=["blocked", "down", "ended", "cut off"])
def test_a_hint_names_nobody(event: EventKind, incident: Incident, language: Language) -> None:
    text = hinted(event, incident, language)
    told_aloud = f"{text.title} {text.body}".lower()
    forbidden = ("ovd", "овд", "russia", "росси", "germany", "blocked", "заблок", "vpn", "dns")
    assert text.title.startswith(incident.id)
    assert not [word for word in forbidden if word in told_aloud]
    assert text.body.endswith(f"\n{ADDRESS}/incidents/{incident.id}")


def test_a_hint_says_whether_it_can_wait_how_sure_and_since_when() -> None:
    assert hinted(EventKind.CONFIRMED, BLOCKED).body.splitlines() == [
        "CW-2021-0001: a loss of access, or the threat of one, is confirmed.",
        "This can wait until morning. What to do is behind the link.",
        "Certain: there is direct proof.",
        BEGAN,
        "No names here, because the case is not public.",
        "Details and proof:",
        LINK,
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_closed_word_has_its_phrase(language: Language) -> None:
    phrases = PHRASES[language]
    assert set(phrases.losses) == {*Kind, INTERCEPTED}
    assert set(phrases.urgency) == set(Severity) - {Severity.NONE}
    assert set(phrases.certainty) == set(Strength)
    assert set(phrases.networks) == set(NetworkKind) - {NetworkKind.UNKNOWN}
    assert set(phrases.hints) == set(TOLD_AS)
    assert set(phrases.mechanisms) == set(PHRASES["en"].mechanisms)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", TOLD_AS)
@pytest.mark.parametrize("kind", Kind)
def test_a_message_is_short_at_forty_columns(kind: Kind, event: EventKind, language: Language) -> None:
    case = CUT_OFF if kind is Kind.ISOLATION else BLOCKED
    text = told(event, replace(ended(case), id=BLOCKED.id, kind=kind), language)
    *words, link = text.body.splitlines()
    lines = [line for paragraph in words for line in textwrap.wrap(paragraph, 40, break_long_words=False)]
    assert link == LINK
    assert max(map(len, lines)) <= 40
    assert len(lines) <= 20
    assert len(textwrap.wrap(text.title, 40)) <= 2


def test_a_target_is_called_by_its_own_name_else_by_its_address() -> None:
    assert wording.target_name(Target(id="a", url="https://www.ovd.info/"), "en") == "ovd.info"
    assert wording.target_name(Target(id="a", url="http://ovd.info/donate/"), "en") == "ovd.info/donate"
    assert wording.target_name(Target(id="a", domain="ovdinfo.org"), "en") == "ovdinfo.org"
    assert wording.target_name(Target(id="a", url="https://x.org", name=Words(en="Shop", ru="Магазин")), "ru") == "Магазин"


def test_an_organisation_that_is_no_longer_configured_is_called_by_its_id() -> None:
    gone = replace(BLOCKED, key=replace(BLOCKED.key, organisation="memorial", target="memo.ru"))
    assert told(EventKind.ENDED, ended(gone)).title == "Over: memorial: memo.ru blocked (Russia)"


def test_a_brace_in_a_name_stays_a_brace() -> None:
    organisation = OVD_INFO.model_copy(update={"name": Words(en="{country} {0}")})
    story = telling(EventKind.CONFIRMED, BLOCKED)
    named = replace(story, watchlist=story.watchlist.model_copy(update={"organisations": (organisation,)}))
    assert wording.in_full(named).title == "{country} {0}: ovd.info blocked (Russia)"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("<script>alert(1)</script>", "\u2039script\u203aalert(1)\u2039/script\u203a"),
        ("\x1b]0;owned\x07\x1b[31mred\x1b[0m", "]0;owned[31mred[0m"),
        ("one\r\nBcc: all@example.org", "one Bcc: all@example.org"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\ud800b", "ab"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_a_hostile_name_is_made_harmless(given_name: str, shown: str) -> None:
    assert wording.plain(given_name, 60) == shown


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_whatever_is_written_becomes_one_harmless_line(text: str, limit: int) -> None:
    shown = wording.plain(text, limit)
    assert len(shown) <= limit
    assert not re.search(r"[<>\n\r\x1b]", shown)
    assert not any(unicodedata.category(character)[0] == "C" for character in shown)
    assert shown.encode().decode() == shown
