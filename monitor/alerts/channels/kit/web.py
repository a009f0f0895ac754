"""What channels that speak HTTP have in common: which addresses they may be given, and what an answer means to them."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from monitor.alerts.channels.kit.door import Answer
from monitor.alerts.channels.kit.outcome import Outcome, Result

_HOST = re.compile(r"(?=.{1,253}\.?$)([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
"""A name as it is looked up (RFC 1035, 2.3.4, with the underscore that some have), or an address: only IPv6 has colons."""

_OVERBURDENED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def outcome_of(answer: Answer, now: datetime) -> Outcome:
    """What the receiver's answer means for this message and for the next ones."""
    status = answer.status
    if 200 <= status < 300:
        return Outcome(result=Result.DELIVERED, status=status)
    if status == HTTPStatus.GONE:
        return Outcome(result=Result.GONE, status=status, error="the receiver answered 410 Gone: it wants no more messages")
    overburdened = status >= 500 or status in _OVERBURDENED
    return Outcome(
        result=Result.UNAVAILABLE if overburdened else Result.REFUSED,
        status=status,
        error=_complaint(status),
        retry_after=retry_after(answer.retry_after, now),
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for; None where there is none, or none that can be read (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - now).total_seconds())


def _complaint(status: int) -> str:
    if 300 <= status < 400:
        return f"the receiver answered {status}, a redirect; put the final address into `url`"
    return f"the receiver answered {status}; only 200 to 299 means that it has the message"


def problem_of(url: str, private: tuple[str, ...]) -> str | None:
    """What is wrong with an address, or None. The words never repeat the address."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "`url` is not a web address; write https://host/path"
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return "`url` must begin with https:// and name a host"
    if parsed.userinfo:
        return "`url` must not hold a user name or password; they would stand in logs"
    if parsed.scheme == "http" and parsed.host not in private:
        return "`url` must begin with https://; http:// is allowed only to hosts listed under `allow_private`"
    return _impossible(parsed)


def _impossible(url: httpx2.URL) -> str | None:
    if not _HOST.fullmatch(url.raw_host.decode("ascii")):
        return "`url` names a host that cannot be; write it as in https://hooks.example.org/path"
    if url.port is not None and not 0 < url.port < 65536:
        return "`url` names a port that cannot be; it lies between 1 and 65535"
    return None
