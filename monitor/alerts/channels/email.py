"""Sends every message as a mail, through a mail server of yours.

    channels:
      - id: our-desk
        kind: email
        settings:
          host: mail.example.org
          username: cutwatch@example.org
          password: OUR_DESK_MAIL_PASSWORD
          sender: cutwatch@example.org
          to: [desk@example.org]

`password` is the name of the environment variable that holds the password, or names its file with `_FILE` behind it.
`security` is `starttls` (port 587), `tls` (port 465) or `plain` (port 25), which is allowed only on this machine and to a
host named under `allow_plain`. `port` says where else the server listens; `trust` is a PEM file with the certificate
authority of your own house.

Mails come from `sender`, under the name of `sender_name` (Cutwatch). Those about one incident form a thread. Nobody sees who
else receives them, unless `show_recipients` is true. `unsubscribe` is where a reader's client may unsubscribe (`mailto:` or
`https:`), else a mail to `sender`. When the server refuses one of several addresses for the moment, all wait for it for ten
minutes, then the others get theirs; an address that is refused for good is reported with each delivery.
"""

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from socket import gaierror
from ssl import SSLCertVerificationError, SSLError
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)
from pydantic import BaseModel, ConfigDict, Field, FilePath, StringConstraints, model_validator

from monitor.alerts.channels.kit.door import trusting
from monitor.alerts.channels.kit.letter import Correspondence, letter
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.kit.providers import provider_at
from monitor.alerts.channels.kit.secrets import UnusableSecret, read
from monitor.core.message import Parcel
from monitor.core.model import SecretName
from monitor.core.naming import plain
from monitor.settings import MissingSecret

PATIENCE = 28.0
"""Seconds for one delivery. RFC 5321 (4.5.3.2) grants a server minutes; whoever needs them gets the mail once more."""

PREPARATION = 15.0
"""Seconds of those from connecting to the last recipient. A server that hangs until then has certainly taken nothing."""

WAIT_FOR_ALL = timedelta(minutes=10)
"""How long everyone waits for an address that is refused for the moment (grey-listing takes about five minutes)."""

_SAID = 200
"""Characters of a server's answer that an error repeats."""

_FOR_GOOD = 500
"""The first code that is final (RFC 5321, 4.2.1); those below ask to come again."""

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}
_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"

_REMEDIES: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {
        gaierror: "its name cannot be looked up; check `host`, and whether this machine can look up other names",
        ConnectionRefusedError: "it refuses the connection; check `port`, and whether a firewall is in the way",
        SSLCertVerificationError: "its certificate is not in order ({said}); `host` must be the name for which it was made out, "
        "and an authority of your own must stand under `trust`",
        SSLError: "it does not speak TLS there ({said}); `tls` is mostly for port 465, `starttls` for port 587",
        SMTPServerDisconnected: "it broke the connection off ({said}); check `port` and `security`",
    }
)
"""What to do about what keeps a server from being spoken to, the narrower causes first."""

MailAddress = Annotated[str, StringConstraints(pattern=_ADDRESS, max_length=254)]
"""A bare address in ASCII, without a name (RFC 5321, 4.1.2, without quotation marks)."""


