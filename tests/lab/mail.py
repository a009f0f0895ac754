"""A mail server that keeps what it is given, and can be as awkward as real ones are."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it came: from whom and to whom the server was told to take it, and what stood in it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail, read."""
        return message_from_bytes(self.raw, policy=default)


class MailSink:
    """Takes mails at `port` on loopback; `mails` holds what came, oldest first.

    - `refusing`: addresses with the answers that they get instead of 250
    - `answer`: what the server says to a mail that it has received in full; empty: nothing, it hangs up
    - `hanging`: set, the server says nothing at all to a mail
    """

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.port = 0
        self.refusing: dict[str, str] = {}
        self.answer = "250 OK"
        self.hanging = False
        self.logins: list[tuple[bytes, bytes]] = []
        self.greetings: list[str] = []

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, password: bytes | None = None
    ) -> AsyncIterator["MailSink"]:
        """A server, with TLS from the start or on demand, that asks for the password if one is given."""
        sink = cls()

        def protocol() -> SMTP:
            return SMTP(
                sink,
                hostname="mail.example",
                loop=asyncio.get_running_loop(),
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=password is not None,
                auth_require_tls=starttls is not None,
                authenticator=lambda *given: sink._login(password, given[-1]),
            )

        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
        sink.port = server.sockets[0].getsockname()[1]
        try:
            yield sink
        finally:
            server.close()

    def _login(self, password: bytes | None, given: LoginPassword) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == password, handled=False)

    async def handle_EHLO(  # noqa: N802  aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greetings.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusing:
            return self.refusing[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.hanging:
            await asyncio.Event().wait()
        if not self.answer:
            cast("asyncio.Transport", server.transport).abort()
            return "250 too late"
        if self.answer.startswith("2"):
            self.mails.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b""))
        return self.answer
