"""More stories for the rules of the website probe: what a thorough look sees of fingerprints, second answers, hosts and flow."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from probes.kit.innocuous import STRANGE_NAME
from probes.kit.observation import DnsReply, Facts, Mark
from probes.kit.vocabulary import Aim, MarkKind
from tests.probes.telling import NOON, Story, Telling, both, from_control, seen
from tests.probes.website.stories import (
    FORGED,
    HTTP,
    HTTPS,
    INNOCUOUS,
    SECOND,
    SITE,
    TRUE,
    fine,
    fine_in_clear,
    greeted,
    injected,
    landed_elsewhere,
    missing,
    resolved,
    swapping,
    tells_of,
    tried_from_here,
)

NEIGHBOUR: Final = "www.neighbour.example"
NEAR: Final = "93.184.216.77"
INNOCENT: Final = "203.0.114.9"
WARNING: Final = Mark(name="own:ru_example", kind=MarkKind.BLOCKPAGE, countries=("RU",), actor="Example Telecom")
KNOWN_ADDRESS: Final = Mark(name="own:ru_address", kind=MarkKind.FORGED_ADDRESS, countries=("RU",))
STATE: Final = Mark(name="own:ru_state_ca", kind=MarkKind.STATE_AUTHORITY)

Samples = tuple[tuple[float, int], ...]


def in_russia(story: Story) -> Story:
    return replace(story, country="RU")


def marked(*marks: Mark, address: str = TRUE, **more: Any) -> Facts:
    """A block page in clear text that bears these marks."""
    page = {"title": "Доступ ограничен", "body_length": 188, "header_names": (), **more}
    return resolved(address).connected(address, 80).got(HTTP, address, marks=marks, **page).facts()


@tells_of("website.http.blockpage")
def a_known_block_page_comes_in_place_of_the_site() -> Story:
    return in_russia(Story(marked(WARNING), both(fine_in_clear())))


@tells_of("website.http.page.different")
def a_block_page_that_is_known_from_another_country_proves_nothing_here() -> Story:
    return replace(Story(marked(WARNING), both(fine_in_clear())), country="NL")


@tells_of("website.http.page.different")
def a_page_that_is_easily_mistaken_for_a_block_page() -> Story:
    harmless = Mark(name="own:default_page", kind=MarkKind.NOT_A_BLOCKPAGE)
    return in_russia(Story(marked(WARNING, harmless), both(fine_in_clear())))


@tells_of("website.http.page.different")
def a_site_whose_own_page_quotes_the_words_of_a_block_page() -> Story:
    quoting = (
        resolved().connected(TRUE, 80).got(HTTP, TRUE, marks=(WARNING,), title="What we know about blocking", body_length=9000)
    )
    return in_russia(Story(marked(WARNING), both(quoting.facts())))


@tells_of("website.http.blockpage")
def a_known_block_page_that_is_as_long_as_the_site_s_own() -> Story:
    return in_russia(Story(marked(WARNING, body_length=1500), both(fine_in_clear())))


@tells_of("website.http.redirect.elsewhere")
def a_landing_that_is_as_long_as_the_site_s_own_page() -> Story:
    look = landed_elsewhere().facts()
    long = replace(look.http[-1], body_length=1500, title=None)
    return Story(replace(look, http=(*look.http[:-1], long)), both(fine_in_clear()))


@tells_of("website.http.redirect.blockpage")
def a_page_in_clear_text_sends_us_to_a_known_warning() -> Story:
    look = landed_elsewhere().facts()
    sent = replace(look.http[0], marks=(WARNING,))
    return in_russia(Story(replace(look, http=(sent, *look.http[1:])), both(fine_in_clear())))


@tells_of("website.dns.injection.blockpage")
def a_resolver_leads_to_a_known_block_page() -> Story:
    return in_russia(Story(marked(WARNING, address=FORGED), both(fine_in_clear())))


@tells_of("website.dns.injection.known_address")
def a_resolver_gives_an_address_that_is_known_from_forged_answers() -> Story:
    own = Telling().asked(SITE, FORGED, marks=(KNOWN_ADDRESS,)).connected(FORGED, failure="generic_timeout_error").facts()
    return in_russia(Story(own, both(fine())))


@tells_of("website.http.legal_block")
def a_refusal_names_whoever_blocks() -> Story:
    page = marked(status=451, blocked_by="https://regulator.example/")
    return Story(page, both(fine_in_clear()))


def answered_twice() -> Telling:
    late = DnsReply(after=0.04, rcode="NOERROR", answers=(TRUE,))
    return Telling().asked(SITE, FORGED, further=(late,))


@tells_of("website.dns.injection.overtaken")
def two_answers_to_one_question_and_the_first_leads_nowhere() -> Story:
    return Story(answered_twice().connected(FORGED, failure="connection_refused").facts(), both(fine()))


@tells_of("website.service.well")
def two_answers_to_one_question_and_the_first_proves_itself() -> Story:
    return Story(answered_twice().connected(FORGED).shook_hands(FORGED, SITE).got(HTTPS, FORGED).facts(), both(fine()))


@tells_of("website.dns.says_so")
def a_resolver_admits_that_it_blocks() -> Story:
    return Story(Telling().asked(SITE, failure="dns_nxdomain_error", extended_errors=(16,)).facts(), both(fine()))


@tells_of("website.dns.injection.denial")
def a_denial_that_no_resolver_makes() -> Story:
    odd: dict[str, Any] = {"failure": "dns_nxdomain_error", "authoritative": True, "has_authority": False}
    own = Telling().asked(SITE, **odd).asked(SITE, TRUE, transport="tcp", aim=Aim.AGAIN)
    return Story(own.facts(), both(fine()))


@tells_of("website.dns.nxdomain")
def a_name_that_a_trustworthy_resolver_denies_as_well_was_put_on_hold() -> Story:
    own = Telling().asked(SITE, failure="dns_nxdomain_error")
    own = own.asked(SITE, failure="dns_nxdomain_error", transport="doh", resolver="9.9.9.9")
    return Story(tried_from_here(own), both(fine()))


@tells_of("website.tcp.refused")
def an_answer_that_a_trustworthy_resolver_gives_as_well_is_nobody_s_forgery() -> Story:
    own = resolved(SECOND).asked(SITE, SECOND, transport="doh", resolver="9.9.9.9")
    return Story(tried_from_here(own.connected(SECOND, failure="connection_refused")), both(fine()))


@tells_of("website.dns.ghost")
def a_name_that_is_gone_and_still_led_astray() -> Story:
    own = resolved(FORGED).connected(FORGED, failure="connection_refused").facts()
    return Story(own, both(missing()))


@tells_of("website.dns.ghost")
def a_resolver_that_shows_a_page_of_its_own_for_names_that_are_gone() -> Story:
    return Story(injected(FORGED), both(missing()))


@tells_of("website.dns.bad_signatures")
def a_domain_whose_signatures_do_not_fit() -> Story:
    own = Telling().asked(SITE, failure="dns_servfail_error", extended_errors=(6,))
    return Story(own.asked(SITE, TRUE, checking_disabled=True, aim=Aim.AGAIN).facts(), both(fine()))


@tells_of("website.dns.servfail")
def a_resolver_fails_and_without_checking_lies() -> Story:
    own = Telling().asked(SITE, failure="dns_servfail_error")
    return Story(own.asked(SITE, FORGED, checking_disabled=True, aim=Aim.AGAIN).facts(), both(fine()))


@tells_of("website.dns.injection.nxdomain")
def a_resolver_denies_a_name_that_a_trustworthy_one_knows() -> Story:
    own = Telling().asked(SITE, failure="dns_nxdomain_error").asked(SITE, SECOND, transport="doh", resolver="9.9.9.9")
    return Story(tried_from_here(own, SECOND), both(fine()))


@tells_of("website.tls.mitm.state_ca")
def a_state_authority_s_certificate_that_this_machine_has_learnt_to_trust() -> Story:
    own = resolved().connected(TRUE).shook_hands(TRUE, SITE, marks=(STATE,), chain_hash="the state's", issuer="CN=State CA")
    return Story(own.got(HTTPS, TRUE).facts(), both(fine()))


@tells_of("website.service.well")
def a_site_that_shows_everybody_its_state_authority_s_certificate() -> Story:
    shown: dict[str, Any] = {"marks": (STATE,), "chain_hash": "its own", "issuer": "CN=State CA"}
    facts = resolved().connected(TRUE).shook_hands(TRUE, SITE, **shown).got(HTTPS, TRUE).facts()
    return Story(facts, both(facts))


def at_innocent_host(look: Telling, failure: str | None, *, own_name: str | None = None) -> Facts:
    """The other direction of the swap: an innocuous address under its own name, under nobody's, and under the real one."""
    aim = Aim.INNOCUOUS_HOST
    for name in (INNOCUOUS, STRANGE_NAME):
        look = look.connected(INNOCENT, aim=aim).shook_hands(INNOCENT, name, failure=own_name, aim=aim)
    return look.connected(INNOCENT, aim=aim).shook_hands(INNOCENT, SITE, failure=failure, aim=aim).facts()


