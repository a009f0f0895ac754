"""The second step: what the control was answered, tried from here, and the failing address under another name."""

from typing import Any

import pytest

from probes.kit.discover import discover
from probes.kit.innocuous import STRANGE_NAME
from probes.kit.observation import Control, Facts
from probes.kit.vocabulary import Aim, Meant, State, Strength
from probes.website import Params, compare, observe
from tests.probes.fake_look import INNOCENT, FakeLook
from tests.probes.telling import from_control, seen
from tests.probes.website.looking import story_of

SITE = "www.example.com"
URL = f"https://{SITE}/"
TRUE = "93.184.216.34"
FORGED = "83.224.65.41"
WEBSITE = discover()["website"]


def world(**changes: Any) -> FakeLook:
    return FakeLook(**{"names": {SITE: [TRUE]}, **changes})


async def test_a_page_that_proves_itself_is_compared_with_nothing() -> None:
    story = await story_of(URL, world(), world())

    assert story.controls == ()
    assert story.judged_by(WEBSITE).rule == "website.service.well"


async def test_a_reset_for_one_name_only_is_a_block() -> None:
    story = await story_of(URL, world(ends={(TRUE, SITE): "connection_reset"}), world())

    asked = [(step.address, step.server_name, step.aim) for step in story.own.tls]
    assert asked == [
        (TRUE, SITE, Aim.VISIT),
        (TRUE, "www.example.net", Aim.INNOCUOUS_NAME),
        (TRUE, SITE, Aim.AGAIN),
        (INNOCENT, "www.example.net", Aim.INNOCUOUS_HOST),
        (INNOCENT, STRANGE_NAME, Aim.INNOCUOUS_HOST),
        (INNOCENT, SITE, Aim.INNOCUOUS_HOST),
    ]


async def test_a_reset_at_one_address_for_a_name_that_passes_elsewhere_may_be_the_server_s_own() -> None:
    story = await story_of(URL, world(ends={(TRUE, SITE): "eof_error"}), world())

    assert story.judged_by(WEBSITE).rule == "website.tls.reset"


async def test_a_name_that_is_reset_at_an_innocuous_address_as_well_is_plain_to_see() -> None:
    ends = {(TRUE, SITE): "connection_reset", (INNOCENT, SITE): "connection_reset"}

    finding = (await story_of(URL, world(ends=ends), world())).judged_by(WEBSITE)

    assert (finding.rule, finding.strength) == ("website.tls.reset.sni_everywhere", Strength.EXPLICIT)


async def test_a_reset_for_every_name_is_not() -> None:
    story = await story_of(URL, world(ends={TRUE: "connection_reset"}), world())

    assert story.judged_by(WEBSITE).state is State.UNREACHABLE


async def test_the_innocuous_name_is_never_the_target_s_own() -> None:
    look = FakeLook(names={"example.net": [TRUE]}, ends={(TRUE, "example.net"): "eof_error"})

    story = await story_of("https://example.net/", look, FakeLook(names={"example.net": [TRUE]}))

    assert "www.example.com" in [step.server_name for step in story.own.tls]


async def test_a_denied_name_is_tried_at_the_control_s_address() -> None:
    story = await story_of(URL, FakeLook(), world())

    assert [step.address for step in story.own.tls] == [TRUE]
    assert story.judged_by(WEBSITE).rule == "website.dns.injection.nxdomain"


async def test_what_trustworthy_resolvers_answer_is_tried_as_well() -> None:
    story = await story_of(URL, FakeLook(publicly={SITE: [FORGED]}), world())

    assert {step.address for step in story.own.tls if step.aim is Aim.ELSEWHERE} == {TRUE, FORGED}


async def test_a_denied_name_whose_address_does_not_work_from_here_either_is_not_called_blocked() -> None:
    story = await story_of(URL, FakeLook(dead={TRUE: "generic_timeout_error"}), world())

    assert story.judged_by(WEBSITE).rule == "website.dns.nxdomain"


async def test_a_forged_address_is_told_from_the_true_one() -> None:
    here = FakeLook(names={SITE: [FORGED]}, dead={FORGED: "connection_refused"})
    there = world(dead={FORGED: "connection_refused"})

    assert (await story_of(URL, here, there)).judged_by(WEBSITE).rule == "website.dns.injection.other"


async def test_an_address_that_proves_to_a_control_to_be_the_site_is_not_forged() -> None:
    here = FakeLook(names={SITE: [FORGED]}, dead={FORGED: "connection_refused"})

    assert (await story_of(URL, here, world())).judged_by(WEBSITE).rule == "website.tcp.refused"


