"""Every sentence of the classic rules, one story each, in the order in which the rules are told in `docs/classic.md`."""

from dataclasses import replace
from typing import Any

import pytest

from probes.kit.observation import Control, Facts
from probes.kit.vocabulary import Aim, Validity
from probes.website.classic import Classic, classic
from tests.probes.telling import Telling, from_control

NAME = "www.example.com"
HTTP, HTTPS = f"http://{NAME}/", f"https://{NAME}/"
TRUE, FALSE, OTHER = "93.184.216.34", "83.224.65.41", "93.184.216.35"
RESET, TIMEOUT = "connection_reset", "generic_timeout_error"

OK, DOWN, UNKNOWN = (True, False), (False, False), (None, None)
DNS, TCP, DIFFERENT, FAILS = (False, "dns"), (False, "tcp_ip"), (False, "http-diff"), (False, "http-failure")


class Helper(Telling):
    """What OONI's helper saw: it looks the name up, tries endpoints for themselves, and fetches the page."""

    def tried(self, address: str = TRUE, port: int = 443, failure: str | None = None) -> "Helper":
        return self.connected(address, port, failure=failure, aim=Aim.ELSEWHERE)

    def greeted(self, address: str = TRUE, name: str = NAME, failure: str | None = None) -> "Helper":
        return self.shook_hands(address, name, failure=failure, aim=Aim.ELSEWHERE)

    def fetched(self, url: str = HTTPS, **page: Any) -> "Helper":
        return self.got(url, None, **page)


def working(address: str = TRUE, url: str = HTTPS) -> Helper:
    return Helper().asked(NAME, address).tried(address).greeted(address).fetched(url)


def judged(own: Telling, *helpers: Telling) -> Classic:
    return verdict(own.facts(), *(from_control(helper.facts()) for helper in helpers))


def verdict(own: Facts, *control: Control) -> Classic:
    return classic(own, control)


def said(result: Classic) -> tuple[object, object]:
    return result.accessible, result.blocking


def visit(address: str = TRUE) -> Telling:
    return Telling().asked(NAME, address).connected(address).shook_hands(address, NAME)


