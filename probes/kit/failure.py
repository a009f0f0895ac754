"""The field's failure vocabulary (OONI data format df-007), and the one place where an exception becomes a word."""

import errno
from enum import StrEnum
from typing import Final

from probes.kit.redact import without_addresses

UNKNOWN_PREFIX: Final = "unknown_failure: "
"""What a failure outside the vocabulary starts with; the rest is the message, scrubbed of addresses."""

_MESSAGE_CAP: Final = 200
"""Characters of a foreign message that are kept: part of it may be a stranger's bytes."""


class Failure(StrEnum):
    """Failures that our stages can name. Source: ooni/spec df-007."""

    DNS_NXDOMAIN = "dns_nxdomain_error"
    DNS_NO_ANSWER = "dns_no_answer"
    DNS_REFUSED = "dns_refused_error"
    DNS_SERVFAIL = "dns_servfail_error"
    DNS_SERVER_MISBEHAVING = "dns_server_misbehaving"
    DNS_WRONG_QUERY_ID = "dns_reply_with_wrong_query_id"
    DNS_BOGON = "dns_bogon_error"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    CONNECTION_ABORTED = "connection_aborted"
    HOST_UNREACHABLE = "host_unreachable"
    NETWORK_UNREACHABLE = "network_unreachable"
    NETWORK_DOWN = "network_down"
    NETWORK_RESET = "network_reset"
    PERMISSION_DENIED = "permission_denied"
    ADDRESS_FAMILY_NOT_SUPPORTED = "address_family_not_supported"
    ADDRESS_NOT_AVAILABLE = "address_not_available"
    INVALID_ARGUMENT = "invalid_argument"
    NO_BUFFER_SPACE = "no_buffer_space"
    TIMED_OUT = "timed_out"
    SSL_FAILED_HANDSHAKE = "ssl_failed_handshake"
    SSL_INVALID_CERTIFICATE = "ssl_invalid_certificate"
    SSL_INVALID_HOSTNAME = "ssl_invalid_hostname"
    SSL_UNKNOWN_AUTHORITY = "ssl_unknown_authority"
    HTTP_INVALID_REDIRECT = "http_invalid_redirect_location_host"
    GENERIC_TIMEOUT = "generic_timeout_error"
    EOF = "eof_error"
    INTERRUPTED = "interrupted"


_BY_ERRNO: Final = {
    errno.ECONNREFUSED: Failure.CONNECTION_REFUSED,
    errno.ECONNRESET: Failure.CONNECTION_RESET,
    errno.EPIPE: Failure.CONNECTION_RESET,  # Linux says so when a reset follows the peer's own close
    errno.ECONNABORTED: Failure.CONNECTION_ABORTED,
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.ENETUNREACH: Failure.NETWORK_UNREACHABLE,
    errno.ENETDOWN: Failure.NETWORK_DOWN,
    errno.ENETRESET: Failure.NETWORK_RESET,
    errno.EACCES: Failure.PERMISSION_DENIED,
    errno.EPERM: Failure.PERMISSION_DENIED,
    errno.EAFNOSUPPORT: Failure.ADDRESS_FAMILY_NOT_SUPPORTED,
    errno.EADDRNOTAVAIL: Failure.ADDRESS_NOT_AVAILABLE,
    errno.EINVAL: Failure.INVALID_ARGUMENT,
    errno.ENOBUFS: Failure.NO_BUFFER_SPACE,
    errno.ETIMEDOUT: Failure.TIMED_OUT,
}


class Failed(Exception):
    """A step failed in a way that has a name in the vocabulary."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def classify(error: BaseException) -> str:
    """The word for `error`. What the vocabulary does not know keeps its message, without addresses and bounded."""
    if isinstance(error, Failed):
        return error.failure
    if isinstance(error, EOFError):
        return Failure.EOF
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    if isinstance(error, TimeoutError):
        return Failure.GENERIC_TIMEOUT
    return unknown(str(error) or type(error).__name__)


def unknown(message: str) -> str:
    """A failure outside the vocabulary: one printable line without addresses."""
    printable = "".join(character if character.isprintable() else " " for character in message[: 4 * _MESSAGE_CAP])
    return UNKNOWN_PREFIX + without_addresses(printable)[:_MESSAGE_CAP]
