"""The second step: when it is taken, whom it asks, and what that makes of an answer that looks wrong."""

from dataclasses import replace
from typing import Any, Final

from probes.dns import Params, compare, observe
from probes.kit.discover import discover
from probes.kit.observation import Control, Facts
from probes.kit.vocabulary import Aim, Depth
from tests.probes.dns.fake_resolvers import FakeResolvers
from tests.probes.dns.stories import INNOCUOUS, INSIDE, INVENTED, NAME, OTHER, SIXTH, TRUE, answered, failed
from tests.probes.telling import Story, both

DNS: Final = discover()["dns"]
PARAMS: Final = Params(name=NAME)
FINE: Final = {NAME: [TRUE]}
EVERYWHERE: Final = both(answered(TRUE))


async def story_of(here: FakeResolvers, controls: tuple[Control, ...] = EVERYWHERE, params: Params = PARAMS) -> Story:
    """What comes of a look from here and of its second step, in the same world."""
    first: Any = here
    facts = await observe(params, first)
    second: Any = replace(here, told=type(here.told)(), depth=Depth.FULL)
    return Story(await compare(params, second, facts, controls), controls)


def asked(facts: Facts) -> set[tuple[str, str]]:
    """Whom was what asked, names that cannot exist left out."""
    return {(one.transport, one.name) for one in facts.dns if not one.name.endswith(f".{NAME}")}


async def test_an_answer_that_a_control_was_given_is_asked_for_no_further() -> None:
    story = await story_of(FakeResolvers(own=FINE, udp=FINE, dot=FINE))

    assert asked(story.own) == {("system", NAME)}
    assert story.own.tls == ()


async def test_a_full_look_asks_everybody_all_the_same() -> None:
    story = await story_of(FakeResolvers(own=FINE, udp=FINE, dot=FINE, depth=Depth.FULL))

    assert asked(story.own) == {(transport, name) for transport in ("system", "udp", "dot") for name in (NAME, INNOCUOUS)}
    assert story.own.details == {"depth": "full"}
    assert story.own.tls == ()
    assert story.judged_by(DNS).rule == "dns.answer.shared"


async def test_a_look_that_struck_is_made_once_more() -> None:
    light = await story_of(FakeResolvers(own={NAME: "dns_servfail_error"}))
    full = await story_of(FakeResolvers(own={NAME: "dns_servfail_error"}, depth=Depth.FULL))

    assert len([one for one in light.own.dns if one.name == NAME]) == 2
    assert len([one for one in full.own.dns if one.name == NAME]) == 1


async def test_a_name_that_is_empty_for_everybody_is_asked_for_no_further() -> None:
    story = await story_of(FakeResolvers(own={NAME: "dns_no_answer"}), both(failed("dns_no_answer")))

    assert asked(story.own) == {("system", NAME)}


async def test_a_dead_resolver_is_told_from_one_that_denies() -> None:
    dead = await story_of(FakeResolvers(own={NAME: "dns_nxdomain_error", INNOCUOUS: "dns_nxdomain_error"}, udp=FINE))
    denying = await story_of(FakeResolvers(own={NAME: "dns_nxdomain_error"}, udp=FINE))

    assert dead.judged_by(DNS).rule == "dns.instrument.resolver_dead"
    assert denying.judged_by(DNS).rule == "dns.denial.disproved"


async def test_a_denied_name_that_cannot_be_proved_from_here_is_only_out_of_reach() -> None:
    here = FakeResolvers(own={NAME: "dns_nxdomain_error"}, dead={TRUE: "generic_timeout_error"})

    assert (await story_of(here)).judged_by(DNS).rule == "dns.answer.nxdomain"


async def test_no_web_server_is_troubled_because_a_resolver_is_silent() -> None:
    story = await story_of(FakeResolvers(own={NAME: "generic_timeout_error"}))

    assert (story.own.tcp, story.own.tls) == ((), ())
    assert story.judged_by(DNS).rule == "dns.answer.timeout"


async def test_a_captive_portal_is_found_out_by_an_innocuous_name() -> None:
    everything = {name: [INVENTED] for name in (NAME, INNOCUOUS, "*")}

    assert (await story_of(FakeResolvers(own=everything))).judged_by(DNS).rule == "dns.instrument.captive_portal"


async def test_addresses_that_disagree_must_prove_themselves() -> None:
    story = await story_of(FakeResolvers(own={NAME: [OTHER]}, ends={OTHER: "ssl_invalid_hostname"}))

    assert [(one.address, one.server_name, one.port, one.aim) for one in story.own.tls] == [
        (OTHER, NAME, 443, Aim.ELSEWHERE),
        (TRUE, NAME, 443, Aim.ELSEWHERE),
    ]
    assert story.judged_by(DNS).rule == "dns.injection.other"


async def test_they_do_so_at_the_port_of_the_website() -> None:
    story = await story_of(FakeResolvers(own={NAME: [OTHER]}), params=Params(name=NAME, port=8443))

    assert {one.port for one in story.own.tls} == {8443}
    assert story.judged_by(DNS).rule == "dns.answer.proven"


async def test_the_organisation_s_own_network_is_no_interference() -> None:
    assert (await story_of(FakeResolvers(own={NAME: [INSIDE]}))).judged_by(DNS).rule == "dns.answer.proven"


async def test_a_forged_private_address_proves_nothing() -> None:
    story = await story_of(FakeResolvers(own={NAME: [INSIDE]}, dead={INSIDE: "generic_timeout_error"}))

    assert story.judged_by(DNS).rule == "dns.injection.bogon"


async def test_a_forgery_that_only_strikes_public_resolvers_is_found_in_a_full_look() -> None:
    here = FakeResolvers(own=FINE, udp={NAME: [OTHER]}, dot=FINE, ends={OTHER: "ssl_unknown_authority"}, depth=Depth.FULL)

    assert (await story_of(here)).judged_by(DNS).rule == "dns.injection.other"


async def test_without_a_control_public_resolvers_tell_where_else_to_look() -> None:
    here = FakeResolvers(own={NAME: [OTHER]}, dot=FINE, ends={OTHER: "ssl_invalid_hostname"}, depth=Depth.FULL)
    story = await story_of(here, ())

    assert [one.address for one in story.own.tls] == [OTHER, TRUE]
    assert story.judged_by(DNS).rule == "dns.control.none"


async def test_a_few_addresses_are_tried_and_ipv4_first() -> None:
    many = [SIXTH, *(f"95.213.10.{number}" for number in range(20))]
    story = await story_of(FakeResolvers(own={NAME: many}), both(answered(*(f"198.18.0.{number}" for number in range(20)))))

    assert len(story.own.tls) == 6
    assert all(":" not in one.address for one in story.own.tls)


async def test_this_machine_is_never_asked_to_prove_anything() -> None:
    story = await story_of(FakeResolvers(own={NAME: ["127.0.0.1", "169.254.169.254"]}))

    assert {one.address for one in story.own.tcp} == {TRUE}


async def test_a_look_that_could_ask_nobody_is_not_gone_on_with() -> None:
    look: Any = FakeResolvers(own=FINE)

    assert await compare(PARAMS, look, Facts(), EVERYWHERE) == Facts()


async def test_the_second_step_counts_on_from_the_first() -> None:
    story = await story_of(FakeResolvers(own={NAME: [OTHER]}))
    starts = [step.started for step in story.own.steps()]

    assert len(set(starts)) == len(starts)
    assert max(step.started for step in story.own.dns if step.aim is Aim.VISIT) < min(step.started for step in story.own.tls)