@tells_of("website.tls.reset.sni_everywhere")
def a_name_that_is_reset_wherever_it_is_said() -> Story:
    return Story(at_innocent_host(swapping("connection_reset"), "connection_reset"), both(fine()))


@tells_of("website.tls.reset.sni_everywhere")
def a_censor_that_cuts_the_address_off_for_a_while_once_the_name_was_said() -> Story:
    roused = swapping("connection_reset", innocuous="connection_reset")
    return Story(at_innocent_host(roused, "generic_timeout_error"), both(fine()))


@tells_of("website.tls.reset")
def a_server_that_closes_on_the_name_while_others_let_it_pass() -> Story:
    return Story(at_innocent_host(swapping("eof_error"), "ssl_invalid_hostname"), both(fine()))


@tells_of("website.tls.reset.sni")
def a_reset_for_the_name_at_one_address_alone() -> Story:
    return Story(at_innocent_host(swapping("connection_reset"), "ssl_invalid_hostname"), both(fine()))


@tells_of("website.tls.reset.sni")
def an_innocuous_host_in_the_target_s_own_network_leaves_it_at_strong() -> Story:
    asns = {TRUE: 15133, INNOCENT: 15133}
    return Story(replace(at_innocent_host(swapping("connection_reset"), "connection_reset"), asns=asns), both(fine()))


