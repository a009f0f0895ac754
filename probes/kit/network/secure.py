"""TLS over a plain connection, with whatever certificate: it is captured here and judged afterwards."""

import ssl
import sys
from functools import cached_property

from probes.kit.network.plain import Plain

_DER = 2
_RECORD = 16384


def context() -> ssl.SSLContext:
    """The one context of a vantage point, with an empty store: with a full one OpenSSL verifies although nobody asked.

    No credential may ever travel over what it opens.
    """
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    unverified.set_alpn_protocols(["http/1.1"])
    return unverified


class Secure:
    """The same reading and writing as `Plain`, encrypted. TLS runs in memory, so both loops see every error as it was."""

    def __init__(self, plain: Plain, unverified: ssl.SSLContext, server_name: str) -> None:
        self._plain = plain
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = unverified.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._ended = False
        self._error: ssl.SSLError | None = None

    async def handshake(self) -> None:
        """Shake hands. Raises ssl.SSLError or OSError. Our last message leaves with the request, if there is one to come."""
        while not self._shaken():
            await self._feed()

    def _shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError:
            self._flush()  # the alert that says why we give up
            raise
        return True

    async def _feed(self) -> None:
        data = await self._plain.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._plain.write(self._outgoing.read())

    async def read(self) -> bytes:
        """What has arrived, at least one byte; nothing at the end. Raises ssl.SSLError or OSError."""
        while True:
            data = self._decrypt()
            if data or self._ended:
                return data
            if self._error is not None:
                raise self._error
            await self._feed()

    def _decrypt(self) -> bytes:
        """All that can be read at once: one record at a time would cost every layer above another round."""
        records: list[bytes] = []
        try:
            while record := self._tls.read(_RECORD):
                records.append(record)
            self._ended = True
        except ssl.SSLWantReadError:
            self._flush()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            self._ended = True
        except ssl.SSLError as error:
            self._error = error
        return b"".join(records)

    def write(self, data: bytes) -> None:
        """Send `data`."""
        self._tls.write(data)
        self._flush()

    def close(self) -> None:
        """Give the connection up at once."""
        self._flush()
        self._plain.close()

    @property
    def version(self) -> str | None:
        """The protocol version, such as `TLSv1.3`."""
        return self._tls.version()

    @property
    def cipher(self) -> str | None:
        """The cipher suite by OpenSSL's name."""
        cipher = self._tls.cipher()
        return cipher[0] if cipher else None

    @cached_property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates that the peer sent, DER, leaf first; whatever they are worth."""
        if sys.version_info >= (3, 13):
            return tuple(self._tls.get_unverified_chain())
        inner = self._tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - before 3.13 there is no public way to it
        return tuple(certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain() or ())
