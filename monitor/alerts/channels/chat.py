"""Sends every message to a chat or a phone, through Apprise.

    channels:
      - id: our-room
        kind: chat
        settings:
          service: telegram
          url: OUR_ROOM_CHAT_URL

`service` is discord, google_chat, gotify, matrix, mattermost, nextcloud_talk, ntfy, pushover, rocketchat, signal, slack,
teams, telegram, threema, webex or zulip. `url` is the name of the environment variable that holds the Apprise URL, such as
`tgram://TOKEN/CHAT`, or names its file with `_FILE` behind it: it holds tokens, so it is never written down here. It names
one room; for another room make another channel. `allow_private` lists hosts of your own that may lead to private addresses,
and those to which Apprise may speak without encryption.

Messages go as plain text: names can neither call everyone (`@channel`) nor bear markup. What is longer than the service
takes is cut, and the link is kept. Chat services know no ids: what may have arrived, although no answer came, may come twice.
"""

import importlib
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from apprise import AppriseAsset, NotifyFormat
from apprise.plugins.base import NotifyBase
from pydantic import BaseModel, ConfigDict, field_validator

from monitor.alerts.channels.kit.door import Forbidden, Unreachable, permitted
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.kit.secrets import UnusableSecret, read
from monitor.alerts.channels.kit.services import INSTEAD, SERVICES, Service
from monitor.alerts.channels.kit.threads import AllTaken, in_thread
from monitor.core.message import Parcel
from monitor.core.model import SecretName
from monitor.core.naming import plain
from monitor.core.phrases.gathered import home
from monitor.settings import MissingSecret

PATIENCE = 28.0
"""Seconds for one delivery: some services are spoken to several times for one message."""

CONNECT_PATIENCE = 5.0
READ_PATIENCE = 15.0
"""Seconds that Apprise waits for a connection, and for each piece of an answer."""

_LONGEST = 4000
"""Characters of a message for a chat, whatever its service takes."""

_OURS: Final = frozenset({"attach", "emojis", "format", "overflow", "redirect", "template", "verify"})
"""What an Apprise URL must not decide: how text is read and cut, whether certificates count, where else to go."""

_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
_FAILED: Final = "Socket Exception"
_NOTHING_LEFT: Final = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeout|SSLError|SSLCertVerificationError|CERTIFICATE_VERIFY_FAILED"
    "|Connection refused|Failed to establish"
)
"""What is said of a connection that never stood, so that nothing can have been sent."""

_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)
"""What Apprise has said during the present delivery. It may hold tokens and never leaves this module."""


class _Ear(logging.Handler):
    """Hears what Apprise says, for this module alone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a line, if a delivery listens."""
        lines = _heard.get()
        if lines is not None:
            lines.append(record.getMessage())


def _hear_alone(name: str, level: int) -> None:
    """Let nobody else hear what a library logs: addresses, in which tokens stand."""
    logger = logging.getLogger(name)
    logger.handlers = [_Ear()]
    logger.propagate = False
    logger.setLevel(level)


_hear_alone("apprise", logging.DEBUG)
_hear_alone("urllib3", logging.WARNING)


class Settings(BaseModel):
    """What `alerts.yaml` says for a chat. Errors never repeat what was written: somebody may have pasted a token."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    service: str
    url: SecretName
    allow_private: tuple[str, ...] = ()

    @field_validator("service")
    @classmethod
    def _is_known(cls, service: str) -> str:
        if service in INSTEAD:
            raise ValueError(f"this is no chat: make a channel with `kind: {INSTEAD[service]}` instead")
        if service not in SERVICES:
            raise ValueError(f"there is no such service; there are: {', '.join(SERVICES)}")
        return service


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of a delivery: whether Apprise calls it a success, and what it said of it."""

    success: bool
    lines: tuple[str, ...]