@tells_of("website.tls.reset.sni")
def an_innocuous_host_that_fails_under_its_own_name_says_nothing() -> Story:
    failed = at_innocent_host(swapping("connection_reset"), "connection_reset", own_name="connection_reset")
    return Story(failed, both(fine()))


@tells_of("website.tls.timeout.sni_everywhere")
def a_name_after_which_all_falls_silent_wherever_it_is_said() -> Story:
    silent = "generic_timeout_error"
    return Story(at_innocent_host(swapping(silent), silent), both(fine()))


def refused_host(failure: str, *, elsewhere: str | None = "same", again: str | None = "same") -> Facts:
    """A request in clear text that fails, fails again, and is made of an innocuous host, after one for its own name."""
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=None, failure=failure)
    repeated, there = (failure if what == "same" else what for what in (again, elsewhere))
    look = look.got(HTTP, TRUE, status=None if repeated else 200, failure=repeated, aim=Aim.AGAIN)
    look = look.got(f"http://{INNOCUOUS}/", INNOCENT, aim=Aim.INNOCUOUS_HOST)
    return look.got(HTTP, INNOCENT, status=None if there else 404, failure=there, aim=Aim.INNOCUOUS_HOST).facts()


@tells_of("website.http.reset.host")
def a_request_is_cut_off_for_one_name_wherever_it_is_said() -> Story:
    return Story(refused_host("connection_reset"), both(fine_in_clear()))


