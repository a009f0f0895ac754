"""A message as a mail: plain text that any client shows, the same in simple HTML, and the headers of RFC 5322.

Mails about one incident form a thread: each refers to the same root, whose id follows from the incident's number. No mail
bears the root's id, so the thread holds whichever of them arrives first. A mail with news of several incidents stands alone.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from types import MappingProxyType
from typing import Any, Final

from monitor.core.kinds import Severity
from monitor.core.message import Parcel
from monitor.core.model import Language
from monitor.core.naming import plain

COLUMNS: Final = 72
"""Width to which the text is wrapped; a longer link stays whole."""

SUBJECT_LIMIT: Final = 200
"""Characters of a subject."""

TEXT_LIMIT: Final = 100_000
"""Characters of a text that is sent; what is longer is no message of ours."""

_POLICY: Final = SMTP.clone(cte_type="7bit")
"""Everything is encoded so that servers without 8BITMIME pass it on unharmed."""

_LINK: Final = re.compile(r"https?://\S+")

_DISCREET_REASONS: Final = MappingProxyType(
    {
        "en": "You receive this because a route of a Cutwatch sends here. "
        "Whoever runs it can change that; do not reply with anything that must stay secret.",
        "ru": "Вы получили это письмо, потому что сюда ведёт один из маршрутов программы Cutwatch. "
        "Изменить это может тот, кто её обслуживает; не пишите в ответ ничего секретного.",
    }
)
"""The same where nobody may be named: routes are often called after organisations."""

_REASONS: Final = MappingProxyType(
    {
        "en": 'You receive this because the route "{route}" of a Cutwatch sends here. '
        "Whoever runs it can change that; do not reply with anything that must stay secret.",
        "ru": "Вы получили это письмо, потому что сюда ведёт маршрут «{route}» программы Cutwatch. "
        "Изменить это может тот, кто её обслуживает; не пишите в ответ ничего секретного.",
    }
)

_HTML: Final = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0;padding:16px;font-family:sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:36em">
<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">{title}</h1>
{paragraphs}
<p style="margin:24px 0 0;font-size:13px">{reason}</p>
</div>
</body>
</html>
"""
# No colours: whoever reads in the dark sees their own. Nothing is loaded, so nobody learns that it was read.


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """Between whom a mail goes. `to` is shown to all who receive it; where it is empty, nobody sees who else does."""

    sender: str
    sender_name: str
    to: Sequence[str] = ()
    unsubscribe: str

    @property
    def domain(self) -> str:
        """The sender's domain, in which message ids are made: this machine's own name is nobody's business."""
        return self.sender.rpartition("@")[2]


def letter(parcel: Parcel, between: Correspondence, now: datetime) -> EmailMessage:
    """The mail that tells what the parcel holds."""
    data = parcel.payload["data"]
    language = data["language"]
    mail = EmailMessage(policy=_POLICY)
    for name, value in _headers(parcel, between, now).items():
        mail[name] = value
    reason = _discreet_reason(language) if _is_discreet(data) else _reason(parcel.route, language)
    mail.set_content(_as_text(data["text"], reason))
    mail.add_alternative(_as_html(data, reason), subtype="html")
    # Setting the content takes away what was said of an earlier one, so this comes last.
    mail["Content-Language"] = language
    return mail


def _headers(parcel: Parcel, between: Correspondence, now: datetime) -> dict[str, Any]:
    data = parcel.payload["data"]
    headers = {
        "From": Address(plain(between.sender_name, SUBJECT_LIMIT), addr_spec=between.sender),
        "To": ", ".join(between.to) or "undisclosed-recipients:;",
        "Subject": plain(data["title"], SUBJECT_LIMIT),
        "Date": format_datetime(now.astimezone(UTC)),
        "Message-ID": f"<{parcel.id}@{between.domain}>",
        "List-Unsubscribe": f"<{between.unsubscribe}>",
        # RFC 3834: nobody's holiday notice answers this. Exchange asks for the second. `Precedence` is left out: it makes
        # some servers file alarms away as bulk.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    return headers | _thread(parcel, between) | _urgency(data)


def _thread(parcel: Parcel, between: Correspondence) -> dict[str, str]:
    if len(parcel.incidents) != 1:
        return {}
    root = f"<{parcel.incidents[0]}.thread@{between.domain}>"
    return {"In-Reply-To": root, "References": root}


def _urgency(data: dict[str, Any]) -> dict[str, str]:
    return {"X-Priority": "1", "Importance": "high"} if data.get("severity") == Severity.PAGE else {}


def _as_text(text: str, reason: str) -> str:
    paragraphs = ("\n".join(map(_wrapped, lines)) for lines in _paragraphs(text))
    # What follows two hyphens and a space is a signature, which clients set apart (RFC 3676, 4.3).
    return "\n\n".join([*paragraphs, f"-- \n{_wrapped(reason)}\n"])


def _as_html(data: dict[str, Any], reason: str) -> str:
    paragraphs = ("<br>\n".join(map(_linked, lines)) for lines in _paragraphs(data["text"]))
    return _HTML.format(
        language=data["language"],
        title=escape(plain(data["title"], SUBJECT_LIMIT)),
        paragraphs="\n".join(f'<p style="margin:0 0 16px">{paragraph}</p>' for paragraph in paragraphs),
        reason=escape(reason),
    )


def _linked(line: str) -> str:
    """The line as HTML. Only a line that is a link, as ours are, becomes one: names in a sentence stay mere words."""
    shown = escape(line)
    if not _LINK.fullmatch(line):
        return shown
    return f'<a href="{shown}" style="overflow-wrap:anywhere">{shown}</a>'


def _paragraphs(text: str) -> list[list[str]]:
    """The lines of each paragraph. A line is one, but a link belongs to what stands above it and leads there."""
    paragraphs: list[list[str]] = []
    for line in text[:TEXT_LIMIT].splitlines():
        shown = plain(line, TEXT_LIMIT)
        if paragraphs and _LINK.fullmatch(shown):
            paragraphs[-1].append(shown)
        elif shown:
            paragraphs.append([shown])
    return paragraphs


def _wrapped(line: str) -> str:
    return textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False)


def _is_discreet(data: dict[str, Any]) -> bool:
    """Whether it tells of a case of which nothing is named: then its details are withheld, too."""
    return any("details" in one and one["details"] is None for one in (data, *data.get("items", ())))


def _discreet_reason(language: Language) -> str:
    return _DISCREET_REASONS[language]


def _reason(route: str, language: Language) -> str:
    return _REASONS[language].format(route=plain(route, SUBJECT_LIMIT))