async def deliver(parcel: Parcel, settings: Settings, now: datetime) -> Outcome:  # noqa: ARG001  no chat asks for the time
    """Send one parcel as one message."""
    service = SERVICES[settings.service]
    try:
        plugin = _plugin(settings, service)
        await _check_host(plugin, settings, service)
        title, body = words(parcel.payload["data"], plugin.title_maxlen, min(plugin.body_maxlen, service.limit or _LONGEST))
        said = await in_thread(lambda: _notify(plugin, title, body))
    except (MissingSecret, UnusableSecret, Forbidden) as problem:
        return Outcome(result=Result.REFUSED, error=str(problem))
    except (Unreachable, AllTaken) as problem:
        return Outcome(result=Result.UNAVAILABLE, error=str(problem))
    return _outcome(settings.service, said)


def check_secrets(settings: Settings) -> None:
    """See whether Apprise can read the URL. Raises `MissingSecret` or `UnusableSecret`."""
    _plugin(settings, SERVICES[settings.service])


def provider(settings: Settings) -> str | None:
    """The provider without which this chat is silent, where it is one that Cutwatch knows."""
    return SERVICES[settings.service].provider


def words(data: dict[str, Any], title_limit: int, limit: int) -> tuple[str, str]:
    """Title and body for a service that takes so many characters; without room for a title it begins the body."""
    title = harmless(plain(data["title"], title_limit or limit))
    own = _own_links(data)
    lines = [line if line in own else harmless(plain(line, limit)) for line in data["text"].splitlines()]
    link = lines[-1] if lines and (lines[-1] in own or _LINK.fullmatch(lines[-1])) else ""
    if title_limit == 0:
        title, lines = "", [title, "", *lines]
    return title, _cut("\n".join(lines), limit, link)


def _own_links(data: dict[str, Any]) -> frozenset[str]:
    """The lines of a text that lead to us, whatever letters stand in our address (a name in other letters, `[::1]`)."""
    told = [one for one in (data, *data.get("items", ())) if "url" in one]
    return frozenset({home(told), *(one["url"] for one in told)})


def harmless(line: str) -> str:
    """`line` so that no service reads markup, a call to all or a command in it. Words that are links stay as they are."""
    return " ".join(word if _LINK.fullmatch(word) else _defused(word) for word in line.split(" "))


_LINK: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#=&%+-]+")
_LOOKALIKES: Final = str.maketrans(
    {"*": "\u2217", "`": "\u2019", "~": "\u223c", "|": "\u2223", "[": "(", "]": ")", "<": "\u2039", ">": "\u203a", "\\": "\u2216"}
)
_OUTER_UNDERSCORE: Final = re.compile(r"(?<!\w)_+|_+(?!\w)|__+")
_CALL: Final = re.compile(r"(@|(?<!\w)[#!/:])(?=\w)")


def _defused(word: str) -> str:
    """Markup becomes letters that look alike; an invisible space keeps a sign from calling the name behind it."""
    return _CALL.sub("\\1\u200b", _OUTER_UNDERSCORE.sub("\u2017", word.translate(_LOOKALIKES)))


def _cut(body: str, limit: int, link: str) -> str:
    """`body` in at most `limit` UTF-16 units, as most services count; what is cut leaves room for the link."""
    if _units(body) <= limit:
        return body
    ending = f"…\n{link}" if link else "…"
    room = limit - _units(ending)
    kept = body.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore")
    return kept.rstrip() + ending


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _plugin(settings: Settings, service: Service) -> NotifyBase:
    """Apprise's own part for the service, made from the secret URL."""
    url = _url(settings, service)
    # Where a service knows plain text, that is what it gets; the others get the text escaped.
    plugin = _made(service, f"{url}{'&' if '?' in url else '?'}format=text")
    if plugin is None:
        raise UnusableSecret(f"Apprise cannot read {settings.url}; see its page on {settings.service} for the form of the URL")
    if len(plugin) > 1:
        raise UnusableSecret(f"{settings.url} must name one room; make a channel of its own for each other one")
    plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT_PATIENCE, READ_PATIENCE
    return plugin