@tells_of("website.http.reset")
def a_request_is_cut_off_by_the_server_alone() -> Story:
    return Story(refused_host("connection_reset", elsewhere=None), both(fine_in_clear()))


@tells_of("website.tls.unsteady")
def a_request_that_is_cut_off_and_goes_well_a_moment_later() -> Story:
    return Story(refused_host("connection_reset", again=None), both(fine_in_clear()))


@tells_of("website.http.timeout.host")
def a_request_stays_unanswered_for_one_name_wherever_it_is_said() -> Story:
    return Story(refused_host("generic_timeout_error"), both(fine_in_clear()))


@tells_of("website.http.timeout")
def a_website_hangs_while_its_server_s_default_page_is_up() -> Story:
    return Story(refused_host("generic_timeout_error", elsewhere=None), both(fine_in_clear()))


@tells_of("website.http.timeout")
def a_repeat_that_the_look_had_no_time_for_is_no_repeat() -> Story:
    return Story(refused_host("generic_timeout_error", again="interrupted"), both(fine_in_clear()))


def named_to_innocent_host(look: Telling, hop: int = 0, **page: Any) -> Facts:
    """An innocuous host is asked for the real name, and this is what comes."""
    return look.got(HTTP, INNOCENT, aim=Aim.INNOCUOUS_HOST, hop=hop, **page).facts()


@tells_of("website.http.redirect.injected")
def an_innocuous_host_seems_to_redirect_as_well() -> Story:
    moved = {"status": 302, "location": "https://warning.example.ru/"}
    return Story(named_to_innocent_host(landed_elsewhere(), hop=1, **moved), both(fine_in_clear()))


@tells_of("website.http.redirect.injected")
def a_redirect_to_a_landing_that_is_dead() -> Story:
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=302, location="https://warning.example.ru/")
    look = look.asked("warning.example.ru", FORGED, hop=1).connected(FORGED, hop=1, failure="connection_refused")
    moved = {"status": 302, "location": "https://warning.example.ru/"}
    return Story(named_to_innocent_host(look, hop=1, **moved), both(fine_in_clear()))


@tells_of("website.http.redirect.elsewhere")
def a_redirect_that_only_the_site_s_own_server_makes() -> Story:
    return Story(named_to_innocent_host(landed_elsewhere(), hop=1, status=404), both(fine_in_clear()))


DENIED: Final[dict[str, Any]] = {"title": "Access Denied", "body_length": 188, "body_hash": "denied", "header_names": ()}


@tells_of("website.http.page.injected")
def an_innocuous_host_seems_to_give_the_page_as_well() -> Story:
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, **DENIED)
    return Story(named_to_innocent_host(look, **DENIED), both(fine_in_clear()))


def over_tls(look: Telling, **again: Any) -> Facts:
    """The page comes again, and the same address over TLS proves to be the site and shows its own."""
    look = look.got(HTTP, TRUE, aim=Aim.AGAIN, **again).connected(TRUE, aim=Aim.ELSEWHERE)
    return look.shook_hands(TRUE, SITE, aim=Aim.ELSEWHERE).got(HTTPS, TRUE, aim=Aim.ELSEWHERE).facts()


@tells_of("website.http.page.not_over_tls")
def a_page_that_the_site_does_not_have_over_tls() -> Story:
    return Story(over_tls(resolved().connected(TRUE, 80).got(HTTP, TRUE, **DENIED), **DENIED), both(fine_in_clear()))


@tells_of("website.http.page.different")
def a_page_that_does_not_come_again() -> Story:
    return Story(over_tls(resolved().connected(TRUE, 80).got(HTTP, TRUE, **DENIED)), both(fine_in_clear()))


@tells_of("website.http.page.different")
def a_passing_error_in_clear_text() -> Story:
    error = {**DENIED, "status": 503}
    return Story(over_tls(resolved().connected(TRUE, 80).got(HTTP, TRUE, **error), **error), both(fine_in_clear()))