class Settings(BaseModel):
    """What `alerts.yaml` says for mails. Errors never repeat what was written: who is written to is nobody's business."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]+$", max_length=253)]
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "plain"] = "starttls"
    allow_plain: tuple[str, ...] = ()
    trust: FilePath | None = None
    username: str | None = Field(default=None, min_length=1, max_length=254)
    password: SecretName | None = None
    sender: MailAddress
    sender_name: str = Field(default="Cutwatch", max_length=100)
    to: tuple[MailAddress, ...] = Field(min_length=1, max_length=50)
    show_recipients: bool = False
    unsubscribe: Annotated[str, StringConstraints(pattern=r"^(mailto:|https://)[!-;=?-~]+$", max_length=500)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` belong together: write both or neither")
        if self.security == "plain" and not (_is_here(self.host) or self.host in self.allow_plain):
            raise ValueError(
                "`security: plain` lets everyone on the way read along; use starttls or tls, or name the host under `allow_plain`"
            )
        return self


async def deliver(parcel: Parcel, settings: Settings, now: datetime) -> Outcome:
    """Send one parcel as one mail to all recipients."""
    mail = letter(parcel, _correspondence(settings), now).as_bytes()
    try:
        client = _client(settings)
    except (MissingSecret, UnusableSecret) as problem:
        return Outcome(result=Result.REFUSED, error=str(problem))
    try:
        async with asyncio.timeout(PREPARATION):
            refusals = await _prepare(client, settings)
        return await _hand_over(client, mail, refusals, settings, patiently=now - parcel.created_at < WAIT_FOR_ALL)
    except SMTPResponseException as problem:
        return _rejected(problem.code, f"the mail server answered {_words(problem)}")
    except TimeoutError:
        return _unavailable(
            f"{settings.host} was not ready to take a mail within {PREPARATION:g} seconds; check `port` and `security`"
        )
    except (SMTPException, OSError) as problem:
        return _unavailable(f"{settings.host} could not be spoken to: {_words(problem)}")
    finally:
        client.close()


def check_secrets(settings: Settings) -> None:
    """See whether there is a password to log in with. Raises `MissingSecret` or `UnusableSecret`."""
    if settings.password:
        read(settings.password)


def provider(settings: Settings) -> str | None:
    """The provider without which no mail leaves, where it is one that Cutwatch knows."""
    return provider_at(settings.host)


def _correspondence(settings: Settings) -> Correspondence:
    is_shown = settings.show_recipients or len(settings.to) == 1
    return Correspondence(
        sender=settings.sender,
        sender_name=settings.sender_name,
        to=settings.to if is_shown else (),
        unsubscribe=settings.unsubscribe or f"mailto:{settings.sender}?subject=unsubscribe",
    )


def _client(settings: Settings) -> SMTP:
    return SMTP(
        hostname=settings.host,
        port=settings.port or _PORTS[settings.security],
        username=settings.username,
        password=read(settings.password) if settings.password else None,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        tls_context=None if settings.security == "plain" else trusting(settings.trust),
        # The server need not learn what this machine is called.
        local_hostname=settings.sender.rpartition("@")[2],
        timeout=PATIENCE,
    )


async def _prepare(client: SMTP, settings: Settings) -> list[int | None]:
    """Everything up to the last recipient. Returns the code with which each was refused, or None."""
    await client.connect()
    await client.mail(settings.sender)
    return [await _refusal(client, address) for address in settings.to]


async def _refusal(client: SMTP, address: str) -> int | None:
    try:
        await client.rcpt(address)
    except SMTPRecipientRefused as problem:
        return problem.code
    return None


async def _hand_over(
    client: SMTP, mail: bytes, refusals: Sequence[int | None], settings: Settings, *, patiently: bool
) -> Outcome:
    codes = [code for code in refusals if code is not None]
    for_the_moment = [code for code in codes if code < _FOR_GOOD]
    if len(codes) == len(refusals) or (for_the_moment and patiently):
        return _rejected(for_the_moment[0] if for_the_moment else codes[0], _refused_addresses(refusals))
    try:
        response = await client.data(mail)
    except (SMTPServerDisconnected, SMTPTimeoutError):
        error = f"{settings.host} broke off after the mail had been handed over"
        return Outcome(result=Result.UNAVAILABLE, error=error, perhaps_received=True)
    return Outcome(result=Result.DELIVERED, status=response.code, error=_refused_addresses(refusals) if codes else None)


def _rejected(code: int, error: str) -> Outcome:
    return Outcome(result=Result.REFUSED if code >= _FOR_GOOD else Result.UNAVAILABLE, status=code, error=error)


def _unavailable(error: str) -> Outcome:
    return Outcome(result=Result.UNAVAILABLE, error=error)


def _refused_addresses(refusals: Sequence[int | None]) -> str:
    """Which of the addresses were refused, by their places under `to`: who they are does not belong into a log."""
    places = ", ".join(f"number {place} ({code})" for place, code in enumerate(refusals, 1) if code is not None)
    return f"the mail server refused of {len(refusals)} addresses under `to`: {places}"


def _words(problem: Exception) -> str:
    """What the server or the network said. A server's words about a password may repeat it, so of those only the code counts."""
    if isinstance(problem, SMTPAuthenticationError):
        return f"{problem.code} to the password; check `username`, and what the variable under `password` holds"
    if isinstance(problem, SMTPResponseException):
        return f"{problem.code} {plain(problem.message, _SAID)}"
    # The library wraps what the network said into an error of its own.
    cause = problem.__cause__ or problem
    remedy = next((words for kind, words in _REMEDIES.items() if isinstance(cause, kind)), None)
    return remedy.format(said=plain(str(cause), _SAID)) if remedy else plain(str(cause) or type(cause).__name__, _SAID)


def _is_here(host: str) -> bool:
    """Whether `host` is this machine, so that nobody can read along on the way."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
