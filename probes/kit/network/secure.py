"""TLS over a plain connection, with whatever certificate: it is captured here and judged afterwards.

pyOpenSSL, because it hands out the peer's chain on every version of Python, where the standard library has only a private
way to it before 3.13; and because it brings its own OpenSSL. So every vantage point shakes hands alike, whatever its
system has, with the key exchange of a current browser, and an eighth cheaper than with the OpenSSL 3.0 of Debian 12.
"""

from functools import cached_property
from typing import Final

from OpenSSL import SSL, crypto

from probes.kit.address import is_address
from probes.kit.failure import Failed, Failure, unknown
from probes.kit.meter import Meter
from probes.kit.network.plain import Plain

_PIECE: Final = 16384


def context(protocol: bytes = b"http/1.1") -> SSL.Context:
    """The context of a vantage point for `protocol` (ALPN), with an empty store: with a full one OpenSSL verifies unasked.

    No credential may ever travel over what it opens.
    """
    unverified = SSL.Context(SSL.TLS_CLIENT_METHOD)
    unverified.set_verify(SSL.VERIFY_NONE)
    unverified.set_min_proto_version(SSL.TLS1_2_VERSION)
    unverified.set_mode(SSL.MODE_RELEASE_BUFFERS)  # who waits for an answer holds no buffers
    unverified.set_alpn_protos([protocol])
    return unverified


class Secure:
    """The same reading and writing as `Plain`, encrypted. TLS runs in memory, so both loops see every error as it was."""

    def __init__(self, plain: Plain, unverified: SSL.Context, server_name: str) -> None:
        self._plain = plain
        self._tls = SSL.Connection(unverified)
        self._tls.set_connect_state()
        if not is_address(server_name):
            self._tls.set_tlsext_host_name(server_name.encode("ascii"))
        self._ended = False
        self._error: Failed | None = None

    async def handshake(self) -> None:
        """Shake hands. Our last message leaves with the request, if there is one to come.

        Raises Failed, EOFError where the peer closed instead, and OSError where the connection broke.
        """
        while not self._shaken():
            await self._feed()

    def _shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return False
        except (SSL.SysCallError, SSL.ZeroReturnError) as error:
            raise EOFError from error
        except SSL.Error as error:
            self._flush()  # the alert that says why we give up
            raise Failed(Failure.SSL_FAILED_HANDSHAKE) from error
        return True

    async def _feed(self) -> None:
        data = await self._plain.read()
        if data:
            self._tls.bio_write(data)
        else:
            self._tls.bio_shutdown()

    def _flush(self) -> None:
        try:
            while len(piece := self._tls.bio_read(_PIECE)) == _PIECE:
                self._plain.write(piece)
        except SSL.WantReadError:
            return
        self._plain.write(piece)

    async def read(self) -> bytes:
        """What has arrived, at least one byte; nothing at the end. Raises Failed, or OSError where the connection broke."""
        while not (data := self._decrypt()) and not self._ended:
            if self._error is not None:
                raise self._error
            self._flush()
            await self._feed()
        return data

    def _decrypt(self) -> bytes:
        """All that can be read at once: one record at a time would cost every layer above another round."""
        records: list[bytes] = []
        try:
            while True:
                records.append(self._tls.recv(_PIECE))
        except SSL.WantReadError:
            pass
        except (SSL.SysCallError, SSL.ZeroReturnError):
            self._ended = True
        except SSL.Error as error:
            self._error = Failed(unknown(f"TLS: {_reason(error)}"))
        return b"".join(records)

    def measure(self) -> Meter:
        """Count from now on what arrives, encrypted as it is: part of a record cannot be read, but it has come."""
        return self._plain.measure()

    def write(self, data: bytes) -> None:
        """Send `data`."""
        self._tls.sendall(data)
        self._flush()

    def close(self) -> None:
        """Give the connection up at once."""
        self._flush()
        self._plain.close()

    @property
    def version(self) -> str:
        """The protocol version, such as `TLSv1.3`."""
        return self._tls.get_protocol_version_name()

    @property
    def cipher(self) -> str | None:
        """The cipher suite by OpenSSL's name."""
        return self._tls.get_cipher_name()

    @cached_property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer sent, DER, leaf first; whatever they are worth."""
        sent = self._tls.get_peer_cert_chain() or ()
        return tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in sent)


def _reason(error: SSL.Error) -> str:
    """OpenSSL's words. pyOpenSSL gives a list of (library, function, reason)."""
    return "; ".join(entry[-1] for entry in error.args[0]) if error.args else type(error).__name__
