"""Turns what is known into HTML: Jinja2, escaped by default, no script, one style sheet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.complaints import in_words
from api.languages import (
    LANGUAGES,
    NAMES,
    chosen_language,
    language_of,
    translations,
    written,
    written_clock,
    written_day,
    written_exactly,
)
from monitor.core.model import Language
from monitor.core.naming import plain

_PAGES = Path(__file__).parent / "pages"

VARIES: Final[Mapping[str, str]] = MappingProxyType({"vary": "Accept-Language, Authorization, Cookie"})

ANYBODY: Final[Mapping[str, str]] = MappingProxyType({"cache-control": "public, no-cache"})
"""For pages that are the same for every anonymous reader: they may be kept, and must be asked after."""

SHEETS: Final = ("base", "frame", "incidents", "tables", "charts", "forms", "narrow", "print")
"""The parts of the style sheet, in the order in which one overrules another. They are sent as one."""


@cache
def environment(language: Language) -> Environment:
    """The templates, in one language."""
    made = Environment(
        loader=FileSystemLoader(_PAGES / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.filters |= {
        "instant": instant,
        "written": written,
        "exactly": written_exactly,
        "clock": written_clock,
        "day": written_day,
        "plain": plain,
    }
    made.globals |= {"sheet": static_name("cutwatch"), "icon": static_name("icon")}
    return made


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Render a page in the reader's language."""
    language = language_of(request)
    body = environment(language).get_template(template).render({**_frame(request, language), **values})
    return HTMLResponse(body, status, {"content-language": language, **VARIES, **(headers or {})})


def error_page(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """Tell a person what went wrong, in their language where the words are known in it."""
    gettext = translations(language_of(request)).gettext
    told = in_words(detail, gettext) or gettext(detail)
    values = {"status": status, "detail": told, "is_english": told == detail}
    return page(request, "error.html", values, status=status, headers=headers)


def _frame(request: Request, language: Language) -> dict[str, Any]:
    asked = chosen_language(request)
    return {
        "language": language,
        "path": request.url.path,
        "languages": [(one, NAMES[one], f"?{urlencode({**request.query_params, 'lang': one})}") for one in LANGUAGES],
        "asked": f"?{urlencode({'lang': asked})}" if asked else "",
        "signed_in": False,
        "address": request.app.state.context.settings.address,
    }


def instant(moment: datetime) -> str:
    """A moment for programs (RFC 3339), in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def static_files() -> Mapping[str, tuple[bytes, str]]:
    """The static files by the names under which they are served. The names change with the contents, so they may be kept."""
    sheet = b"\n".join((_PAGES / "sheets" / f"{part}.css").read_bytes() for part in SHEETS)
    icon = (_PAGES / "static" / "icon.svg").read_bytes()
    files = (("cutwatch.css", sheet, "text/css; charset=utf-8"), ("icon.svg", icon, "image/svg+xml"))
    return MappingProxyType({_served_name(name, data): (data, media_type) for name, data, media_type in files})


def _served_name(name: str, data: bytes) -> str:
    stem, _, suffix = name.partition(".")
    return f"{stem}-{sha256(data).hexdigest()[:12]}.{suffix}"


def static_name(stem: str) -> str:
    """The name under which a static file is served."""
    return next(name for name in static_files() if name.startswith(f"{stem}-"))
