"""What all messages have in common: short at 40 columns, in one order, without jargon, and harmless."""

import re
import textwrap
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import wording
from monitor.core.kinds import EventKind, Kind
from monitor.core.model import Language, Words
from monitor.core.phrases import PHRASES
from monitor.core.routing import TOLD_AS
from monitor.core.telling import Telling
from monitor.core.watchlist import Provider, ProviderKind, Target
from monitor.core.wording import Text
from probes.kit.vocabulary import Strength
from tests.monitor.cast import ADDRESS, BLOCKED, OVD_INFO
from tests.monitor.core.messages import LANGUAGES, MASS, telling, tellings

COLUMNS = 40
"""Of a phone."""

LINES = 25
"""More than that nobody reads on a phone."""

in_every_language = pytest.mark.parametrize("language", LANGUAGES)


def texts(language: Language) -> Iterator[Text]:
    for one in tellings(language):
        yield wording.in_full(one)
        yield wording.discreet(one)
        yield wording.in_few_words(one)


def lines(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, COLUMNS, break_long_words=False, break_on_hyphens=False)


@in_every_language
def test_only_the_link_may_need_more_than_forty_columns(language: Language) -> None:
    for text in texts(language):
        *paragraphs, link = text.body.splitlines()
        shown = [line for paragraph in paragraphs for line in lines(paragraph)]
        assert re.fullmatch(rf"{ADDRESS}/incidents/CW-[0-9]{{4}}-[0-9]+", link)
        assert max(map(len, [*shown, *lines(text.title)])) <= COLUMNS
        assert len(shown) <= LINES, text.body


@in_every_language
def test_a_title_fits_three_lines(language: Language) -> None:
    for text in texts(language):
        assert len(lines(text.title)) <= 3, text.title
        assert len(text.title) <= 100, text.title


@in_every_language
def test_a_title_leaves_room_for_its_names(language: Language) -> None:
    """In the longest title, too, what is not a name takes at most 70 characters."""
    phrases = PHRASES[language]
    for loss in phrases.losses.values():
        special = (phrases.let_go.title_lead, phrases.reminder_title_lead, phrases.escalation_title_lead)
        changed = (one.title_lead for one in phrases.extents.values())
        for lead in (*phrases.title_leads.values(), *changed, *special):
            around = phrases.subject.format(organisation="", target="")
            assert len(f"{lead}{around} {loss.title} (Russia)") <= 70


@in_every_language
@pytest.mark.parametrize("kind", Kind)
def test_an_alarm_keeps_the_order_in_which_it_matters(kind: Kind, language: Language) -> None:
    story = telling(EventKind.CONFIRMED, replace(BLOCKED, kind=kind), language)
    loss, phrases = story.loss, story.phrases
    order = (
        "ovd.info",
        *(word for word in phrases.urgency.values() if word in wording.in_full(story).body),
        loss.advice,
        phrases.certainty[Strength.EXPLICIT],
        (loss.began or phrases.began).partition(" {")[0],
        phrases.seen_from.partition(" {")[0],
        loss.affects,
        phrases.link_to_act,
        story.link,
    )
    places = [wording.in_full(story).body.index(part) for part in order]
    assert places == sorted(places)


GLOSSES = {
    "en": {
        "DNS": "address book",
        "UTC": "world time",
        "VPN": "way round",
        "Tor": "way round",
        "certificate": "proof of identity",
    },
    "ru": {
        "DNS": r"адресн\w+ книг",
        "UTC": "всемирное время",
        "VPN": "обход",
        "Tor": "обход",
        "сертификат": "удостоверени",
    },
}
"""Words that need looking up, and what must be said beside them."""

JARGON = re.compile(
    r"\b(TLS|SSL|SNI|RST|TCP|IP|HTTPS?|ASN|BGP|RDAP|WHOIS|registrar|provider|registry|CDN|TLP|URL|API|MITM|proxy|resolver|host(ing|er)?"
    r"|mirror|canary|canaries|vantage|onset|incident|verdict|probe|mechanism|outage|payload|webhook|endpoint"
    r"|регистратор\w*|хостинг\w*|прокси|резолвер\w*|зеркал\w*|инцидент\w*|вердикт\w*|аккаунт\w*|провайдер\w*|домен\w*|трафик\w*)\b",
    re.IGNORECASE,
)
"""Words that no message needs."""


@in_every_language
def test_no_word_needs_looking_up(language: Language) -> None:
    for text in texts(language):
        words = f"{text.title}\n{text.body.rpartition(chr(10))[0]}"
        assert not JARGON.search(words), words
        for word, gloss in GLOSSES[language].items():
            assert not re.search(rf"\b{word}", words) or re.search(gloss, words), (word, words)