async def test_a_page_in_clear_text_that_no_control_got_must_prove_its_address() -> None:
    url = f"http://{SITE}/"
    page = {"title": "Access Denied", "body_length": 188, "header_names": ()}
    here = FakeLook(names={SITE: [FORGED]}, pages={url: page})
    again = FakeLook(dead={FORGED: "connection_refused"})

    story = await story_of(url, here, world(dead={FORGED: "connection_refused"}), again=again)

    assert {step.address for step in story.own.tcp if step.port == 443} == {TRUE, FORGED}
    assert story.judged_by(WEBSITE).rule == "website.dns.injection.other"


async def test_a_page_in_clear_text_from_an_address_that_proves_itself_is_not_forged() -> None:
    url = f"http://{SITE}/"
    edition = {"title": "Regional edition", "body_length": 400}
    here = FakeLook(names={SITE: [FORGED]}, pages={url: edition, f"https://{SITE}/": edition})

    story = await story_of(url, here, world())

    assert story.judged_by(WEBSITE).rule == "website.http.page.different"


async def test_a_page_that_an_innocuous_host_seems_to_give_as_well_was_written_on_the_way() -> None:
    url = f"http://{SITE}/"
    page = {"title": "Access Denied", "body_length": 188, "body_hash": "the block page", "header_names": ()}

    story = await story_of(url, world(pages={url: page}), world())

    assert [step.address for step in story.own.http if step.aim is Aim.INNOCUOUS_HOST] == [INNOCENT]
    assert story.judged_by(WEBSITE).rule == "website.http.page.injected"


async def test_a_request_cut_off_for_one_name_wherever_it_is_said_is_a_block() -> None:
    url = f"http://{SITE}/members?token=secret"
    cut_off = {"status": None, "failure": "connection_reset"}
    here = world(pages={url: cut_off, f"http://{SITE}/": cut_off})

    story = await story_of(url, here, world())

    aims = [step.aim for step in story.own.http]
    assert aims == [Aim.VISIT, Aim.INNOCUOUS_NAME, Aim.AGAIN, Aim.INNOCUOUS_HOST, Aim.INNOCUOUS_HOST]
    assert [step.url for step in story.own.http if step.address == INNOCENT] == ["http://www.example.net/", f"http://{SITE}/"]
    assert story.judged_by(WEBSITE).rule == "website.http.reset.host"


async def test_neighbours_are_visited_only_where_something_fails() -> None:
    near = "www.neighbour.example"
    names = {SITE: [TRUE], near: ["93.184.216.77"]}
    lost = {TRUE: "generic_timeout_error", "93.184.216.77": "generic_timeout_error"}

    well = await story_of(URL, FakeLook(names=names), FakeLook(names=names), neighbours=(near,))
    cut_off = await story_of(URL, FakeLook(names=names, dead=lost), FakeLook(names=names), neighbours=(near,))

    assert all(step.aim is Aim.VISIT for step in well.own.steps())
    assert (cut_off.judged_by(WEBSITE).rule, cut_off.judged_by(WEBSITE).scope) == ("website.ip.collateral", Meant.COLLATERAL)


async def test_a_page_that_a_control_got_too_is_compared_no_further() -> None:
    url = f"http://{SITE}/"
    story = await story_of(url, FakeLook(names={SITE: [FORGED]}), world())

    assert story.own.tls == ()
    assert story.judged_by(WEBSITE).rule == "website.service.well_in_clear"


async def test_the_second_step_counts_on_from_the_first() -> None:
    story = await story_of(URL, world(ends={TRUE: "connection_reset"}), world())
    starts = [step.started for step in story.own.tls]

    assert starts == sorted(starts)
    assert len(set(starts)) == len(starts)


async def test_through_a_proxy_the_swap_is_made_by_name() -> None:
    ends: dict[Any, str] = {(SITE, SITE): "connection_reset", ("www.example.net", SITE): "connection_reset"}
    here, again = FakeLook(proxied=True, ends=ends), FakeLook(proxied=True, ends=ends)

    story = await story_of(URL, here, world(), again=again)

    assert {step.address for step in story.own.tls} == {SITE, "www.example.net"}
    assert story.judged_by(WEBSITE).rule == "website.tls.reset.sni_everywhere"


@pytest.mark.parametrize("control", [(), (from_control(Facts()),)])
async def test_without_a_control_s_answer_nothing_can_be_tried(control: tuple[Control, ...]) -> None:
    facts = await observe(Params(url=URL), FakeLook())  # type: ignore[arg-type]  # as above

    compared = await compare(Params(url=URL), FakeLook(), facts, control)  # type: ignore[arg-type]  # as above

    assert compared.tls == ()
    assert WEBSITE.judge(seen(compared, control)).state is State.UNCLEAR


def test_the_engine_finds_the_second_step_where_a_probe_has_one() -> None:
    assert WEBSITE.compare is compare
