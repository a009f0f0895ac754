"""Every exception becomes a word of the field's vocabulary, or keeps its message without addresses."""

import errno
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from probes.kit.failure import UNKNOWN_PREFIX, Failed, Failure, classify, unknown


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "connection_refused"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "connection_reset"),
        (BrokenPipeError(errno.EPIPE, "broken pipe"), "connection_reset"),
        (ConnectionAbortedError(errno.ECONNABORTED, "aborted"), "connection_aborted"),
        (OSError(errno.EHOSTUNREACH, "no route"), "host_unreachable"),
        (OSError(errno.ENETUNREACH, "unreachable"), "network_unreachable"),
        (OSError(errno.EAFNOSUPPORT, "no IPv6"), "address_family_not_supported"),
        (PermissionError(errno.EACCES, "firewall"), "permission_denied"),
        (TimeoutError(errno.ETIMEDOUT, "by the kernel"), "timed_out"),
        (TimeoutError(), "generic_timeout_error"),
        (EOFError(), "eof_error"),
        (Failed(Failure.DNS_NXDOMAIN), "dns_nxdomain_error"),
    ],
)
def test_an_error_has_its_word(error: Exception, word: str) -> None:
    assert classify(error) == word


def test_what_has_no_word_keeps_its_message_without_addresses() -> None:
    assert classify(OSError("198.51.100.7: strange\r\nthings")) == "unknown_failure: [scrubbed]: strange  things"
    assert classify(RuntimeError()) == "unknown_failure: RuntimeError"


@given(st.text())
def test_a_message_is_one_bounded_printable_line(message: str) -> None:
    word = unknown(message)

    assert word.startswith(UNKNOWN_PREFIX)
    assert len(word) <= len(UNKNOWN_PREFIX) + 200
    assert word.isprintable()


def test_every_word_is_the_fields(reference: Path) -> None:
    listed = YAML(typ="safe").load(reference / "ooni" / "failure_strings.yaml")
    words = set(chain.from_iterable(entry for entry in listed.values() if isinstance(entry, list)))

    assert {str(word) for word in Failure} <= words