@tells_of("website.http.reset.host")
def a_request_is_reset_for_one_name_at_one_address() -> Story:
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=None, failure="connection_reset")
    look = look.got(f"http://{INNOCUOUS}/", TRUE, status=404, aim=Aim.INNOCUOUS_NAME)
    look = look.got(HTTP, TRUE, status=None, failure="connection_reset", aim=Aim.AGAIN)
    look = look.got(f"http://{INNOCUOUS}/", INNOCENT, aim=Aim.INNOCUOUS_HOST)
    return Story(look.got(HTTP, INNOCENT, status=404, aim=Aim.INNOCUOUS_HOST).facts(), both(fine_in_clear()))


@tells_of("website.http.page.different")
def a_page_that_an_innocuous_host_knows_nothing_of() -> Story:
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, **DENIED)
    return Story(named_to_innocent_host(look, status=404), both(fine_in_clear()))


def probed(look: Telling, *answers: str, failure: str | None = None) -> Telling:
    """The own resolver is asked for a name that nobody blocks."""
    return look.asked(INNOCUOUS, *answers, failure=failure, aim=Aim.PROBE_NAME)


@tells_of("website.instrument.resolver")
def a_resolver_that_answers_nobody() -> Story:
    silent = "generic_timeout_error"
    return Story(probed(Telling().asked(SITE, failure=silent), failure=silent).facts(), both(fine()))


@tells_of("website.dns.timeout")
def a_resolver_that_answers_for_everybody_else() -> Story:
    return Story(probed(Telling().asked(SITE, failure="generic_timeout_error"), INNOCENT).facts(), both(fine()))


@tells_of("website.instrument.captive_portal")
def a_hotel_that_wants_to_be_paid_first() -> Story:
    login = "http://login.hotel.example/?then=x"
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=302, location=login)
    look = look.asked("login.hotel.example", NEAR, hop=1).connected(NEAR, 80, hop=1)
    look = look.got(login, NEAR, hop=1, title="Welcome to the hotel", body_length=700, header_names=())
    look = probed(look, INNOCENT).got(
        f"http://{INNOCUOUS}/", INNOCENT, status=302, location="http://login.hotel.example/?then=y", aim=Aim.PROBE_NAME, hop=1
    )
    return Story(look.facts(), both(fine_in_clear()))


@tells_of("website.instrument.captive_portal")
def a_line_whose_resolver_gives_one_address_for_all_names() -> Story:
    look = resolved(NEAR).connected(NEAR, failure="connection_refused")
    return Story(probed(look, NEAR).facts(), both(fine()))


@tells_of("website.instrument.no_way")
def a_line_that_has_no_way_to_anybody() -> Story:
    look = resolved().connected(TRUE, failure="network_unreachable")
    return Story(look.connected(INNOCENT, failure="network_unreachable", aim=Aim.INNOCUOUS_HOST).facts(), both(fine()))


@tells_of("website.instrument.opened")
def an_office_whose_proxy_opens_every_connection() -> Story:
    look = intercepted_here("CN=Office Proxy")
    look = look.shook_hands(
        INNOCENT, INNOCUOUS, failure="ssl_unknown_authority", issuer="CN=Office Proxy", aim=Aim.INNOCUOUS_HOST
    )
    return Story(look.facts(), both(fine()))


@tells_of("website.tls.mitm.ca_signed")
def a_false_certificate_for_this_name_and_no_other() -> Story:
    look = intercepted_here("CN=Interceptor")
    return Story(look.shook_hands(INNOCENT, INNOCUOUS, aim=Aim.INNOCUOUS_HOST).facts(), both(fine()))


@tells_of("website.tls.certificate")
def a_false_certificate_that_does_not_come_again() -> Story:
    return Story(again_with("CN=Other"), both(fine()))


def intercepted_here(issuer: str) -> Telling:
    shown: dict[str, Any] = {"failure": "ssl_unknown_authority", "subject": f"CN={SITE}", "issuer": issuer}
    return resolved().connected(TRUE).shook_hands(TRUE, SITE, **shown)


def again_with(issuer: str) -> Facts:
    shown: dict[str, Any] = {"failure": "ssl_unknown_authority", "subject": f"CN={SITE}", "issuer": issuer}
    return intercepted_here("CN=Staging").shook_hands(TRUE, SITE, aim=Aim.AGAIN, **shown).facts()