class TestResolution:
    """DNS consistency."""

    def test_a_shared_address_is_consistent(self) -> None:
        own = Telling().asked(NAME, FALSE, TRUE)
        assert judged(own, working()).dns_consistency == "consistent"

    def test_so_is_a_shared_network(self) -> None:
        own = replace(Telling().asked(NAME, OTHER).facts(), asns={OTHER: 15133, TRUE: 15133})
        assert verdict(own, from_control(working().facts())).dns_consistency == "consistent"

    def test_the_control_may_know_the_networks(self) -> None:
        theirs = replace(working().facts(), asns={OTHER: 15133, TRUE: 15133})
        assert verdict(Telling().asked(NAME, OTHER).facts(), from_control(theirs)).dns_consistency == "consistent"

    def test_zero_is_no_network_to_share(self) -> None:
        own = replace(Telling().asked(NAME, OTHER).facts(), asns={OTHER: 0, TRUE: 0})
        assert verdict(own, from_control(working().facts())).dns_consistency == "inconsistent"

    def test_other_addresses_are_inconsistent(self) -> None:
        assert judged(Telling().asked(NAME, FALSE), working()).dns_consistency == "inconsistent"

    def test_a_valid_certificate_there_does_not_mend_it(self) -> None:
        result = judged(visit(FALSE).got(HTTPS, FALSE), working())
        assert (result.dns_consistency, said(result)) == ("inconsistent", OK)

    @pytest.mark.parametrize("theirs", ["dns_nxdomain_error", "dns_servfail_error", "unknown_error"])
    def test_a_failure_is_expected_where_the_control_fails_for_whatever_reason(self, theirs: str) -> None:
        control = Helper().asked(NAME, failure=theirs).fetched(failure="dns_lookup_error", status=None)
        result = judged(Telling().asked(NAME, failure="dns_refused_error"), control)
        assert (result.dns_consistency, said(result)) == ("consistent", DOWN)

    def test_no_answer_is_expected_where_the_control_has_none_either(self) -> None:
        control = Helper().asked(NAME).fetched(failure="dns_lookup_error", status=None)
        result = judged(Telling().asked(NAME, failure="dns_no_answer"), control)
        assert (result.dns_consistency, said(result)) == ("consistent", DOWN)
        assert (result.dns_experiment_failure, result.http_experiment_failure) == ("dns_no_answer", None)

    def test_another_failure_is_not_expected_where_the_control_has_an_empty_answer(self) -> None:
        result = judged(Telling().asked(NAME, failure="dns_nxdomain_error"), Helper().asked(NAME).fetched())
        assert (result.dns_consistency, said(result)) == ("inconsistent", DNS)

    def test_a_failure_of_the_probe_alone_is_inconsistent(self) -> None:
        assert judged(Telling().asked(NAME, failure="dns_no_answer"), working()).dns_consistency == "inconsistent"

    def test_an_answer_where_the_control_gets_none_is_inconsistent(self) -> None:
        control = Helper().asked(NAME, failure="dns_nxdomain_error").fetched(failure="dns_lookup_error", status=None)
        result = judged(Telling().asked(NAME, FALSE).connected(FALSE, failure="connection_refused"), control)
        assert (result.dns_consistency, said(result)) == ("inconsistent", DNS)

    def test_addresses_beside_a_failure_are_no_answer(self) -> None:
        own = Telling().asked(NAME, FALSE, failure="dns_bogon_error")
        assert judged(own, Helper().fetched()).dns_consistency is None

    def test_without_a_control_nothing_can_be_said(self) -> None:
        assert judged(Telling().asked(NAME, FALSE)).dns_consistency is None

    def test_where_nobody_asked_nothing_can_be_said(self) -> None:
        assert judged(Telling().connected(TRUE), working()).dns_consistency is None

    def test_an_expected_failure_outweighs_that_only_the_probe_resolved(self) -> None:
        own = asked_by_call(FALSE).asked(NAME, failure="dns_nxdomain_error", **BY_CALL)
        control = Helper().asked(NAME, failure="dns_nxdomain_error")
        assert judged(own, control).dns_consistency == "consistent"

    def test_each_lookup_counts_for_itself(self) -> None:
        own = asked_by_call(TRUE).asked(NAME, FALSE, **BY_CALL)
        assert judged(own, working()).dns_consistency == "inconsistent"

    def test_a_missing_ipv6_address_is_no_failure(self) -> None:
        own = asked_by_call(TRUE).asked(NAME, failure="dns_no_answer", **BY_CALL | {"qtype": "AAAA"})
        result = judged(own, working())
        assert (result.dns_consistency, result.dns_experiment_failure) == ("consistent", None)

    @pytest.mark.parametrize("transport", ["doh", "udp", "dot"])
    def test_other_resolvers_have_no_say(self, transport: str) -> None:
        own = asked_by_call(TRUE)
        own.asked(NAME, failure=TIMEOUT, transport=transport, resolver="9.9.9.9", aim=Aim.ELSEWHERE)
        own.asked(NAME, FALSE, transport=transport, resolver="9.9.9.9", aim=Aim.ELSEWHERE)
        result = judged(own, working())
        assert (result.dns_consistency, result.dns_experiment_failure) == ("consistent", None)

    def test_only_the_first_hop_counts(self) -> None:
        own = asked_by_call(TRUE).asked("elsewhere.example.org", failure="dns_nxdomain_error", hop=1)
        result = judged(own, working())
        assert (result.dns_consistency, result.dns_experiment_failure) == ("consistent", None)

    def test_our_two_questions_for_a_name_are_one_lookup(self) -> None:
        own = Telling().asked(NAME, TRUE).asked(NAME, "2606:2800:220:1::1", qtype="AAAA")
        assert judged(own, working()).dns_consistency == "consistent"

    def test_one_failing_question_of_two_is_no_failing_lookup(self) -> None:
        own = Telling().asked(NAME, failure="dns_no_answer").asked(NAME, TRUE, qtype="AAAA")
        result = judged(own, working())
        assert (result.dns_consistency, result.dns_experiment_failure) == ("consistent", None)

    def test_of_two_failing_questions_the_more_telling_word_counts(self) -> None:
        own = Telling().asked(NAME, failure="dns_no_answer").asked(NAME, failure="dns_servfail_error", qtype="AAAA")
        assert judged(own, working()).dns_experiment_failure == "dns_servfail_error"

    def test_what_is_no_address_is_no_answer(self) -> None:
        own = Telling().asked(NAME, "not.an.address")
        assert judged(own, working()).dns_consistency is None

    def test_a_control_that_looked_up_another_name_says_nothing_of_this_one(self) -> None:
        control = Helper().asked("other.example.org", TRUE).fetched()
        assert judged(Telling().asked(NAME, FALSE), control).dns_consistency is None


