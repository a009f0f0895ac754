"""What a tired person reads on a phone."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.core import wording
from monitor.core.hearing import Late
from monitor.core.incident import Bracket, Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, Severity
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS
from monitor.core.model import Language, Tlp, Words
from monitor.core.phrases import PHRASES
from monitor.core.phrases.table import INTERCEPTED
from monitor.core.routing import TOLD_AS
from monitor.core.watchlist import NetworkKind, Target
from monitor.core.wording import Text
from probes.kit.vocabulary import Strength
from tests.monitor.cast import ADDRESS, BLOCKED, CUT_OFF, DOWN, ONSET, OVD_INFO, ended
from tests.monitor.core.messages import MASS, telling

LINK = f"{ADDRESS}/incidents/CW-2021-0001"
BEGAN = "Began on 25 December 2021 between 09:00 and 09:05 UTC."
SEEN_FROM = "Seen from: Russia (mobile network, home line)."
WORLD_TIME = "(UTC is world time.)"
TO_ACT = "Details and proof. There you can also say that you are taking care of it, or mute it:"
LANGUAGES: tuple[Language, ...] = ("en", "ru")
_IN_RUSSIA = {"en": " (Russia)", "ru": " (Россия)"}


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
            "This can wait until morning. Tell readers where else they find you. Before you recommend a way round it "
            "(a copy of the site, a VPN, Tor), ask a lawyer: in some countries that is punishable."
        ),
        "Certain: there is direct proof. We saw: the connection was cut as soon as it showed the site's name.",
        f"{BEGAN} {WORLD_TIME} {SEEN_FROM}",
        "Visitors there cannot open it without a detour.",
        TO_ACT,
        LINK,
    ]


def test_a_block_is_told_in_russian() -> None:
    text = told(EventKind.CONFIRMED, BLOCKED, "ru")
    assert text.title == "ОВД-Инфо, ovd.info: заблокирован доступ (Россия)"
    assert text.body.splitlines() == [
        "ОВД-Инфо, ovd.info: доступ заблокирован (Россия). Что-то по пути не пропускает посетителей.",
        (
            "Это может подождать до утра. Скажите читателям, где ещё вас найти. Прежде чем советовать обход "
            "(копию сайта, VPN, Tor), спросите юриста: в некоторых странах за это наказывают."
        ),
        "Точно: есть прямое доказательство. Мы видели: соединение обрывали, как только в нём появлялось имя сайта.",
        (
            "Началось 25 декабря 2021 года между 09:00 и 09:05 UTC. (UTC — всемирное время.) "
            "Где замечено: Россия (мобильная сеть, домашний интернет)."
        ),
        "Без обхода сайт там не открыть.",
        "Подробности и доказательства. Там же можно отметить, что вы этим занимаетесь, или отключить напоминания:",
        LINK,
    ]


def test_an_end_says_that_nothing_needs_doing_and_how_long_it_was() -> None:
    text = told(EventKind.ENDED, ended(BLOCKED))
    assert text.title == "Over: OVD-Info: ovd.info blocked (Russia)"
    assert text.body.splitlines()[:4] == [
        "OVD-Info: ovd.info can be opened again (Russia). The block has ended.",
        "Nothing needs doing now.",
        "Certain: several checks in a row went well.",
        f"{BEGAN} Ended on 26 December 2021 between 09:05 and 09:15 UTC. {WORLD_TIME} {SEEN_FROM}",
    ]


def test_an_end_that_a_person_declared_is_not_told_as_what_checks_have_shown() -> None:
    body = told(EventKind.ENDED, replace(ended(BLOCKED), stage_by="staff")).body
    assert "People or documents say so; our checks alone cannot tell." in body
    assert "Certain" not in body


def test_a_false_alarm_is_taken_back_with_its_reason() -> None:
    text = told(EventKind.RETRACTED, BLOCKED, reason="our own resolver was broken", by="staff")
    assert text.title.startswith("False alarm: ")
    assert "was not affected after all. The alarm was wrong and is withdrawn." in text.body
    assert "The reason: our own resolver was broken" in text.body


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (EventKind.REOPENED, "It has happened again."),
        (EventKind.RECLASSIFIED, "We know more now."),
        (EventKind.SCOPE_CHANGED, "Its extent has changed."),
    ],
)
def test_what_is_new_stands_first(event: EventKind, sentence: str) -> None:
    assert told(event, BLOCKED).body.startswith(f"{sentence} OVD-Info: ovd.info is blocked (Russia).")


def test_an_interception_is_called_by_its_name_and_cannot_wait() -> None:
    text = told(EventKind.CONFIRMED, replace(BLOCKED, mechanisms=("tls.mitm.state_ca",)))
    assert text.title == "OVD-Info: ovd.info connection intercepted (Russia), act now"
    assert "Act now. Warn people there through your other channels: do not log in, write or donate on the site." in text.body
    assert "a state authority's certificate (proof of identity) was shown" in text.body


def test_a_loss_for_everybody_names_no_country_in_its_title() -> None:
    text = told(EventKind.CONFIRMED, DOWN)
    assert text.title == "OVD-Info: ovd.info down for everybody"
    assert "Seen from: Germany (data centre); Russia (home line)." in text.body


def test_a_network_that_is_cut_off_is_told_as_what_cannot_wait() -> None:
    text = told(EventKind.CONFIRMED, CUT_OFF)
    assert text.title == "A network in Russia cut off from the world, act now"
    assert text.body.splitlines()[:4] == [
        "A network in Russia reaches only its own country. It may be a shutdown, or only chosen sites may be let through.",
        (
            "Act now. Reach people there by telephone or text message, and ask whether other networks work. "
            "Say nothing secret: both may be listened to."
        ),
        "Very likely: several checks agree.",
        f"{BEGAN} {WORLD_TIME} Seen from: Russia (mobile network).",
    ]
    assert told(EventKind.ENDED, ended(CUT_OFF)).body.startswith("A network in Russia reaches the world again.")
    assert told(EventKind.RETRACTED, CUT_OFF).body.startswith("A network in Russia was not affected after all.")


def test_a_network_that_is_cut_off_is_told_in_russian() -> None:
    text = told(EventKind.CONFIRMED, CUT_OFF, "ru")
    assert text.title == "Сеть (Россия): отрезана от мира, срочно"
    assert text.body.startswith("Сеть (Россия): видит только свою страну.")
    assert told(EventKind.ENDED, ended(CUT_OFF), "ru").body.startswith("Сеть (Россия): снова видит остальной мир.")


def test_a_network_whose_country_nobody_has_named_is_told_of_all_the_same() -> None:
    nowhere = replace(CUT_OFF, key=replace(CUT_OFF.key, country=None))
    assert told(EventKind.CONFIRMED, nowhere).title == "A network in an unknown country cut off from the world, act now"


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
        ("dns.injection.blockpage", "a forged answer of DNS, the internet's address book"),
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
        f"{BEGAN} {WORLD_TIME}",
        "No names here, because the case is not public.",
        TO_ACT,
        LINK,
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_closed_word_has_its_phrase(language: Language) -> None:
    phrases = PHRASES[language]
    assert set(phrases.losses) == {*Kind, INTERCEPTED}
    assert set(phrases.urgency) == set(Severity) - {Severity.NONE}
    assert set(phrases.certainty) == set(Strength)
    assert set(phrases.networks) == set(NetworkKind) - {NetworkKind.UNKNOWN}
    assert set(phrases.hints) == set(EventKind)
    assert set(phrases.title_leads) == set(EventKind) - {EventKind.CONFIRMED}
    assert set(phrases.mechanisms) == set(PHRASES["en"].mechanisms)


@pytest.mark.parametrize(
    ("event", "title", "sentence"),
    [
        (
            EventKind.REINSTATED,
            "Given back: ",
            "OVD-Info: ovd.info is back (Russia): access was restored by whoever took it away.",
        ),
        (
            EventKind.REINSTATEMENT_ANNOUNCED,
            "Promised back: ",
            "OVD-Info: ovd.info is to come back (Russia): that has been promised, but has not happened yet.",
        ),
        (EventKind.AVERTED, "Averted: ", "OVD-Info: ovd.info is still there: what was announced did not happen."),
    ],
)
def test_a_turn_is_told_by_the_word_of_those_who_say_so(event: EventKind, title: str, sentence: str) -> None:
    text = told(event, BLOCKED)
    assert text.title.startswith(title)
    assert text.body.startswith(sentence)
    assert "People or documents say so; our checks alone cannot tell." in text.body


def test_news_of_what_is_over_does_not_say_that_it_stands() -> None:
    text = told(EventKind.CORRECTED, ended(BLOCKED), reason="the date was wrong", by="staff")
    assert text.title == "Corrected (over): OVD-Info: ovd.info blocked (Russia)"
    assert text.body.startswith("We have corrected what we said of this case. OVD-Info: ovd.info can be opened again")
    assert "The reason: the date was wrong" in text.body


def test_a_release_to_everybody_says_that_it_may_be_made_public() -> None:
    text = told(EventKind.RELEASED, replace(BLOCKED, tlp=Tlp.CLEAR))
    assert text.title == "Now public: OVD-Info: ovd.info blocked (Russia)"
    assert text.body.startswith("This case may be made public now. OVD-Info: ovd.info is blocked (Russia).")


def test_a_release_to_some_never_says_that_it_is_public() -> None:
    text = told(EventKind.RELEASED, replace(BLOCKED, tlp=Tlp.GREEN))
    assert text.title == "OVD-Info: ovd.info blocked (Russia)"
    assert text.body.startswith("You may hear of this case now; it is not public. OVD-Info: ovd.info is blocked (Russia).")


def test_the_first_that_a_discreet_channel_hears_of_a_release_is_an_alarm() -> None:
    text = hinted(EventKind.RELEASED, replace(BLOCKED, tlp=Tlp.GREEN))
    assert text.title == "CW-2021-0001: alarm"
    assert text.body.startswith("CW-2021-0001: a loss of access, or the threat of one, is confirmed. You may hear of it now.")
    assert "public now" not in text.body


def test_what_is_another_loss_now_is_an_alarm_to_those_who_hear_of_it_first() -> None:
    text = hinted(EventKind.RECLASSIFIED, BLOCKED)
    assert text.title == "CW-2021-0001: alarm"
    assert text.body.startswith("CW-2021-0001: a loss of access is confirmed, and we know more of it now.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_may_hear_no_more_of_a_case_hears_that_it_is_over_and_nothing_else(language: Language) -> None:
    over = telling(EventKind.ENDED, ended(BLOCKED), language, reason="a person says so", by="staff")
    body = wording.in_few_words(over).body.splitlines()
    assert (
        body
        == {
            "en": [
                "CW-2021-0001: it is over.",
                "Nothing needs doing now.",
                "No names here, because the case is not public.",
                "Details, proof and how to cite it:",
                LINK,
            ],
            "ru": [
                "CW-2021-0001: всё закончилось.",
                "Сейчас ничего делать не нужно.",
                "Здесь нет имён, потому что дело не публичное.",
                "Подробности, доказательства и как на это сослаться:",
                LINK,
            ],
        }[language]
    )


def test_what_is_over_does_not_strike_many_any_more() -> None:
    assert "strikes" not in hinted(EventKind.ENDED, ended(MASS)).body


@pytest.mark.parametrize("event", [EventKind.RECLASSIFIED, EventKind.SCOPE_CHANGED])
def test_what_is_found_out_after_the_end_does_not_say_that_it_stands(event: EventKind) -> None:
    assert told(event, ended(MASS)).title.startswith("Over: ")
    assert "can be opened again" in told(event, ended(BLOCKED)).body


def test_a_reminder_says_that_it_is_one() -> None:
    reminder = replace(telling(EventKind.SCOPE_CHANGED, BLOCKED), is_reminder=True)
    text = wording.in_full(reminder)
    assert text.title == "Still: OVD-Info: ovd.info blocked (Russia)"
    assert text.body.startswith("This is a reminder. OVD-Info: ovd.info is blocked (Russia).")
    assert wording.discreet(reminder).title == "CW-2021-0001: still an alarm"


def test_a_reminder_after_a_correction_does_not_tell_of_it_again() -> None:
    corrected = telling(EventKind.CORRECTED, BLOCKED, reason="the date was wrong", by="staff")
    plainly = replace(telling(EventKind.CONFIRMED, BLOCKED), is_reminder=True)
    assert wording.in_full(replace(corrected, is_reminder=True)) == wording.in_full(plainly)


def test_an_escalation_says_that_nobody_has_acknowledged_it() -> None:
    escalation = replace(telling(EventKind.CONFIRMED, BLOCKED), is_escalation=True)
    assert wording.in_full(escalation).title == "No answer yet: OVD-Info: ovd.info blocked (Russia)"
    assert wording.discreet(escalation).title == "No answer yet: CW-2021-0001: alarm"
    for text in (wording.in_full(escalation), wording.discreet(escalation)):
        assert text.body.splitlines()[1].startswith(
            "Nobody has said yet that they are taking care of it, so it comes to you. This can wait"
        )


def test_the_reason_of_the_policy_is_for_the_log() -> None:
    assert "reason" not in told(EventKind.RETRACTED, BLOCKED, reason="not confirmed by further looks").body


@pytest.mark.parametrize("event", [EventKind.ENDED, EventKind.RETRACTED])
def test_of_the_end_those_who_were_asked_last_are_told_as_all_others(event: EventKind) -> None:
    plainly = telling(event, ended(BLOCKED))
    asked = replace(plainly, is_escalation=True)
    assert wording.in_full(asked) == wording.in_full(plainly)
    assert wording.discreet(asked) == wording.discreet(plainly)


@pytest.mark.parametrize("event", EventKind)
def test_only_what_stands_can_be_acknowledged_or_muted(event: EventKind) -> None:
    over = (EventKind.ENDED, EventKind.REINSTATED, EventKind.AVERTED, EventKind.RETRACTED)
    link = told(event, BLOCKED).body.splitlines()[-2]
    assert link == ("Details, proof and how to cite it:" if event in over else TO_ACT)


def test_a_recovery_whose_alarm_never_left_says_that_it_is_late() -> None:
    body = wording.told_late(told(EventKind.ENDED, ended(BLOCKED)).body, "en", Late.FIRST)
    assert body.splitlines()[:2] == [
        (
            "OVD-Info: ovd.info can be opened again (Russia). The block has ended. "
            "You were not told earlier: this is the first message about it."
        ),
        "Nothing needs doing now.",
    ]
    assert body.endswith(LINK)


def test_a_mass_event_counts_those_whom_it_strikes_and_names_a_few() -> None:
    text = told(EventKind.CONFIRMED, MASS)
    assert text.title == "Many at once: 37 sites of 12 organisations are blocked (Russia)"
    assert text.body.startswith("37 sites of 12 organisations are blocked (Russia).\n")
    assert "\nAffected: OVD-Info, Press Club, Legal Aid, group-0 and 8 more.\n" in text.body


def test_a_mass_event_is_told_in_russian_with_its_plurals() -> None:
    text = told(EventKind.CONFIRMED, MASS, "ru")
    assert text.title == "Массово: 37 сайтов 12 организаций: доступ заблокирован (Россия)"
    assert "затронуло: ОВД-Инфо, Пресс-клуб, Правовая помощь, group-0 и ещё 8." in text.body
    few = replace(MASS, members=MASS.members[:22], affected=MASS.affected[:1])
    assert told(EventKind.ENDED, ended(few), "ru").title == "Отбой: 22 сайта 1 организации: доступ снова открыт (Россия)"


def test_the_last_of_many_is_told_of_as_one() -> None:
    last = replace(MASS, struck=1, affected=MASS.affected[:1])
    standing, over = told(EventKind.SCOPE_CHANGED, last), told(EventKind.ENDED, ended(last))
    assert standing.title == "Update: 1 site of 1 organisation blocked (Russia)"
    assert "1 site of 1 organisation is blocked (Russia)." in standing.body
    assert over.body.startswith("1 site of 1 organisation can be opened again (Russia).")
    assert told(EventKind.CONFIRMED, last, "ru").title == "1 сайт 1 организации: заблокирован доступ (Россия)"


def test_what_is_told_of_many_in_russian_fits_any_number() -> None:
    """A verb would have to follow the number: 21 сайт открывается, 22 сайта открываются."""
    for loss in PHRASES["ru"].losses.values():
        assert not re.search(r"\w+(ют|ят|ются|ятся|ены|аны|ны)\b", f"{loss.many} {loss.many_over}".replace("перехватывают", ""))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (EventKind.REINSTATED, "доступ (Россия) вернул тот"),
        (EventKind.REINSTATEMENT_ANNOUNCED, "доступ (Россия) обещали вернуть"),
    ],
)
def test_in_russian_the_country_stands_by_what_is_lost_there_and_not_by_who_took_it(event: EventKind, said: str) -> None:
    assert said in told(event, BLOCKED, "ru").body


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (None, "Началось не позже 25 декабря 2021 года, 09:05 UTC."),
        (ONSET - timedelta(days=1), "Началось между 24 декабря 2021 года, 09:05, и 25 декабря 2021 года, 09:05 UTC."),
    ],
)
def test_a_beginning_in_russian_is_in_the_case_that_its_sentence_asks_for(after: datetime | None, said: str) -> None:
    assert said in told(EventKind.CONFIRMED, replace(BLOCKED, onset=Bracket(after=after, by=ONSET)), "ru").body


def test_a_mass_event_names_only_those_of_whom_the_readers_may_hear() -> None:
    story = replace(telling(EventKind.CONFIRMED, MASS), may_name=("press-club",))
    assert "Affected: Press Club and 11 more." in wording.in_full(story).body
    assert "Affected" not in wording.in_full(replace(story, may_name=())).body
    assert "Press" not in wording.discreet(story).body
    assert "It strikes many at once." in wording.discreet(story).body


def test_a_mass_event_whose_members_are_not_known_is_told_of_all_the_same() -> None:
    nobody = replace(MASS, members=(), affected=())
    assert told(EventKind.CONFIRMED, nobody).title == "Many at once: Many are blocked (Russia)"


def test_a_mass_event_that_was_none_does_not_take_back_its_members() -> None:
    taken_back = telling(EventKind.RETRACTED, replace(MASS, members=(), affected=(), stage=IncidentStage.RETRACTED))
    full, hint = wording.in_full(taken_back), wording.discreet(taken_back)
    assert full.title == "False alarm: not many at once (Russia)"
    for text in (full, hint):
        assert "not one blow against many after all. Each loss that still stands has a case of its own." in text.body
        assert "Look at the cases that still stand." in text.body
    assert "It strikes many at once." not in hint.body


LET_GO: dict[str, Any] = {"stage": IncidentStage.RETRACTED, "stage_by": CONFIGURATION}


@pytest.mark.parametrize("incident", [BLOCKED, CUT_OFF, MASS], ids=["a block", "a network", "many"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_looks_at_any_more_was_no_false_alarm_and_is_not_over(incident: Incident, language: Language) -> None:
    let_go = telling(EventKind.RETRACTED, replace(incident, **LET_GO), language, reason=NOBODY_LOOKS, by=CONFIGURATION)
    phrases = PHRASES[language]
    for text in (wording.in_full(let_go), wording.discreet(let_go)):
        whole = f"{text.title}\n{text.body}".lower()
        assert {"en": "whether it goes on is not known", "ru": "продолжается ли это, неизвестно"}[language] in whole
        assert phrases.title_leads[EventKind.RETRACTED].strip(": ").lower() not in whole
        assert phrases.turns[EventKind.RETRACTED].advice.lower() not in whole
        assert NOBODY_LOOKS not in whole, "the reason of the configuration is for the log"


def test_what_nobody_looks_at_any_more_says_so_in_its_title() -> None:
    assert told(EventKind.RETRACTED, replace(BLOCKED, **LET_GO)).title == "No longer watched: OVD-Info: ovd.info blocked (Russia)"
    assert told(EventKind.RETRACTED, replace(BLOCKED, **LET_GO), "ru").title.startswith("Больше не наблюдаем: ОВД-Инфо")
    assert hinted(EventKind.RETRACTED, replace(BLOCKED, **LET_GO)).title == "CW-2021-0001: no longer watched"


def test_what_people_entered_is_told_as_what_sources_say() -> None:
    entered = replace(BLOCKED, origin=Origin.ATTESTED, strength=None, onset=None, rule=None, because=None, mechanisms=())
    paragraphs = told(EventKind.CONFIRMED, entered).body.splitlines()
    assert paragraphs[2] == "Sources say so. We have not measured it, and it may have changed since."
    assert paragraphs[3] == f"We do not know when it began. {SEEN_FROM}"
    assert "can wait" not in paragraphs[1]


def test_the_company_is_named_where_one_acted() -> None:
    assert "Company concerned: mailchimp." in told(EventKind.CONFIRMED, replace(DOWN, provider="mailchimp")).body


def test_an_announcement_has_appeared_and_nothing_has_begun() -> None:
    body = told(EventKind.CONFIRMED, replace(DOWN, kind=Kind.NOTICE)).body
    assert "The announcement appeared on 25 December 2021 between 09:00 and 09:05 UTC." in body
    assert "Began" not in body


def test_what_comes_and_goes_is_told_so() -> None:
    assert "It comes and goes." in told(EventKind.REOPENED, replace(BLOCKED, intermittent=True)).body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EventKind)
def test_a_long_title_loses_letters_of_its_names_and_never_what_happened(event: EventKind, language: Language) -> None:
    endless = OVD_INFO.model_copy(update={"name": Words(en="A" * 100), "targets": (Target(id="ovd.info", domain="d" * 200),)})
    story = telling(event, BLOCKED, language)
    named = replace(story, watchlist=story.watchlist.model_copy(update={"organisations": (endless,)}))
    title = wording.in_full(named).title
    assert title.endswith(
        f"…{':' if language == 'ru' else ''} {PHRASES[language].losses[Kind.BLOCKING].title}{_IN_RUSSIA[language]}"
    )
    assert len(title) <= wording.TITLE_LIMIT


def test_an_organisation_that_is_no_longer_configured_is_called_by_its_id() -> None:
    gone = replace(BLOCKED, key=replace(BLOCKED.key, organisation="memorial", target="memo.ru"))
    assert told(EventKind.ENDED, ended(gone)).title == "Over: memorial: memo.ru blocked (Russia)"


def test_a_brace_in_a_name_stays_a_brace() -> None:
    organisation = OVD_INFO.model_copy(update={"name": Words(en="{country} {0}")})
    story = telling(EventKind.CONFIRMED, BLOCKED)
    named = replace(story, watchlist=story.watchlist.model_copy(update={"organisations": (organisation,)}))
    assert wording.in_full(named).title == "{country} {0}: ovd.info blocked (Russia)"


def test_what_has_ended_is_told_from_where_it_was_seen() -> None:
    over = replace(ended(BLOCKED), vantages=(), seen_from=BLOCKED.vantages)
    assert SEEN_FROM in told(EventKind.ENDED, over).body


def test_what_is_known_to_the_minute_is_told_to_the_minute() -> None:
    known = replace(BLOCKED, onset=Bracket(after=ONSET + timedelta(seconds=5), by=ONSET + timedelta(seconds=55)))
    assert "Began on 25 December 2021 at 09:05 UTC." in told(EventKind.CONFIRMED, known).body
    assert "Началось 25 декабря 2021 года в 09:05 UTC." in told(EventKind.CONFIRMED, known, "ru").body


def test_the_end_names_all_places_that_ever_saw_it() -> None:
    last = replace(BLOCKED, vantages=("kazan-mobile",), seen_from=("kazan-mobile", "moscow-home"))
    assert SEEN_FROM in told(EventKind.ENDED, ended(last)).body
    assert "Seen from: Russia (mobile network)." in told(EventKind.CONFIRMED, last).body


def test_an_outage_says_that_those_cannot_open_it_either_with_whom_we_compare() -> None:
    assert "Seen from: Germany (data centre); Russia (home line). Our control points" in told(EventKind.CONFIRMED, DOWN).body
    assert "control points" not in told(EventKind.ENDED, ended(DOWN)).body
    assert "control points" not in told(EventKind.CONFIRMED, BLOCKED).body
    assert "control points" not in told(EventKind.CONFIRMED, replace(DOWN, rule=None)).body, "nobody has compared"


def test_a_mass_event_of_which_some_are_over_says_how_many_were_hit() -> None:
    fewer = replace(MASS, struck=30)
    assert "37 were hit; still hit: 30." in told(EventKind.RECLASSIFIED, fewer).body
    assert "were hit" not in told(EventKind.CONFIRMED, MASS).body
    assert "were hit" not in told(EventKind.RECLASSIFIED, replace(MASS, struck=0)).body, "how many, these readers may not know"


@pytest.mark.parametrize(
    ("event", "language", "title"),
    [
        (EventKind.CONFIRMED, "en", "CW-2021-0003: alarm, act now"),
        (EventKind.CONFIRMED, "ru", "CW-2021-0003: тревога, срочно"),
        (EventKind.ENDED, "en", "CW-2021-0003: all clear"),
        (EventKind.RETRACTED, "en", "CW-2021-0003: false alarm"),
    ],
)
def test_a_discreet_title_says_what_cannot_wait(event: EventKind, language: Language, title: str) -> None:
    incident = CUT_OFF if event is EventKind.CONFIRMED else ended(CUT_OFF)
    assert hinted(event, incident, language).title == title


def test_a_title_in_full_says_what_cannot_wait() -> None:
    assert told(EventKind.CONFIRMED, CUT_OFF).title == "A network in Russia cut off from the world, act now"
    assert told(EventKind.CONFIRMED, BLOCKED).title == "OVD-Info: ovd.info blocked (Russia)"
    reminder = replace(telling(EventKind.CONFIRMED, CUT_OFF), is_reminder=True)
    assert wording.discreet(reminder).title == "CW-2021-0003: still an alarm, act now"