FROZEN: Final[Samples] = ((0.0, 300), (0.25, 17_000), (0.5, 17_000), (0.75, 17_000), (1.0, 17_000))
WHOLE: Final[Samples] = ((0.0, 300), (0.2, 60_000))
TRICKLE: Final[Samples] = ((0.0, 0), (0.25, 800), (0.5, 1600), (0.75, 2400), (1.0, 3200), (1.25, 4000))


def freezing(samples: Samples = FROZEN, **more: Any) -> Telling:
    stuck: dict[str, Any] = {"failure": "generic_timeout_error", "received": samples, "body_length": samples[-1][1], **more}
    return greeted().got(HTTPS, TRUE, **stuck).got(HTTPS, TRUE, **stuck, aim=Aim.AGAIN)


def whole() -> Telling:
    return greeted().got(HTTPS, TRUE, received=WHOLE, body_length=60_000)


def with_neighbour(look: Telling, samples: Sequence[tuple[float, int]] | None, failure: str | None = None) -> Telling:
    """The neighbour is visited, and gives its page over time; or it cannot even be connected to."""
    look = look.asked(NEIGHBOUR, NEAR, aim=Aim.NEIGHBOUR)
    look = look.connected(NEAR, failure=None if samples else failure, aim=Aim.NEIGHBOUR)
    if samples is None:
        return look
    url = f"https://{NEIGHBOUR}/"
    return look.got(url, NEAR, failure=failure, received=tuple(samples), body_length=samples[-1][1], aim=Aim.NEIGHBOUR)


@tells_of("website.tls.freeze")
def a_page_that_freezes_half_way_twice_and_came_whole_this_morning() -> Story:
    return Story(freezing().facts(), both(whole().facts()), (seen(whole().facts(), at=NOON - timedelta(hours=3)),))


@tells_of("website.http.freeze")
def a_page_that_freezes_half_way_twice_on_a_line_of_which_nothing_is_known() -> Story:
    return Story(freezing().facts(), both(whole().facts()))


@tells_of("website.http.timeout")
def a_server_that_hangs_after_a_long_handshake() -> Story:
    waiting = ((0.0, 8600), (0.25, 8600), (0.5, 8600), (1.0, 8600))
    return Story(freezing(waiting, status=None).facts(), both(whole().facts()))


@tells_of("website.service.well")
def a_server_that_thinks_for_a_second_is_not_slow() -> Story:
    late = ((0.0, 0), (0.25, 4500), (0.5, 4500), (0.75, 4500), (1.0, 4500), (1.25, 6300))
    return Story(greeted().got(HTTPS, TRUE, received=late, body_length=1800).facts(), both(whole().facts()))


@tells_of("website.tls.freeze")
def a_page_that_freezes_before_a_word_of_it_can_be_read() -> Story:
    own = with_neighbour(freezing(status=None, body_length=None), WHOLE).facts()
    return Story(own, both(with_neighbour(whole(), WHOLE).facts()))


@tells_of("website.tls.freeze")
def a_page_that_freezes_while_its_neighbour_s_flows() -> Story:
    own = with_neighbour(freezing(), WHOLE).facts()
    return Story(own, both(with_neighbour(whole(), WHOLE).facts()))


@tells_of("website.tls.freeze.collateral")
def a_whole_network_whose_pages_freeze() -> Story:
    own = with_neighbour(freezing(), FROZEN, "generic_timeout_error").facts()
    return Story(own, both(with_neighbour(whole(), WHOLE).facts()))


@tells_of("website.http.timeout")
def a_page_that_freezes_only_once() -> Story:
    own = greeted().got(HTTPS, TRUE, failure="generic_timeout_error", received=FROZEN, body_length=17_000)
    return Story(own.facts(), both(whole().facts()))