BY_CALL: dict[str, Any] = {"resolver": "getaddrinfo", "qtype": "ANY"}


def asked_by_call(*answers: str) -> Telling:
    """As OONI asks: the operating system, for whatever address there is."""
    return Telling().asked(NAME, *answers, **BY_CALL)


class TestFinalResponse:
    """The walk's first rule."""

    @pytest.mark.parametrize("status", [200, 204, 404, 451, 503])
    def test_over_tls_it_is_accessible_whatever_it_says(self, status: int) -> None:
        assert said(judged(visit().got(HTTPS, TRUE, status=status, title="Blocked"))) == OK

    @pytest.mark.parametrize("status", [200, 403, 503])
    def test_in_clear_text_without_control_it_is_unknown(self, status: int) -> None:
        assert said(judged(Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE, status=status))) == UNKNOWN

    def test_in_clear_text_without_the_controls_page_it_is_unknown(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE)
        assert said(judged(own, Helper().asked(NAME, TRUE).tried(TRUE, 80))) == UNKNOWN

    def test_in_clear_text_like_the_controls_it_is_accessible(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE)
        assert said(judged(own, working(url=HTTP))) == OK

    def test_in_clear_text_unlike_the_controls_it_is_blocked(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80)
        own.got(HTTP, TRUE, title="Access Denied", body_length=188, header_names=())
        assert said(judged(own, working(url=HTTP))) == DIFFERENT

    def test_where_the_control_got_no_page_nothing_can_be_alike(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE)
        assert said(judged(own, Helper().asked(NAME, TRUE).fetched(failure="unknown_error", status=None))) == DIFFERENT

    @pytest.mark.parametrize("status", [301, 304, 100])
    def test_what_is_not_final_decides_nothing(self, status: int) -> None:
        assert said(judged(visit().got(HTTPS, TRUE, status=status), working())) == UNKNOWN

    def test_it_counts_at_the_deepest_redirect(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE, status=301, location=HTTPS)
        own.asked(NAME, TRUE, hop=1).connected(TRUE, hop=1).shook_hands(TRUE, NAME, hop=1).got(HTTPS, TRUE, hop=1)
        assert said(judged(own, working())) == OK

    def test_success_comes_before_failure(self) -> None:
        own = Telling().asked(NAME, TRUE, OTHER).connected(TRUE, failure=TIMEOUT)
        own.connected(OTHER).shook_hands(OTHER, NAME).got(HTTPS, OTHER)
        result = judged(own, working())
        assert (said(result), result.http_experiment_failure) == (OK, None)

    def test_a_page_elsewhere_than_the_own_resolver_led_does_not_count(self) -> None:
        own = Telling().asked(NAME, FALSE).connected(FALSE, failure=TIMEOUT)
        own.connected(TRUE, aim=Aim.ELSEWHERE).shook_hands(TRUE, NAME, aim=Aim.ELSEWHERE).got(HTTPS, TRUE, aim=Aim.ELSEWHERE)
        result = judged(own, working())
        assert (said(result), result.http_experiment_failure) == (DNS, TIMEOUT)

    def test_what_an_impostor_says_does_not_count(self) -> None:
        """OONI ends at a bad certificate; we fetch the page all the same, as evidence."""
        own = (
            Telling().asked(NAME, TRUE).connected(TRUE).shook_hands(TRUE, NAME, failure="ssl_unknown_authority").got(HTTPS, TRUE)
        )
        result = judged(own, working())
        assert (said(result), result.http_experiment_failure) == (FAILS, "ssl_unknown_authority")

    def test_a_page_counts_though_another_handshake_with_the_same_host_broke(self) -> None:
        own = visit().shook_hands(TRUE, NAME, failure=RESET).got(HTTPS, TRUE)
        assert said(judged(own, working())) == OK