def _url(settings: Settings, service: Service) -> str:
    """The secret URL, if it belongs to the service and decides nothing that is ours."""
    url = _secret_url(settings.url)
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in service.schemes:
        expected = " or ".join(f"{one}://" for one in service.schemes)
        raise UnusableSecret(f"{settings.url} must begin with {expected} for the service {settings.service}")
    taken = sorted(_OURS & parse_qs(rest.partition("?")[2], keep_blank_values=True).keys())
    if taken:
        raise UnusableSecret(f"take {', '.join(taken)} out of {settings.url}: Cutwatch decides that")
    return url


def _made(service: Service, url: str) -> NotifyBase | None:
    """Apprise's part for the service, or None where it cannot read the URL.

    Only this one part is loaded: Apprise by itself would load all, among them some that start programs.
    """
    module, _, name = service.plugin.rpartition(".")
    kind: type[NotifyBase] = getattr(importlib.import_module(f"apprise.plugins.{module}"), name)
    parts = kind.parse_url(url)
    if not parts:
        return None
    try:
        return kind(**{**parts, "asset": _asset()})
    except TypeError:  # what Apprise's parts raise where a token has the wrong form
        return None


def _secret_url(name: str) -> str:
    url = read(name).strip()
    if re.search(r"\s", url):
        raise UnusableSecret(f"{name} must hold one Apprise URL; make a channel of its own for each other one")
    return url


def _asset() -> AppriseAsset:
    # No pictures: they would be fetched from a stranger's server by whoever reads.
    return AppriseAsset(
        app_id="Cutwatch", app_desc="Cutwatch", app_url="", image_url_mask="", image_url_logo="", http_redirects=False
    )


async def _check_host(plugin: NotifyBase, settings: Settings, service: Service) -> None:
    """Whether a host of one's own may be gone to. Apprise looks its name up once more by itself."""
    if not service.own_host or getattr(plugin, "mode", None) == "cloud":
        return
    if not plugin.secure and plugin.host not in settings.allow_private:
        raise UnusableSecret(
            f"{settings.url} speaks without encryption: begin it with {service.schemes[-1]}://, "
            f"or name {plugin.host} under `allow_private`"
        )
    await permitted(plugin.host, plugin.port or 443, settings.allow_private)


def _notify(plugin: NotifyBase, title: str, body: str) -> _Said:
    """Let Apprise send it. Runs in a thread of its own, since Apprise waits for the network."""
    with _listening() as lines:
        success = plugin.notify(title=title, body=body, body_format=NotifyFormat.TEXT)
    return _Said(success, tuple(lines))


@contextmanager
def _listening() -> Iterator[list[str]]:
    lines: list[str] = []
    before = _heard.set(lines)
    try:
        yield lines
    finally:
        _heard.reset(before)


def _outcome(service: str, said: _Said) -> Outcome:
    """What to make of Apprise's success or failure. Of its words only the status is repeated: they may hold tokens."""
    if said.success:
        return Outcome(result=Result.DELIVERED)
    status = _status(said.lines)
    if status is not None and status >= 300:
        is_busy = status >= 500 or status in (408, 429)
        result = Result.UNAVAILABLE if is_busy else Result.REFUSED
        return Outcome(result=result, status=status, error=f"{service} answered {status}")
    failures = [line for line in said.lines if _FAILED in line]
    if not failures:
        return Outcome(result=Result.REFUSED, error=f"{service} did not take the message; check the tokens and the room")
    if all(_NOTHING_LEFT.search(line) for line in failures):
        return Outcome(result=Result.UNAVAILABLE, error=f"{service} could not be connected to")
    return Outcome(result=Result.UNAVAILABLE, error=f"{service} was spoken to and did not answer", perhaps_received=True)


def _status(lines: Iterable[str]) -> int | None:
    found = [int(status) for line in lines for status in _STATUS.findall(line)]
    return found[-1] if found else None
