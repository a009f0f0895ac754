"""What wants a control, and what a control is asked to try."""

import pytest

from probes.kit.observation import Facts
from probes.website import addresses, case, wants_control
from tests.probes.telling import seen
from tests.probes.website import stories
from tests.probes.website.stories import fine, fine_in_clear, refused, resolved


def test_a_healthy_page_over_a_valid_chain_wants_no_control() -> None:
    assert not wants_control(fine())


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        refused(),
        fine_in_clear(),
        fine(status=403),
        fine(status=503),
        fine("10.0.0.7"),
        stories.a_page_redirects_to_the_reader_s_own_machine().own,
        stories.a_page_in_clear_text_sends_us_to_a_warning_over_tls().own,
        stories.a_forged_answer_for_ipv6_leaves_ipv4_alone().own,
        stories.somebody_shows_a_certificate_made_for_the_name().own,
    ],
    ids=[
        "nothing seen",
        "a failure",
        "a page in clear text",
        "a refusal",
        "an error",
        "a private address",
        "a redirect that is not followed",
        "a landing elsewhere",
        "one private answer",
        "an intercepting certificate",
    ],
)
def test_whatever_else_was_seen_does(facts: Facts) -> None:
    assert wants_control(facts)


def test_a_control_is_asked_to_try_at_most_eight_public_or_private_addresses_but_never_ourselves() -> None:
    many = [f"203.0.114.{last}" for last in range(20)]

    assert addresses(resolved("127.0.0.1", "10.10.34.35", *many).facts()) == ("10.10.34.35", *many[:7])


def test_the_page_of_an_impostor_does_not_count_as_a_page() -> None:
    look = resolved().connected(stories.TRUE).shook_hands(stories.TRUE, stories.SITE, failure="ssl_unknown_authority")
    impostor = look.got(stories.HTTPS, stories.TRUE).facts()

    assert case(seen(impostor)).page is None
    assert case(seen(impostor)).failure == "ssl_unknown_authority"