class TestBrokenExchange:
    """The walk's second rule."""

    @pytest.mark.parametrize(
        "failure",
        [RESET, TIMEOUT, "eof_error", "http_invalid_redirect_location_host", "unknown_failure: stopped after too many redirects"],
    )
    def test_it_is_blocked_where_the_control_gets_the_page(self, failure: str) -> None:
        result = judged(visit().got(HTTPS, TRUE, failure=failure, status=302), working())
        assert (said(result), result.http_experiment_failure) == (FAILS, failure)

    def test_it_is_down_where_the_control_fails(self) -> None:
        control = Helper().asked(NAME, TRUE).tried().greeted().fetched(failure="unknown_error", status=None)
        assert said(judged(visit().got(HTTPS, TRUE, failure=RESET, status=None), control)) == DOWN

    def test_it_is_unknown_without_control(self) -> None:
        result = judged(visit().got(HTTPS, TRUE, failure=RESET, status=None))
        assert (said(result), result.http_experiment_failure) == (UNKNOWN, RESET)


class TestBrokenHandshake:
    """The walk's third rule."""

    OWN = Telling().asked(NAME, TRUE).connected(TRUE).shook_hands(TRUE, NAME, failure=RESET)

    def test_it_is_blocked_where_the_control_shakes_hands(self) -> None:
        result = judged(self.OWN, working())
        assert (said(result), result.http_experiment_failure) == (FAILS, RESET)

    def test_it_is_down_where_the_control_cannot_either(self) -> None:
        control = Helper().asked(NAME, TRUE).tried().greeted(failure="ssl_unknown_authority").fetched()
        assert said(judged(self.OWN, control)) == DOWN

    def test_it_is_unknown_without_control(self) -> None:
        result = judged(self.OWN)
        assert (said(result), result.http_experiment_failure) == (UNKNOWN, RESET)

    def test_it_is_unknown_where_the_control_tried_neither_endpoint_nor_page(self) -> None:
        assert said(judged(self.OWN, Helper().asked(NAME, TRUE))) == UNKNOWN

    @pytest.mark.parametrize("failure", [None, "unknown_error"])
    def test_it_is_blocked_where_the_control_tried_only_the_page_even_in_vain(self, failure: str | None) -> None:
        assert said(judged(self.OWN, Helper().asked(NAME, TRUE).fetched(failure=failure))) == FAILS

    def test_a_handshake_of_the_control_for_another_name_is_another(self) -> None:
        control = Helper().asked(NAME, TRUE).tried().greeted(name="other.example.org", failure=RESET).fetched()
        assert said(judged(self.OWN, control)) == FAILS

    def test_after_a_redirect_there_is_no_control_of_endpoints(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE, status=301, location=HTTPS)
        own.asked(NAME, TRUE, hop=1).connected(TRUE, hop=1).shook_hands(TRUE, NAME, hop=1, failure=RESET)
        control = Helper().asked(NAME, TRUE).tried().greeted(failure=RESET).fetched(failure="unknown_error", status=None)
        assert said(judged(own, control)) == FAILS