@tells_of("website.http.timeout")
def a_page_that_is_no_longer_than_what_came_before_the_silence() -> Story:
    return Story(freezing().facts(), both(greeted().got(HTTPS, TRUE, received=((0.0, 0), (0.1, 1800))).facts()))


def trickling(failure: str | None = None) -> Telling:
    return greeted().got(HTTPS, TRUE, received=TRICKLE, body_length=4000, failure=failure)


@tells_of("website.http.slow_here")
def a_page_that_trickles_in_on_a_line_of_which_nothing_is_known() -> Story:
    return Story(trickling().facts(), both(whole().facts()))


@tells_of("website.http.throttle")
def a_page_that_trickles_in_and_was_quick_yesterday() -> Story:
    return Story(trickling().facts(), both(whole().facts()), (seen(whole().facts(), at=NOON - timedelta(hours=20)),))


@tells_of("website.http.throttle")
def a_page_that_trickles_in_while_its_neighbour_s_flows() -> Story:
    own = with_neighbour(trickling("generic_timeout_error"), WHOLE).facts()
    return Story(own, both(with_neighbour(whole(), WHOLE).facts()))


@tells_of("website.service.well")
def a_page_that_trickles_in_for_everybody() -> Story:
    return Story(trickling().facts(), both(trickling().facts()))


@tells_of("website.ip.collateral")
def a_whole_network_that_is_cut_off() -> Story:
    silent = "generic_timeout_error"
    own = with_neighbour(resolved().connected(TRUE, failure=silent), None, silent).facts()
    return Story(own, both(with_neighbour(whole(), WHOLE).facts()))


@tells_of("website.tcp.timeout")
def an_address_that_is_cut_off_while_its_neighbour_is_not() -> Story:
    own = with_neighbour(resolved().connected(TRUE, failure="generic_timeout_error"), WHOLE).facts()
    return Story(own, both(with_neighbour(whole(), WHOLE).facts()))


def several(*cut_off: str, addresses: tuple[str, ...] = (TRUE, SECOND, NEAR)) -> Telling:
    """A site with several addresses, of which some cannot be connected to."""
    look = Telling().asked(SITE, *addresses)
    for address in addresses:
        if address in cut_off:
            look = look.connected(address, failure="generic_timeout_error", aim=Aim.ELSEWHERE)
        else:
            look = look.connected(address, aim=Aim.ELSEWHERE).shook_hands(address, SITE, aim=Aim.ELSEWHERE)
    return look


def visited(look: Telling, address: str) -> Facts:
    return look.connected(address).shook_hands(address, SITE).got(HTTPS, address).facts()


@tells_of("website.ip.partly_cut_off")
def one_address_of_three_is_cut_off() -> Story:
    return Story(visited(several(SECOND), TRUE), both(visited(several(), TRUE)))


@tells_of("website.ip.mostly_cut_off")
def two_addresses_of_three_are_cut_off() -> Story:
    return Story(visited(several(SECOND, NEAR), TRUE), both(visited(several(), TRUE)))


@tells_of("website.ip.some_cut_off")
def the_address_that_was_tried_first_is_the_one_that_is_cut_off() -> Story:
    own = several(addresses=(SECOND, NEAR)).asked(SITE, TRUE).connected(TRUE, failure="generic_timeout_error").facts()
    return Story(own, both(visited(several(), TRUE)))


@tells_of("website.service.well")
def a_line_without_ipv6_is_not_cut_off_from_half_of_the_site() -> Story:
    six = "2606:2800:220:1::1"
    look = resolved().asked(SITE, six, qtype="AAAA").connected(six, failure="generic_timeout_error", aim=Aim.ELSEWHERE)
    theirs = resolved().asked(SITE, six, qtype="AAAA").connected(six, aim=Aim.ELSEWHERE).shook_hands(six, SITE, aim=Aim.ELSEWHERE)
    return Story(visited(look, TRUE), both(visited(theirs, TRUE)))


@tells_of("website.dns.injection.relayed")
def a_resolver_leads_to_a_relay_in_its_own_network() -> Story:
    asns = {FORGED: 137, TRUE: 15133}
    look = resolved(FORGED).asked(SITE, TRUE, transport="doh", resolver="9.9.9.9")
    own = replace(visited(look, FORGED), asns=asns)
    return Story(own, both(fine()))