@in_every_language
def test_the_other_tables_of_phrases_have_no_jargon_either(language: Language) -> None:
    phrases = PHRASES[language]
    together, late = phrases.together, phrases.late.values()
    spoken = [wording.of_test("duty", language).body, *late, *together.urgency.values(), together.everything]
    assert not [one for one in spoken if JARGON.search(one)]


@in_every_language
def test_advice_that_can_bring_people_into_danger_comes_with_its_warning(language: Language) -> None:
    """A VPN, a visit to a forbidden site and a telephone call can each be held against somebody."""
    losses = PHRASES[language].losses
    warned = {"en": ("lawyer", "harm", "listened"), "ru": ("юриста", "грозит", "прослушивать")}[language]
    asked = {"en": ("VPN", "to try", "telephone"), "ru": ("VPN", "проверить, только", "телефону")}[language]
    for risk, warning in zip(asked, warned, strict=True):
        advice = [loss.advice for loss in losses.values() if risk in loss.advice]
        assert advice
        assert all(warning in one for one in advice)


@in_every_language
def test_whoever_answers_a_company_is_warned_of_forged_mail(language: Language) -> None:
    warning = {"en": "link", "ru": "ссылк"}[language]
    for kind in (Kind.NOTICE, Kind.WITHDRAWAL, Kind.LAPSE):
        assert warning in PHRASES[language].losses[kind].advice


NAMED = "zlatoust"
"""Stands in every name; the rest of the names is whatever hypothesis thinks of."""

names = st.builds("{}Zlatoust{}".format, st.text(max_size=60), st.text(max_size=60))


def about(name: str, kind: EventKind, language: Language) -> Telling:
    """A case in which organisation, target, company, reason and rule all bear this name."""
    organisation = OVD_INFO.model_copy(
        update={
            "id": f"{NAMED}-1",
            "name": Words.model_construct(en=name, ru=name),
            "targets": (Target.model_construct(id=f"{NAMED}.org", domain=name, name=None),),
        }
    )
    company = Provider.model_construct(
        id=f"{NAMED}-inc", name=Words.model_construct(en=name, ru=name), kinds=(ProviderKind.HOSTING,)
    )
    key = replace(BLOCKED.key, organisation=organisation.id, target=f"{NAMED}.org")
    incident = replace(BLOCKED, key=key, provider=company.id, because=f"{name} was refused", affected=(organisation.id,))
    story = telling(kind, incident, language, reason=f"{name} says so", by="staff")
    known = {"organisations": (organisation,), "providers": (company,)}
    return replace(story, watchlist=story.watchlist.model_copy(update=known))


@given(names, st.sampled_from(sorted(TOLD_AS)), st.sampled_from(LANGUAGES), st.booleans())
def test_a_discreet_message_names_nobody_whatever_they_are_called(
    name: str, kind: EventKind, language: Language, strikes_many: bool
) -> None:
    story = about(name, kind, language)
    if strikes_many:
        story = replace(story, incident=replace(MASS, affected=story.incident.affected, provider=story.incident.provider))
    for text in (wording.discreet(story), wording.in_few_words(story)):
        assert NAMED not in f"{text.title} {text.body}".lower()


@given(names, st.sampled_from(EventKind), st.sampled_from(LANGUAGES))
def test_a_name_can_do_no_harm_in_a_message(name: str, kind: EventKind, language: Language) -> None:
    text = wording.in_full(about(name, kind, language))
    written = f"{text.title} {text.body.replace(chr(10), ' ')}"
    assert not re.search(r"[<>]", written)
    assert not [one for one in written if unicodedata.category(one)[0] == "C" or unicodedata.category(one) in {"Zl", "Zp"}]
    assert len(text.body.splitlines()) == len(wording.in_full(about("Zlatoust", kind, language)).body.splitlines())


@settings(max_examples=20)
@given(st.sampled_from(["{country}", "{0.__class__}", "%s %(name)s", "{", "}}"]), st.sampled_from(EventKind))
def test_what_looks_like_a_placeholder_in_a_name_stays_as_it_is(name: str, kind: EventKind) -> None:
    text = wording.in_full(about(name, kind, "en"))
    assert name in text.title
    assert name in text.body


@in_every_language
def test_an_endless_name_is_cut_at_once(language: Language) -> None:
    began = time.process_time()
    text = wording.in_full(about("x\u202e<" * 350_000, EventKind.RETRACTED, language))
    assert time.process_time() - began < 1
    assert len(text.title) <= wording.TITLE_LIMIT
    assert len(text.body) < 1500