class TestBrokenConnection:
    """The walk's fourth rule."""

    OWN = Telling().asked(NAME, TRUE).connected(TRUE, failure=TIMEOUT)

    def test_it_is_blocked_where_the_control_connects(self) -> None:
        result = judged(self.OWN, working())
        assert (said(result), result.http_experiment_failure) == (TCP, TIMEOUT)

    def test_it_is_down_where_the_control_cannot_either(self) -> None:
        assert said(judged(self.OWN, Helper().asked(NAME, TRUE).tried(failure="connection_refused").fetched())) == DOWN

    def test_another_port_is_another_endpoint(self) -> None:
        assert said(judged(self.OWN, Helper().asked(NAME, TRUE).tried(port=80, failure=TIMEOUT).fetched())) == FAILS

    def test_it_is_unknown_without_control(self) -> None:
        assert said(judged(self.OWN)) == UNKNOWN

    @pytest.mark.parametrize("failure", [None, "unknown_error"])
    def test_it_is_blocked_where_the_control_tried_only_the_page_even_in_vain(self, failure: str | None) -> None:
        assert said(judged(self.OWN, Helper().asked(NAME, TRUE).fetched(failure=failure))) == FAILS

    def test_after_a_redirect_there_is_no_control_of_endpoints(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, 80).got(HTTP, TRUE, status=301, location=HTTPS)
        own.asked(NAME, TRUE, hop=1).connected(TRUE, hop=1, failure=TIMEOUT)
        assert said(judged(own, working())) == FAILS

    def test_of_failures_alike_in_layer_the_first_word_counts(self) -> None:
        own = Telling().asked(NAME, TRUE, OTHER).connected(OTHER, failure=TIMEOUT).connected(TRUE, failure="connection_refused")
        assert judged(own, working()).http_experiment_failure == "connection_refused"

    def test_of_the_same_failure_the_last_to_begin_counts(self) -> None:
        own = Telling().asked(NAME, OTHER, TRUE).connected(OTHER, failure=TIMEOUT).connected(TRUE, failure=TIMEOUT)
        control = Helper().asked(NAME, OTHER, TRUE).tried(OTHER, failure=TIMEOUT).tried(TRUE).fetched()
        assert said(judged(own, control)) == TCP


class TestBrokenLookup:
    """The walk's fifth rule."""

    OWN = Telling().asked(NAME, failure="dns_nxdomain_error")

    def test_it_is_blocked_where_the_control_resolves(self) -> None:
        result = judged(self.OWN, working())
        assert said(result) == DNS
        assert result.dns_experiment_failure == result.http_experiment_failure == "dns_nxdomain_error"

    def test_it_is_down_where_the_control_cannot_either(self) -> None:
        control = Helper().asked(NAME, failure="dns_nxdomain_error").fetched(failure="dns_lookup_error", status=None)
        result = judged(self.OWN, control)
        assert (said(result), result.http_experiment_failure) == (DOWN, "dns_nxdomain_error")

    def test_without_control_it_counts_as_accessible(self) -> None:
        result = judged(self.OWN)
        assert (said(result), result.http_experiment_failure) == (OK, "dns_nxdomain_error")

    def test_after_a_redirect_it_is_blocked_even_where_the_control_got_no_page(self) -> None:
        own = visit().got(HTTPS, TRUE, status=301, location="https://elsewhere.example.org/")
        own.asked("elsewhere.example.org", failure="dns_nxdomain_error", hop=1)
        control = Helper().asked(NAME, TRUE).tried().greeted().fetched(failure="unknown_error", status=None)
        result = judged(own, control)
        assert (said(result), result.dns_experiment_failure) == (DNS, None)

    def test_after_a_redirect_without_control_it_counts_as_accessible(self) -> None:
        own = visit().got(HTTPS, TRUE, status=301, location="https://elsewhere.example.org/")
        own.asked("elsewhere.example.org", failure="dns_nxdomain_error", hop=1)
        assert said(judged(own)) == OK