@tells_of("website.service.well")
def a_resolver_leads_to_another_node_in_the_same_network() -> Story:
    asns = {SECOND: 15133, TRUE: 15133}
    look = resolved(SECOND).asked(SITE, TRUE, transport="doh", resolver="9.9.9.9")
    return Story(replace(visited(look, SECOND), asns=asns), both(fine()))


def showing(kind: MarkKind) -> Facts:
    return greeted().got(HTTPS, TRUE, marks=(Mark(name=f"own:{kind}", kind=kind),)).facts()


@tells_of("website.service.suspended")
def the_hosting_provider_has_suspended_the_account() -> Story:
    return Story(showing(MarkKind.SUSPENDED), both(showing(MarkKind.SUSPENDED)))


@tells_of("website.service.suspended_unconfirmed")
def the_account_seems_suspended_and_nobody_else_looked() -> Story:
    return Story(showing(MarkKind.SUSPENDED))


@tells_of("website.service.marked_here")
def an_old_address_still_leads_to_the_old_host() -> Story:
    return Story(showing(MarkKind.SUSPENDED), both(fine()))


@tells_of("website.service.parked")
def the_domain_shows_its_registrar_s_parking_page() -> Story:
    return Story(showing(MarkKind.PARKED), both(showing(MarkKind.PARKED)))


@tells_of("website.service.parked")
def the_domain_redirects_to_whoever_sells_it() -> Story:
    moved = Mark(name="own:parked_sale", kind=MarkKind.PARKED)
    look = greeted().got(HTTPS, TRUE, status=302, location="https://sale.example/", marks=(moved,))
    look = look.asked("sale.example", NEAR, hop=1).connected(NEAR, hop=1).shook_hands(NEAR, "sale.example", hop=1)
    facts = look.got("https://sale.example/", NEAR, hop=1).facts()
    return Story(facts, both(facts))


@tells_of("website.service.parked_unconfirmed")
def the_domain_seems_parked_and_nobody_else_looked() -> Story:
    return Story(showing(MarkKind.PARKED))


@tells_of("website.service.refuses_country")
def the_site_s_content_network_restricts_access_by_country() -> Story:
    page = greeted().got(HTTPS, TRUE, status=403, title=f"Access denied | {SITE} used Cloudflare to restrict access")
    return Story(page.facts(), both(fine()))


def before(**page: Any) -> tuple[Any, ...]:
    """Good looks of this morning."""
    looks = (greeted().got(HTTPS, TRUE, **page).facts() for _ in range(2))
    return tuple(seen(facts, at=NOON - timedelta(hours=hours)) for hours, facts in enumerate(looks, start=1))


@tells_of("website.service.empty")
def a_site_that_shows_nothing_any_more() -> Story:
    return Story(greeted().got(HTTPS, TRUE, body_length=0, title=None).facts(), (), before())


@tells_of("website.service.other_content")
def a_site_that_has_become_another() -> Story:
    now = greeted().got(HTTPS, TRUE, title="Casino Royal Bonus", body_length=900).facts()
    return Story(now, (), before(title="Human Rights Monitor", body_length=40_000))


@tells_of("website.service.well")
def a_site_that_became_another_two_days_ago() -> Story:
    now = greeted().got(HTTPS, TRUE, title="Casino Royal Bonus", body_length=900).facts()
    past = (seen(whole().facts(), at=NOON - timedelta(days=days)) for days in (2, 3))
    return Story(now, (from_control(now),), tuple(past))


@tells_of("website.http.page.different")
def an_injected_page_of_a_site_that_has_no_tls() -> Story:
    own = resolved().connected(TRUE, 80).got(HTTP, TRUE, title="Access Denied", body_length=188, header_names=())
    own = own.connected(TRUE, failure="connection_refused", aim=Aim.ELSEWHERE)
    return Story(own.facts(), both(fine_in_clear()))
