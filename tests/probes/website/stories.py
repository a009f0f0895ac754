"""One story for every rule of the website probe: its name tells what happened, its body what was seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from probes.kit.observation import Facts
from probes.kit.vocabulary import Aim
from probes.website.redirect import TOO_MANY
from tests.probes.telling import GOOD_ISSUER, NOON, Stories, Story, Telling, both, from_control, seen

SITE: Final = "www.example.com"
HTTPS: Final = f"https://{SITE}/"
HTTP: Final = f"http://{SITE}/"
TRUE: Final = "93.184.216.34"
FORGED: Final = "83.224.65.41"
SECOND: Final = "93.184.216.35"
INNOCUOUS: Final = "www.example.net"

STORIES = Stories()
tells_of = STORIES.tells_of


def resolved(*answers: str) -> Telling:
    return Telling().asked(SITE, *(answers or (TRUE,)))


def greeted(address: str = TRUE) -> Telling:
    return resolved(address).connected(address).shook_hands(address, SITE)


def fine(address: str = TRUE, *, status: int = 200) -> Facts:
    return greeted(address).got(HTTPS, address, status=status).facts()


def fine_in_clear(address: str = TRUE, *, status: int = 200) -> Facts:
    return resolved(address).connected(address, 80).got(HTTP, address, status=status).facts()


def missing() -> Facts:
    return Telling().asked(SITE, failure="dns_nxdomain_error").facts()


def refused() -> Facts:
    return resolved().connected(TRUE, failure="connection_refused").facts()


def injected(address: str = TRUE, status: int = 200) -> Facts:
    look = resolved(address).connected(address, 80)
    return look.got(HTTP, address, status=status, title="Access Denied", body_length=188, header_names=()).facts()


def swapped(failure: str, *, innocuous: str | None = None, again: str | None = "same") -> Facts:
    """The failing address under an innocuous name, and once more under its own."""
    return swapping(failure, innocuous=innocuous, again=again).facts()


def swapping(failure: str, *, innocuous: str | None = None, again: str | None = "same") -> Telling:
    look = resolved().connected(TRUE).shook_hands(TRUE, SITE, failure=failure)
    look = look.connected(TRUE, aim=Aim.INNOCUOUS_NAME).shook_hands(TRUE, INNOCUOUS, failure=innocuous, aim=Aim.INNOCUOUS_NAME)
    repeated = failure if again == "same" else again
    return look.connected(TRUE, aim=Aim.AGAIN).shook_hands(TRUE, SITE, failure=repeated, aim=Aim.AGAIN)


def tried_from_here(look: Telling, address: str = TRUE) -> Facts:
    """The second step: an address that only the control was given proves to be the site."""
    return look.connected(address, aim=Aim.ELSEWHERE).shook_hands(address, SITE, aim=Aim.ELSEWHERE).facts()


@tells_of("website.instrument.network")
def a_machine_whose_line_is_down() -> Story:
    return Story(resolved().connected(TRUE, failure="network_down").facts(), both(fine()))


@tells_of("website.instrument.network")
def a_machine_whose_resolver_refuses_packets() -> Story:
    return Story(Telling().asked(SITE, failure="connection_refused").facts(), both(fine()))


@tells_of("website.instrument.network")
def a_machine_without_ipv6_cannot_judge_a_site_that_has_nothing_else() -> Story:
    own = Telling().asked(SITE, "2606:2800:220:1::1", qtype="AAAA").connected("2606:2800:220:1::1", failure="network_unreachable")
    return Story(own.facts(), both(fine()))


@tells_of("website.dns.injection.bogon")
def a_resolver_answers_with_a_private_address() -> Story:
    return Story(resolved("10.10.34.35").connected("10.10.34.35", failure="generic_timeout_error").facts(), both(fine()))


@tells_of("website.dns.injection.bogon")
def a_resolver_answers_with_this_very_machine() -> Story:
    return Story(resolved("127.0.0.1").facts(), both(fine()))


@tells_of("website.dns.injection.bogon")
def a_private_address_serves_a_block_page() -> Story:
    return Story(injected("10.10.34.35"), both(fine_in_clear()))


@tells_of("website.tls.reset.sni")
def a_censor_resets_the_name_and_no_other() -> Story:
    return Story(swapped("connection_reset"), both(fine()))


@tells_of("website.tls.reset.sni")
def a_censor_closes_on_the_name_and_the_server_declines_the_other_politely() -> Story:
    return Story(swapped("eof_error", innocuous="ssl_failed_handshake"), both(fine()))


@tells_of("website.tls.timeout.sni")
def a_censor_drops_everything_after_the_name() -> Story:
    return Story(swapped("generic_timeout_error", innocuous="ssl_invalid_hostname"), both(fine()))


def intercepted(issuer: str, subject: str = f"CN={SITE}") -> Facts:
    look = resolved().connected(TRUE)
    return look.shook_hands(TRUE, SITE, failure="ssl_unknown_authority", subject=subject, issuer=issuer).facts()


@tells_of("website.tls.mitm.self_signed")
def somebody_shows_a_certificate_made_for_the_name() -> Story:
    return Story(intercepted(f"CN={SITE}"), both(fine()))


@tells_of("website.tls.mitm.ca_signed")
def a_state_authority_signs_for_the_name() -> Story:
    return Story(intercepted("CN=Qaznet Trust Network"), both(fine()))


@tells_of("website.dns.injection.other")
def a_resolver_leads_to_a_block_page_host_that_has_no_tls() -> Story:
    return Story(tried_from_here(resolved(FORGED).connected(FORGED, failure="connection_refused")), both(fine()))


@tells_of("website.dns.injection.other")
def a_resolver_leads_to_a_host_with_another_certificate() -> Story:
    own = resolved(FORGED).connected(FORGED).shook_hands(FORGED, SITE, failure="ssl_invalid_hostname")
    return Story(own.facts(), both(fine()))


@tells_of("website.dns.injection.other")
def a_resolver_leads_to_a_page_in_clear_text_that_nobody_else_gets() -> Story:
    own = resolved(FORGED).connected(FORGED, 80).got(HTTP, FORGED, title="Access Denied", body_length=188, header_names=())
    return Story(tried_from_here(own.connected(FORGED, failure="connection_refused", aim=Aim.ELSEWHERE)), both(fine_in_clear()))


def led_to(address: str, failure: str, **certificate: Any) -> Telling:
    return resolved(address).connected(address).shook_hands(address, SITE, failure=failure, **certificate)


def asked_there_too(address: str, failure: str, **certificate: Any) -> Facts:
    """A control that can use the site, and was asked to try the address of the own resolver as well."""
    return greeted().got(HTTPS, TRUE).connected(address).shook_hands(address, SITE, failure=failure, **certificate).facts()


@tells_of("website.dns.injection.other")
def a_resolver_leads_to_a_block_page_host_that_shows_everybody_the_same_certificate() -> Story:
    wrong: dict[str, Any] = {"failure": "ssl_invalid_hostname", "chain_hash": "theirs"}
    return Story(tried_from_here(led_to(FORGED, **wrong)), both(asked_there_too(FORGED, **wrong)))


@tells_of("website.dns.injection.nxdomain")
def a_resolver_denies_a_name_whose_true_address_works_from_here() -> Story:
    return Story(tried_from_here(Telling().asked(SITE, failure="dns_nxdomain_error")), both(fine()))


@tells_of("website.http.redirect.not_followed")
def a_page_redirects_to_the_reader_s_own_machine() -> Story:
    look = greeted().got(HTTPS, TRUE, status=302, location="http://localhost/")
    return Story(look.facts(refused_redirect="'localhost' is a private name: name a public host"), both(fine()))


def in_circles() -> Facts:
    look = greeted()
    return look.got(HTTPS, TRUE, status=302, failure=TOO_MANY, location=HTTPS).facts()


@tells_of("website.http.redirect.too_many")
def a_site_that_sends_whoever_has_no_cookie_back_to_itself() -> Story:
    return Story(in_circles(), both(in_circles()))


@tells_of("website.http.redirect.too_many")
def a_site_that_wants_a_cookie_from_visitors_of_this_country() -> Story:
    return Story(in_circles(), both(fine()))


@tells_of("website.service.challenge")
def a_cdn_asks_the_probe_to_prove_that_it_is_human() -> Story:
    challenge = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=503, title="Just a moment...", body_length=8432)
    return Story(challenge.facts(), both(fine_in_clear()))


@tells_of("website.service.challenge")
def a_cdn_says_so_in_a_header() -> Story:
    return Story(greeted().got(HTTPS, TRUE, status=403, header_names=("CF-Mitigated",)).facts(), both(fine()))


def landed_elsewhere() -> Telling:
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=302, location="https://warning.example.ru/")
    look = look.asked("warning.example.ru", FORGED, hop=1).connected(FORGED, hop=1)
    look = look.shook_hands(FORGED, "warning.example.ru", hop=1)
    return look.got("https://warning.example.ru/", FORGED, hop=1, title="Доступ ограничен", body_length=188, header_names=())


@tells_of("website.http.redirect.elsewhere")
def a_page_in_clear_text_sends_us_to_a_warning_over_tls() -> Story:
    return Story(landed_elsewhere().facts(), both(fine_in_clear()))


@tells_of("website.http.page.different")
def a_small_page_without_headers_comes_instead_of_the_site_s() -> Story:
    return Story(injected(), both(fine_in_clear()))


@tells_of("website.http.page.different")
def a_refusal_in_clear_text_may_be_anybody_s() -> Story:
    return Story(injected(status=451), both(fine_in_clear()))


@tells_of("website.service.legal_refusal")
def the_site_itself_says_that_it_may_not_be_shown() -> Story:
    return Story(fine(status=451), both(fine()))


@tells_of("website.service.refused_here")
def the_site_refuses_visitors_from_this_country() -> Story:
    return Story(fine(status=403), both(fine()))


@tells_of("website.service.refused")
def the_site_refuses_every_machine() -> Story:
    return Story(fine(status=403), both(fine(status=403)))


@tells_of("website.service.log_in")
def the_site_asks_for_a_password() -> Story:
    return Story(fine(status=401), both(fine(status=401)))


@tells_of("website.service.rate_limit")
def the_site_has_seen_enough_of_us() -> Story:
    return Story(fine(status=429), both(fine()))


@tells_of("website.service.error_here")
def a_node_of_the_content_network_is_broken() -> Story:
    return Story(fine(status=502), both(fine()))


@tells_of("website.service.missing_here")
def the_page_is_missing_for_us_only() -> Story:
    return Story(fine(status=404), both(fine()))


@tells_of("website.service.missing")
def the_configured_page_was_moved() -> Story:
    return Story(fine(status=410), both(fine(status=410)))


@tells_of("website.dns.injection.bypassed")
def a_forged_answer_for_ipv6_leaves_ipv4_alone() -> Story:
    own = Telling().asked(SITE, TRUE).asked(SITE, "::1", qtype="AAAA").connected(TRUE).shook_hands(TRUE, SITE).got(HTTPS, TRUE)
    theirs = Telling().asked(SITE, TRUE).asked(SITE, "2606:2800:220:1::1", qtype="AAAA").connected(TRUE).shook_hands(TRUE, SITE)
    return Story(own.facts(), both(theirs.got(HTTPS, TRUE).facts()))


@tells_of("website.service.well")
def the_site_proves_itself_and_needs_no_control() -> Story:
    return Story(fine())


@tells_of("website.service.well")
def every_control_is_unreachable_and_the_site_proves_itself() -> Story:
    return Story(fine(), (from_control(refused()), from_control(missing(), "DE")))


@tells_of("website.service.well")
def a_page_in_clear_text_sends_us_to_the_same_site_over_tls() -> Story:
    look = resolved().connected(TRUE, 80).got(HTTP, TRUE, status=301, location="https://example.com/")
    look = look.asked("example.com", TRUE, hop=1).connected(TRUE, hop=1).shook_hands(TRUE, "example.com", hop=1)
    return Story(look.got("https://example.com/", TRUE, hop=1).facts())


@tells_of("website.service.well_in_clear")
def the_site_gives_everybody_the_same_page() -> Story:
    return Story(fine_in_clear(), both(fine_in_clear()))


@tells_of("website.http.page.unconfirmed")
def a_page_in_clear_text_for_a_site_that_others_find_dead() -> Story:
    return Story(fine_in_clear(), both(refused()))


@tells_of("website.service.well_unconfirmed")
def a_site_in_clear_text_watched_by_one_machine_alone() -> Story:
    return Story(fine_in_clear())


@tells_of("website.control.none")
def nobody_to_compare_a_dead_line_with() -> Story:
    return Story(refused())


@tells_of("website.control.none")
def a_private_answer_without_a_control_proves_nothing() -> Story:
    return Story(fine_in_clear("10.10.34.35"))


@tells_of("website.control.none")
def an_unrelated_landing_without_a_control_is_not_called_fine() -> Story:
    return Story(landed_elsewhere().facts())


@tells_of("website.control.redirect")
def controls_that_are_sent_in_circles_say_nothing_of_a_dead_line() -> Story:
    return Story(refused(), both(in_circles()))


@tells_of("website.control.redirect")
def a_page_in_clear_text_where_the_controls_are_sent_in_circles() -> Story:
    return Story(fine_in_clear(), both(in_circles()))


def expired() -> Facts:
    over = datetime(2021, 9, 30, tzinfo=UTC)
    return resolved().connected(TRUE).shook_hands(TRUE, SITE, failure="ssl_invalid_certificate", not_after=over).facts()


@tells_of("website.tls.expired")
def nobody_renewed_the_certificate() -> Story:
    return Story(expired(), (from_control(expired()),))


LAPSED: Final[dict[str, Any]] = {
    "failure": "ssl_invalid_certificate",
    "not_after": datetime(2021, 9, 30, tzinfo=UTC),
    "chain_hash": "the site's own",
}


@tells_of("website.tls.certificate")
def the_region_s_own_node_lets_its_certificate_lapse_for_everybody() -> Story:
    return Story(tried_from_here(led_to(SECOND, **LAPSED)), both(asked_there_too(SECOND, **LAPSED)))


@tells_of("website.tls.certificate")
def the_region_s_own_node_shows_everybody_a_certificate_that_is_not_valid_yet() -> Story:
    early = {**LAPSED, "not_after": datetime(2022, 9, 30, tzinfo=UTC)}
    return Story(tried_from_here(led_to(SECOND, **early)), both(asked_there_too(SECOND, **early)))


@tells_of("website.dns.elsewhere")
def the_region_s_own_node_with_a_lapsed_certificate_lets_no_control_in() -> Story:
    return Story(tried_from_here(led_to(SECOND, **LAPSED)), both(fine()))


@tells_of("website.tls.unsteady")
def a_reset_that_does_not_come_again() -> Story:
    return Story(swapped("connection_reset", again=None), both(fine()))


@tells_of("website.service.down")
def the_server_is_switched_off() -> Story:
    return Story(refused(), both(refused()))


@tells_of("website.service.down")
def the_site_tells_everybody_that_it_is_broken() -> Story:
    return Story(fine(status=503), both(fine(status=503)))


@tells_of("website.control.one")
def one_control_is_not_enough_to_call_it_down() -> Story:
    return Story(refused(), (from_control(refused()),))


@tells_of("website.control.divided")
def a_site_that_half_of_the_world_can_use() -> Story:
    return Story(refused(), (from_control(refused()), from_control(fine(), "DE")))


@tells_of("website.dns.elsewhere")
def a_region_of_a_content_network_is_dead() -> Story:
    own = tried_from_here(resolved(SECOND).connected(SECOND, failure="generic_timeout_error"))
    yesterday = seen(fine("93.184.216.77"), at=NOON - timedelta(days=1))
    return Story(own, both(fine()), (yesterday,))


@tells_of("website.dns.elsewhere")
def a_resolver_still_remembers_the_old_server() -> Story:
    own = tried_from_here(resolved(SECOND).connected(SECOND).shook_hands(SECOND, SITE, failure="ssl_invalid_hostname"))
    yesterday = seen(fine(SECOND), at=NOON - timedelta(days=1))
    return Story(own, both(fine()), (yesterday,))


@tells_of("website.dns.elsewhere")
def the_private_way_to_a_site_of_the_same_network_is_broken() -> Story:
    own = resolved("10.0.0.7").connected("10.0.0.7", failure="connection_refused").facts()
    yesterday = seen(fine("10.0.0.7"), at=NOON - timedelta(days=1))
    return Story(own, both(fine()), (yesterday,))


@tells_of("website.dns.nxdomain")
def a_denied_name_whose_address_nobody_tried_from_here() -> Story:
    return Story(missing(), both(fine()))


@tells_of("website.dns.nxdomain")
def a_resolver_remembers_that_the_domain_was_on_hold_yesterday() -> Story:
    own = tried_from_here(Telling().asked(SITE, failure="dns_nxdomain_error"))
    yesterday = seen(missing(), both(missing()), at=NOON - timedelta(days=1))
    return Story(own, both(fine()), (yesterday,))


def unresolved(failure: str) -> Story:
    return Story(tried_from_here(Telling().asked(SITE, failure=failure)), both(fine()))


@tells_of("website.dns.refused")
def a_resolver_refuses_this_name() -> Story:
    return unresolved("dns_refused_error")


@tells_of("website.dns.servfail")
def broken_signatures_stop_a_resolver_that_checks_them() -> Story:
    return unresolved("dns_servfail_error")


@tells_of("website.dns.timeout")
def a_resolver_says_nothing_about_this_name() -> Story:
    return unresolved("generic_timeout_error")


@tells_of("website.dns.other")
def a_resolver_has_no_address_for_this_name() -> Story:
    return unresolved("dns_no_answer")


def stopped_at_tcp(failure: str) -> Story:
    return Story(resolved().connected(TRUE, failure=failure).facts(), both(fine()))


@tells_of("website.ip.unreachable")
def a_router_on_the_way_knows_no_way_to_the_address() -> Story:
    return stopped_at_tcp("host_unreachable")


@tells_of("website.tcp.timeout")
def every_packet_to_the_address_is_dropped() -> Story:
    return stopped_at_tcp("generic_timeout_error")


@tells_of("website.tcp.refused")
def the_address_refuses_us_alone() -> Story:
    return stopped_at_tcp("connection_refused")


@tells_of("website.tcp.reset")
def the_address_resets_us_alone() -> Story:
    return stopped_at_tcp("connection_reset")


@tells_of("website.tcp.other")
def the_connection_fails_in_words_of_its_own() -> Story:
    return stopped_at_tcp("unknown_failure: protocol wrong")


def stopped_at_tls(failure: str) -> Story:
    return Story(resolved().connected(TRUE).shook_hands(TRUE, SITE, failure=failure).facts(), both(fine()))


@tells_of("website.tls.reset")
def a_bare_reset_is_no_proof() -> Story:
    return stopped_at_tls("connection_reset")


@tells_of("website.tls.reset")
def an_address_that_resets_every_name_blocks_none() -> Story:
    return Story(swapped("connection_reset", innocuous="connection_reset"), both(fine()))


@tells_of("website.tls.timeout")
def a_handshake_that_nobody_answers() -> Story:
    return stopped_at_tls("generic_timeout_error")


@tells_of("website.tls.certificate")
def a_left_over_default_certificate_is_no_interception() -> Story:
    return Story(intercepted("CN=Fake", subject="CN=Kubernetes Ingress Controller Fake Certificate"), both(fine()))


@tells_of("website.tls.certificate")
def a_forgotten_intermediate_certificate_is_no_interception() -> Story:
    return Story(intercepted(GOOD_ISSUER), both(fine()))


@tells_of("website.tls.other")
def a_server_that_speaks_no_tls_that_we_know() -> Story:
    return stopped_at_tls("ssl_failed_handshake")


def stopped_at_http(failure: str, status: int | None = None) -> Story:
    return Story(greeted().got(HTTPS, TRUE, status=status, failure=failure).facts(), both(fine()))


@tells_of("website.http.reset")
def the_connection_is_reset_after_the_request() -> Story:
    return stopped_at_http("connection_reset")


@tells_of("website.http.timeout")
def a_page_that_does_not_arrive_in_time() -> Story:
    return stopped_at_http("generic_timeout_error", status=200)


@tells_of("website.http.other")
def a_redirect_to_nowhere() -> Story:
    return stopped_at_http("http_invalid_redirect_location_host", status=302)


@tells_of("website.instrument.not_enough")
def a_look_that_recorded_nothing() -> Story:
    return Story(Facts(), both(fine()))


def with_more_controls(story: Story, *more: Facts) -> Story:
    """The same story with more controls, in other places."""
    added = tuple(from_control(facts, place) for facts, place in zip(more, ("SE", "FR", "IT"), strict=False))
    return replace(story, controls=(*story.controls, *added))
