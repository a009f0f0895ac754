"""What resolvers have been seen to do, one story for every rule of the DNS probe and for everything that must not be mistaken."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from probes.kit.observation import DnsReply, Facts, Mark, Observation
from probes.kit.vocabulary import Aim, MarkKind
from tests.probes.telling import NOON, Stories, Story, Telling, both, from_control, seen

NAME = "ovdinfo.org"
NOBODY = f"0123456789abcdef.{NAME}"
INNOCUOUS = "www.example.net"
TRUE = "93.184.216.34"
OTHER = "203.0.114.7"
INVENTED = "203.0.114.99"
INNOCENT = "203.0.114.9"
PRIVATE = "10.10.34.35"
INSIDE = "10.0.0.80"
SIXTH = "2606:2800:220:1::1"
PUBLIC = "9.9.9.9"

FORGED_IN_RUSSIA = Mark(name="own:ru_example", kind=MarkKind.FORGED_ADDRESS, countries=("RU",))
STATE_AUTHORITY = Mark(name="own:ru_authority", kind=MarkKind.STATE_AUTHORITY)

STORIES = Stories()
tells_of = STORIES.tells_of


def answered(*addresses: str, alias: str | None = None, **more: Any) -> Facts:
    return a_look(*addresses, alias=alias, **more).facts()


def a_look(*addresses: str, alias: str | None = None, **more: Any) -> Telling:
    """The name has these addresses, no IPv6, and nothing below it."""
    look = Telling().asked(NAME, *addresses, cnames=(alias,) if alias else (), **more)
    return look.asked(NAME, failure="dns_no_answer", qtype="AAAA").asked(NOBODY, failure="dns_nxdomain_error", aim=Aim.PROBE_NAME)


def failed(failure: str, **more: Any) -> Facts:
    return a_failure(failure, **more).facts()


def a_failure(failure: str, **more: Any) -> Telling:
    look = Telling().asked(NAME, failure=failure, **more).asked(NAME, failure=failure, qtype="AAAA", **more)
    return look.asked(NOBODY, failure=failure, aim=Aim.PROBE_NAME)


def invented() -> Facts:
    return Telling().asked(NAME, INVENTED).asked(NOBODY, INVENTED, aim=Aim.PROBE_NAME).facts()


def over_udp(look: Telling, *addresses: str, failure: str | None = None, **more: Any) -> Telling:
    """A public resolver was asked in clear text."""
    return look.asked(NAME, *addresses, failure=failure, aim=Aim.ELSEWHERE, transport="udp", resolver=PUBLIC, **more)


def over_tls(look: Telling, *addresses: str) -> Telling:
    return look.asked(NAME, *addresses, aim=Aim.ELSEWHERE, transport="dot", resolver=PUBLIC)


def innocuous(look: Telling, *addresses: str, failure: str | None = None) -> Telling:
    """The own resolver was asked for a name that nobody blocks."""
    return look.asked(INNOCUOUS, *addresses, failure=failure, aim=Aim.PROBE_NAME)


def proven(look: Telling, address: str) -> Telling:
    return look.connected(address, aim=Aim.ELSEWHERE).shook_hands(address, NAME, aim=Aim.ELSEWHERE)


def anothers(look: Telling, address: str) -> Telling:
    return look.connected(address, aim=Aim.ELSEWHERE).shook_hands(
        address, NAME, failure="ssl_invalid_hostname", aim=Aim.ELSEWHERE
    )


def late(*addresses: str) -> tuple[DnsReply, ...]:
    return (DnsReply(after=0.2, rcode="NOERROR", answers=addresses),)


def yesterday(facts: Facts, *controls: Facts) -> Observation:
    theirs = tuple(from_control(one, place) for one, place in zip(controls, ("NL", "DE"), strict=False))
    return seen(facts, theirs, at=NOON - timedelta(days=1))


# The instrument


@tells_of("dns.instrument.unreadable")
def an_answer_that_is_no_address() -> Story:
    return Story(answered("ovdinfo.org.", "127.0.0"), both(answered(TRUE)))


@tells_of("dns.instrument.resolver")
def a_resolver_that_cannot_be_reached() -> Story:
    return Story(failed("network_unreachable"), both(answered(TRUE)))


@tells_of("dns.instrument.resolver_dead")
def a_dead_resolver_while_a_public_one_answers() -> Story:
    look = over_udp(innocuous(a_failure("generic_timeout_error"), failure="generic_timeout_error"), TRUE)
    return Story(look.facts(), both(answered(TRUE)))


@tells_of("dns.instrument.resolver_dead")
def a_resolver_that_refuses_everybody() -> Story:
    return Story(innocuous(a_failure("dns_refused_error"), failure="dns_refused_error").facts(), both(answered(TRUE)))


@tells_of("dns.instrument.captive_portal")
def a_captive_portal_answers_every_name() -> Story:
    look = Telling().asked(NAME, INVENTED).asked(NOBODY, INVENTED, aim=Aim.PROBE_NAME)
    return Story(innocuous(look, INVENTED).facts(), both(answered(TRUE)))


@tells_of("dns.instrument.captive_portal")
def a_captive_portal_with_a_private_address() -> Story:
    look = Telling().asked(NAME, PRIVATE).asked(NOBODY, PRIVATE, aim=Aim.PROBE_NAME)
    return Story(innocuous(look, PRIVATE).facts(), both(answered(TRUE)))


# Artefacts


@tells_of("dns.injection.blockpage")
def a_resolver_gives_the_address_of_a_known_block_page() -> Story:
    return Story(answered(OTHER, marks=(FORGED_IN_RUSSIA,)), both(answered(TRUE)), country="RU")


@tells_of("dns.injection.bogon")
def a_resolver_answers_with_a_private_address() -> Story:
    return Story(answered(PRIVATE), both(answered(TRUE)))


@tells_of("dns.injection.bogon")
def answers_of_public_resolvers_are_replaced_by_private_ones_on_the_way() -> Story:
    return Story(over_tls(over_udp(a_look(TRUE), "127.0.0.1"), TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.injection.bogon")
def an_internal_network_is_no_excuse_for_somebody_else_s_private_address() -> Story:
    earlier = yesterday(proven(a_look(INSIDE), INSIDE).facts(), answered(TRUE))
    return Story(answered("127.0.0.1"), both(answered(TRUE)), (earlier,))


@tells_of("dns.resolver.denies")
def a_resolver_says_that_it_censors() -> Story:
    return Story(failed("dns_nxdomain_error", extended_errors=(16,)), both(answered(TRUE)))


@tells_of("dns.resolver.denies")
def a_resolver_that_says_so_needs_no_control() -> Story:
    return Story(failed("dns_nxdomain_error", extended_errors=(15,)))


@tells_of("dns.resolver.refuses")
def a_resolver_says_that_it_refuses_on_purpose() -> Story:
    return Story(failed("dns_refused_error", extended_errors=(15,)), both(answered(TRUE)))


@tells_of("dns.resolver.fails")
def a_resolver_says_that_it_fails_on_purpose() -> Story:
    return Story(failed("dns_servfail_error", extended_errors=(17,)), both(answered(TRUE)))


@tells_of("dns.resolver.forges")
def a_resolver_says_that_its_answer_is_forged() -> Story:
    return Story(answered(OTHER, extended_errors=(4,)), both(answered(TRUE)))


@tells_of("dns.resolver.withholds")
def a_resolver_says_that_it_keeps_the_address_for_itself() -> Story:
    return Story(failed("dns_no_answer", extended_errors=(17,)), both(answered(TRUE)))


@tells_of("dns.injection.overtaken")
def a_forged_answer_is_followed_by_the_true_one() -> Story:
    return Story(answered(OTHER, further=late(TRUE)), both(answered(TRUE)))


@tells_of("dns.injection.overtaken")
def a_forged_answer_in_the_name_of_a_public_resolver_is_followed_by_the_true_one() -> Story:
    return Story(over_udp(a_look(TRUE), OTHER, further=late(TRUE)).facts(), both(answered(TRUE)))


@tells_of("dns.injection.other")
def a_resolver_leads_to_another_host() -> Story:
    return Story(proven(anothers(a_look(OTHER), OTHER), TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.injection.other")
def a_resolver_leads_to_nobody() -> Story:
    look = a_look(OTHER).connected(OTHER, failure="connection_refused", aim=Aim.ELSEWHERE)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)), (yesterday(answered(TRUE), answered(TRUE)),))


@tells_of("dns.injection.other")
def a_public_resolver_s_answer_is_replaced_on_the_way() -> Story:
    look = over_tls(over_udp(a_look(TRUE), OTHER), TRUE)
    return Story(proven(anothers(look, OTHER), TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.injection.other")
def a_state_s_own_certificate_proves_nothing() -> Story:
    look = a_look(OTHER).connected(OTHER).shook_hands(OTHER, NAME, marks=(STATE_AUTHORITY,))
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.denial.forged")
def a_denial_with_authority_and_without_a_zone() -> Story:
    return Story(failed("dns_nxdomain_error", authoritative=True, has_authority=False), both(answered(TRUE)))


@tells_of("dns.denial.forged")
def a_denial_that_only_some_questions_get() -> Story:
    look = over_udp(a_look(TRUE), failure="dns_nxdomain_error", authoritative=True, has_authority=False)
    return Story(over_tls(over_udp(look, TRUE), TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.denial.forged")
def a_denial_is_followed_by_the_answer() -> Story:
    return Story(failed("dns_nxdomain_error", further=late(TRUE)), both(answered(TRUE)))


@tells_of("dns.denial.forged")
def the_same_resolver_knows_the_name_over_tcp() -> Story:
    look = a_failure("dns_nxdomain_error").asked(NAME, TRUE, transport="tcp", aim=Aim.AGAIN)
    return Story(look.facts(), both(answered(TRUE)))


@tells_of("dns.denial.disproved")
def a_denied_name_whose_address_works_from_here() -> Story:
    return Story(proven(a_failure("dns_nxdomain_error"), TRUE).facts(), both(answered(TRUE)))


# Answers that are right


@tells_of("dns.injection.bypassed")
def a_resolver_forges_one_family_only() -> Story:
    own = Telling().asked(NAME, TRUE).asked(NAME, "::1", qtype="AAAA").facts()
    theirs = Telling().asked(NAME, TRUE).asked(NAME, SIXTH, qtype="AAAA").facts()
    return Story(own, both(theirs))


@tells_of("dns.answer.shared")
def one_address_in_common_is_enough() -> Story:
    return Story(answered(TRUE, OTHER), (from_control(answered(TRUE)), from_control(failed("generic_timeout_error"), "DE")))


@tells_of("dns.answer.shared")
def a_wildcard_of_the_zone_shows_everywhere() -> Story:
    everything = Telling().asked(NAME, TRUE).asked(NOBODY, TRUE, aim=Aim.PROBE_NAME).facts()
    return Story(everything, both(everything))


@tells_of("dns.answer.shared")
def a_zone_that_names_private_addresses_does_so_to_everybody() -> Story:
    return Story(answered(INSIDE), both(answered(INSIDE)))


@tells_of("dns.answer.shared")
def questions_for_ipv6_are_lost_on_this_line() -> Story:
    own = Telling().asked(NAME, TRUE).asked(NAME, failure="generic_timeout_error", qtype="AAAA").facts()
    theirs = Telling().asked(NAME, TRUE).asked(NAME, SIXTH, qtype="AAAA").facts()
    return Story(own, both(theirs))


@tells_of("dns.answer.shared")
def a_denial_of_ipv6_addresses_by_an_old_load_balancer() -> Story:
    odd: dict[str, Any] = {"authoritative": True, "has_authority": False}
    own = Telling().asked(NAME, TRUE).asked(NAME, failure="dns_nxdomain_error", qtype="AAAA", **odd).facts()
    theirs = Telling().asked(NAME, TRUE).asked(NAME, SIXTH, qtype="AAAA").facts()
    return Story(own, both(theirs))


@tells_of("dns.answer.shared")
def a_public_resolver_that_is_dead_says_nothing() -> Story:
    look = over_udp(a_look(TRUE), failure="dns_nxdomain_error", authoritative=True, has_authority=False)
    look.asked(INNOCUOUS, failure="dns_nxdomain_error", aim=Aim.PROBE_NAME, transport="udp", resolver=PUBLIC)
    return Story(look.facts(), both(answered(TRUE)))


@tells_of("dns.answer.shared")
def a_resolver_that_filters_ipv6_only() -> Story:
    own = Telling().asked(NAME, TRUE).asked(NAME, failure="dns_no_answer", qtype="AAAA", extended_errors=(17,)).facts()
    return Story(own, both(answered(TRUE)))


@tells_of("dns.answer.proven")
def the_organisation_s_own_network_has_a_dns_of_its_own() -> Story:
    return Story(proven(a_look(INSIDE), INSIDE).facts(), both(answered(TRUE)))


@tells_of("dns.answer.proven")
def a_regional_address_proves_to_be_the_host() -> Story:
    return Story(proven(proven(a_look(OTHER), OTHER), TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.answer.proven")
def a_known_forged_address_that_proves_to_be_the_host_is_none() -> Story:
    return Story(proven(a_look(OTHER, marks=(FORGED_IN_RUSSIA,)), OTHER).facts(), both(answered(TRUE)), country="RU")


@tells_of("dns.answer.proven")
def without_a_control_a_certificate_is_enough() -> Story:
    return Story(proven(a_look(INSIDE), INSIDE).facts())


@tells_of("dns.answer.confirmed")
def a_dead_node_of_this_region_to_which_everybody_here_is_led() -> Story:
    look = over_tls(a_look(OTHER).connected(OTHER, failure="generic_timeout_error", aim=Aim.ELSEWHERE), OTHER)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)), (yesterday(answered(TRUE), answered(TRUE)),))


@tells_of("dns.answer.same_alias")
def a_resolver_that_filters_ipv6_of_a_name_that_varies() -> Story:
    own = Telling().asked(NAME, OTHER, cnames=("d111.cloudfront.net",))
    own.asked(NAME, failure="dns_no_answer", qtype="AAAA", extended_errors=(17,))
    return Story(own.facts(), both(answered(TRUE, alias="d111.cloudfront.net")))


@tells_of("dns.answer.shared_lately")
def the_site_has_moved_and_this_resolver_does_not_know_it_yet() -> Story:
    return Story(answered(OTHER), both(answered(TRUE)), (yesterday(answered(OTHER), answered(OTHER)),))


@tells_of("dns.answer.shared_lately")
def the_site_has_moved_and_nobody_is_left_at_the_old_place() -> Story:
    look = proven(anothers(a_look(OTHER), OTHER), TRUE)
    return Story(look.facts(), both(answered(TRUE)), (yesterday(answered(OTHER), answered(OTHER)),))


@tells_of("dns.answer.proven_lately")
def the_organisation_s_own_network_while_its_website_is_restarted() -> Story:
    look = proven(a_look(INSIDE).connected(INSIDE, failure="connection_refused", aim=Aim.ELSEWHERE), TRUE)
    return Story(look.facts(), both(answered(TRUE)), (yesterday(proven(a_look(INSIDE), INSIDE).facts(), answered(TRUE)),))


@tells_of("dns.answer.same_alias")
def a_content_network_answers_each_region_differently() -> Story:
    return Story(answered(OTHER, alias="d111.cloudfront.net"), both(answered(TRUE, alias="d111.cloudfront.net")))


@tells_of("dns.answer.same_alias")
def a_dead_node_of_a_content_network() -> Story:
    look = a_look(OTHER, alias="d111.cloudfront.net").connected(OTHER, failure="generic_timeout_error", aim=Aim.ELSEWHERE)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE, alias="d111.cloudfront.net")))


@tells_of("dns.answer.same_network")
def another_server_of_the_same_network() -> Story:
    own = replace(proven(anothers(a_look(OTHER), OTHER), TRUE).facts(), asns={OTHER: 13335, TRUE: 13335})
    return Story(own, both(answered(TRUE)))


@tells_of("dns.answer.empty")
def a_domain_that_only_receives_mail() -> Story:
    return Story(failed("dns_no_answer"), both(failed("dns_no_answer")))


@tells_of("dns.answer.empty")
def a_domain_without_addresses_on_a_line_that_loses_questions_for_ipv6() -> Story:
    own = Telling().asked(NAME, failure="dns_no_answer").asked(NAME, failure="generic_timeout_error", qtype="AAAA")
    return Story(own.facts(), both(failed("dns_no_answer")))


@tells_of("dns.answer.unconfirmed")
def one_machine_alone_gets_a_public_address() -> Story:
    return Story(answered(TRUE))


# Failures, and what decides nothing


@tells_of("dns.control.none")
def one_machine_alone_gets_nothing() -> Story:
    return Story(failed("dns_nxdomain_error"))


@tells_of("dns.control.none")
def one_machine_alone_gets_a_private_address() -> Story:
    return Story(answered(PRIVATE))


@tells_of("dns.control.none")
def one_machine_alone_gets_the_address_of_a_known_block_page() -> Story:
    return Story(over_tls(a_look(OTHER, marks=(FORGED_IN_RUSSIA,)), TRUE).facts(), country="RU")


@tells_of("dns.control.none")
def one_machine_alone_gets_a_forged_denial() -> Story:
    look = over_tls(a_failure("dns_nxdomain_error", authoritative=True, has_authority=False), TRUE)
    return Story(proven(look, TRUE).facts())


@tells_of("dns.control.none")
def one_machine_alone_is_led_to_another_host() -> Story:
    return Story(proven(anothers(over_tls(a_look(OTHER), TRUE), OTHER), TRUE).facts())


@tells_of("dns.dnssec.down")
def a_domain_whose_signatures_nobody_accepts() -> Story:
    look = a_failure("dns_servfail_error", extended_errors=(6,))
    return Story(look.facts(), both(failed("dns_servfail_error")))


@tells_of("dns.name.down")
def the_registrar_has_put_the_domain_on_hold() -> Story:
    return Story(failed("dns_nxdomain_error"), both(failed("dns_nxdomain_error")))


@tells_of("dns.name.down")
def an_invented_answer_does_not_hide_that_the_name_is_gone() -> Story:
    return Story(invented(), both(failed("dns_nxdomain_error")))


@tells_of("dns.control.one")
def one_control_is_not_enough_to_call_it_down() -> Story:
    return Story(failed("dns_servfail_error"), (from_control(failed("dns_servfail_error")),))


@tells_of("dns.dnssec.bogus")
def signatures_that_only_this_resolver_checks() -> Story:
    look = a_failure("dns_servfail_error").asked(NAME, TRUE, checking_disabled=True, aim=Aim.AGAIN)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.dnssec.bogus")
def signatures_that_the_resolver_complains_of() -> Story:
    return Story(failed("dns_servfail_error", extended_errors=(6,)), both(answered(TRUE)))


@tells_of("dns.control.divided")
def a_name_that_half_of_the_world_can_resolve() -> Story:
    return Story(failed("dns_servfail_error"), (from_control(failed("dns_servfail_error")), from_control(answered(TRUE), "DE")))


@tells_of("dns.control.divided")
def a_new_name_that_not_every_resolver_knows_yet() -> Story:
    own = proven(a_failure("dns_nxdomain_error"), TRUE).facts()
    return Story(own, (from_control(failed("dns_nxdomain_error")), from_control(answered(TRUE), "DE")))


@tells_of("dns.answer.invented")
def a_resolver_answers_to_every_name_below_it() -> Story:
    look = Telling().asked(NAME, INVENTED).asked(NOBODY, INVENTED, aim=Aim.PROBE_NAME)
    return Story(innocuous(look, INNOCENT).facts(), both(answered(TRUE)))


def failed_here(failure: str) -> Story:
    return Story(innocuous(a_failure(failure), INNOCENT).facts(), both(answered(TRUE)))


@tells_of("dns.answer.nxdomain")
def a_resolver_denies_the_name() -> Story:
    return failed_here("dns_nxdomain_error")


@tells_of("dns.answer.nxdomain")
def a_resolver_remembers_that_the_name_was_missing() -> Story:
    own = proven(a_failure("dns_nxdomain_error"), TRUE).facts()
    return Story(own, both(answered(TRUE)), (yesterday(answered(TRUE), answered(TRUE), failed("dns_nxdomain_error")),))


@tells_of("dns.answer.refused")
def a_resolver_refuses_the_name() -> Story:
    return failed_here("dns_refused_error")


@tells_of("dns.answer.servfail")
def a_resolver_fails_at_the_name() -> Story:
    return failed_here("dns_servfail_error")


@tells_of("dns.answer.timeout")
def a_resolver_says_nothing() -> Story:
    return failed_here("generic_timeout_error")


@tells_of("dns.answer.failed")
def a_resolver_knows_the_name_and_no_address() -> Story:
    return failed_here("dns_no_answer")


@tells_of("dns.answer.different")
def other_public_addresses_are_no_proof() -> Story:
    return Story(answered(OTHER), both(answered(TRUE)))


@tells_of("dns.answer.different")
def a_forged_address_of_another_country() -> Story:
    return Story(answered(OTHER, marks=(FORGED_IN_RUSSIA,)), both(answered(TRUE)))


@tells_of("dns.answer.different")
def an_old_server_with_its_old_certificate() -> Story:
    look = a_look(OTHER).connected(OTHER).shook_hands(OTHER, NAME, failure="ssl_invalid_certificate")
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.answer.different")
def a_resolver_leads_to_nobody_and_nothing_is_known_of_before() -> Story:
    look = a_look(OTHER).connected(OTHER, failure="connection_refused", aim=Aim.ELSEWHERE)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.answer.shared")
def a_public_resolver_leads_to_a_dead_node() -> Story:
    look = over_udp(a_look(TRUE), OTHER).connected(OTHER, failure="generic_timeout_error", aim=Aim.ELSEWHERE)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)), (yesterday(answered(TRUE), answered(TRUE)),))


@tells_of("dns.answer.different")
def a_server_that_is_dead_in_a_region_of_a_name_that_varies() -> Story:
    look = proven(a_look(OTHER).connected(OTHER, failure="generic_timeout_error", aim=Aim.ELSEWHERE), TRUE)
    earlier = yesterday(proven(a_look("203.0.114.8"), "203.0.114.8").facts(), answered(TRUE))
    return Story(look.facts(), both(answered(TRUE)), (earlier,))


@tells_of("dns.answer.different")
def a_domain_without_a_website_cannot_prove_anything() -> Story:
    look = a_look(OTHER)
    for address in (OTHER, TRUE):
        look.connected(address, failure="connection_refused", aim=Aim.ELSEWHERE)
    return Story(look.facts(), both(answered(TRUE)))


@tells_of("dns.answer.different")
def a_line_without_a_way_to_the_address_says_nothing_about_it() -> Story:
    look = a_look(OTHER).connected(OTHER, failure="network_unreachable", aim=Aim.ELSEWHERE)
    return Story(proven(look, TRUE).facts(), both(answered(TRUE)))


@tells_of("dns.answer.only_here")
def an_answer_for_a_name_that_others_find_missing() -> Story:
    return Story(answered(OTHER), both(failed("dns_nxdomain_error")))


@tells_of("dns.instrument.not_enough")
def a_look_that_recorded_nothing() -> Story:
    return Story(Facts(), both(answered(TRUE)))