class TestLoopback:
    """The walk's sixth rule."""

    @pytest.mark.parametrize("answers", [("127.0.0.1",), ("127.0.0.1", "127.0.0.2"), ("::1",)])
    def test_it_is_blocked_where_the_control_has_a_real_address(self, answers: tuple[str, ...]) -> None:
        result = judged(Telling().asked(NAME, *answers), working())
        assert (said(result), result.http_experiment_failure) == (DNS, None)

    def test_it_is_down_where_the_control_has_only_loopback_too(self) -> None:
        control = Helper().asked(NAME, "127.0.0.1").fetched(failure="unknown_error", status=None)
        assert said(judged(Telling().asked(NAME, "127.0.0.1"), control)) == DOWN

    def test_our_own_refusal_to_connect_there_is_no_failure_of_the_site(self) -> None:
        own = Telling().asked(NAME, "127.0.0.1").connected("127.0.0.1", failure="dns_bogon_error")
        assert judged(own, working()).http_experiment_failure is None

    def test_the_same_word_for_an_address_that_can_be_tried_is_a_failure_like_any(self) -> None:
        own = Telling().asked(NAME, TRUE).connected(TRUE, failure="dns_bogon_error")
        result = judged(own, working())
        assert (said(result), result.http_experiment_failure) == (TCP, "dns_bogon_error")

    def test_without_control_nothing_decides(self) -> None:
        assert said(judged(Telling().asked(NAME, "127.0.0.1"))) == UNKNOWN

    def test_where_the_control_fails_nothing_decides_and_nothing_is_overridden(self) -> None:
        result = judged(Telling().asked(NAME, "127.0.0.1"), Helper().asked(NAME, failure="dns_servfail_error").fetched())
        assert (result.dns_consistency, said(result)) == ("inconsistent", UNKNOWN)

    def test_one_real_address_among_them_makes_it_an_ordinary_answer(self) -> None:
        own = Telling().asked(NAME, "127.0.0.1", TRUE).connected(TRUE, failure=TIMEOUT)
        assert said(judged(own, working())) == TCP


class TestOverride:
    """Answers that do not fit explain whatever else is wrong."""

    def test_a_blocked_one_becomes_dns(self) -> None:
        assert said(judged(Telling().asked(NAME, FALSE).connected(FALSE, failure=TIMEOUT), working())) == DNS

    def test_one_that_is_down_becomes_dns(self) -> None:
        own = Telling().asked(NAME, FALSE).connected(FALSE).shook_hands(FALSE, NAME, failure=RESET)
        control = working().tried(FALSE).greeted(FALSE, failure=RESET)
        assert said(judged(own, control)) == DNS

    def test_an_unknown_one_becomes_dns(self) -> None:
        own = Telling().asked(NAME, FALSE).connected(FALSE, failure=TIMEOUT)
        assert said(judged(own, Helper().asked(NAME, TRUE))) == DNS

    def test_one_that_is_accessible_stays_so(self) -> None:
        own = Telling().asked(NAME, FALSE).connected(FALSE, 80).got(HTTP, FALSE)
        assert said(judged(own, working(url=HTTP))) == OK


class TestWhoIsTheControl:
    """OONI asks one helper; we may have several controls."""

    def test_one_that_could_not_see_is_none(self) -> None:
        control = from_control(working().facts(), validity=Validity.INVALID)
        assert verdict(TestBrokenConnection.OWN.facts(), control) == judged(TestBrokenConnection.OWN)

    def test_of_several_the_one_with_the_page_counts_in_whatever_order(self) -> None:
        failing = from_control(Helper().asked(NAME, failure="dns_servfail_error").facts(), "DE")
        well = from_control(working().facts(), "NL")
        own = TestBrokenConnection.OWN.facts()
        assert said(verdict(own, failing, well)) == said(verdict(own, well, failing)) == TCP

    def test_a_look_of_ours_serves_as_well_as_a_helper(self) -> None:
        control = visit().got(HTTPS, TRUE)
        assert said(judged(TestBrokenHandshake.OWN, control)) == FAILS

    def test_a_look_of_ours_that_ended_early_got_no_page(self) -> None:
        own = visit().got(HTTPS, TRUE, failure=RESET, status=None)
        control = Telling().asked(NAME, TRUE).connected(TRUE).shook_hands(TRUE, NAME, failure=TIMEOUT)
        assert said(judged(own, control)) == DOWN
