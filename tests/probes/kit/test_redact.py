"""Nothing that says where we look from, and no cookie or credential, gets past the scrubber."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.redact import Scrubber, without_addresses, without_secrets


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("dial tcp 198.51.100.7:443: oops", "dial tcp [scrubbed]:443: oops"),
        ("to [2001:db8::1]:443 failed", "to [[scrubbed]]:443 failed"),
        ("from fe80::1%eth0 to ::ffff:192.0.2.1", "from [scrubbed] to [scrubbed]"),
        ("OpenSSL 3.0.19 and version 1.2.3", "OpenSSL 3.0.19 and version 1.2.3"),
        ("nothing to see", "nothing to see"),
    ],
)
def test_addresses_are_taken_out_of_messages(text: str, scrubbed: str) -> None:
    assert without_addresses(text) == scrubbed


@given(st.ip_addresses().map(str))
def test_no_address_stays_in_a_message(address: str) -> None:
    assert address not in without_addresses(f"cannot reach {address} just now")


@pytest.mark.parametrize("name", ["Set-Cookie", "set-cookie", "Cookie", "Authorization", "Proxy-Authorization", "Cookie2"])
def test_the_values_of_cookies_and_credentials_are_taken_out(name: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nServer: x\r\n{name}:  secret=1; Path=/\r\n\tsecret folded\r\nEnd: y\r\n\r\n".encode()

    assert without_secrets(head) == f"HTTP/1.1 200 OK\r\nServer: x\r\n{name}: [scrubbed]\r\nEnd: y\r\n\r\n".encode()


def test_other_headers_stay_as_they_are() -> None:
    head = b"GET /cookie: HTTP/1.1\r\nX-Cookie: fine\r\nAccept: */*\r\n\r\n"

    assert without_secrets(head) == head


def test_own_addresses_are_taken_out_in_every_spelling() -> None:
    scrubber = Scrubber(["203.0.113.77", "2001:db8::77"])
    page = b"203.0.113.77 (203.0.113.77:80) ip=203.0.113.77. 2001:DB8::77 2001:0db8:0000:0000:0000:0000:0000:0077"

    assert scrubber.scrub(page) == b"[scrubbed] ([scrubbed]:80) ip=[scrubbed]. [scrubbed] [scrubbed]"


@pytest.mark.parametrize("other", ["203.0.113.7", "203.0.113.177", "1203.0.113.77", "203.0.113.77.8", "203.0.113.770"])
def test_longer_and_other_addresses_are_left_alone(other: str) -> None:
    assert Scrubber(["203.0.113.77"]).scrub(other.encode()) == other.encode()


def test_text_is_scrubbed_whatever_it_holds() -> None:
    assert Scrubber(["203.0.113.77"]).scrub_text("п\udcff\ud800 203.0.113.77") == "п?? [scrubbed]"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "", "localhost", "socket"])
def test_what_gives_nobody_away_is_not_sought(address: str) -> None:
    assert Scrubber([address]).scrub(b"127.0.0.1 ::1 localhost socket") == b"127.0.0.1 ::1 localhost socket"


def test_of_the_addresses_learnt_on_the_way_the_oldest_are_forgotten() -> None:
    scrubber = Scrubber([])
    for number in range(1000):
        scrubber.learn(f"203.0.{number // 250}.{number % 250}")

    assert scrubber.scrub(b"203.0.0.5 203.0.3.185 203.0.3.186 203.0.3.249") == b"203.0.0.5 203.0.3.185 [scrubbed] [scrubbed]"


def test_an_address_in_use_and_one_that_was_told_are_never_forgotten() -> None:
    scrubber = Scrubber(["203.0.113.77"])
    for number in range(1000):
        scrubber.learn("203.0.113.78")
        scrubber.learn(f"198.51.{number // 250}.{number % 250}")

    assert scrubber.scrub(b"203.0.113.77 203.0.113.78") == b"[scrubbed] [scrubbed]"


def test_what_is_no_address_drives_none_out() -> None:
    scrubber = Scrubber([])
    scrubber.learn("203.0.113.78")
    for number in range(1000):
        scrubber.learn(f"socket {number}")

    assert scrubber.scrub(b"203.0.113.78") == b"[scrubbed]"


def test_a_resolver_that_everybody_may_use_gives_nobody_away() -> None:
    scrubber = Scrubber([], public=["9.9.9.10"])
    scrubber.learn("9.9.9.10")

    assert scrubber.scrub(b"9.9.9.10") == b"9.9.9.10"


def test_an_own_address_among_the_facts_is_taken_out_and_a_private_one_stays_visible() -> None:
    scrubber = Scrubber(["93.184.216.34", "192.168.1.1", "2A02:6B8::2:242"])

    assert scrubber.address("93.184.216.34") == scrubber.address("2a02:6b8::2:242") == "[scrubbed]"
    assert (scrubber.address("192.168.1.1"), scrubber.address("93.184.216.35")) == ("192.168.1.1", "93.184.216.35")


def test_a_page_that_was_clean_is_looked_at_again_once_more_is_known() -> None:
    scrubber = Scrubber(["203.0.113.77"])
    assert scrubber.page(b"you are 203.0.113.78").data == scrubber.page(b"you are 203.0.113.78").data == b"you are 203.0.113.78"
    assert scrubber.scrub_text("203.0.113.78") == "203.0.113.78"

    scrubber.learn("203.0.113.78")

    assert scrubber.page(b"you are 203.0.113.78").data == b"you are [scrubbed]"
    assert scrubber.scrub_text("203.0.113.78") == "[scrubbed]"


def test_pages_and_texts_without_end_are_not_all_remembered() -> None:
    scrubber = Scrubber(["203.0.113.77"])
    for number in range(10_000):
        scrubber.page(b"%d" % number)
        scrubber.scrub_text(str(number))

    assert (len(scrubber._clean), len(scrubber._texts)) == (4096, 4096)
