"""`/notices/new`: where a signed-in member of staff enters a notice that an organisation has received.

It is checked as one that is handed in through the API. What was typed stays, and what is wrong with it stands beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from babel import Locale
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from api import case_inputs as inputs
from api import deciding, noticing
from api.access import SIGNED_IN, STAFF, StaffByForm, context_of, form_token
from api.forms import StaffRoute
from api.languages import chosen_language
from api.parameters import ONLY_LANGUAGE
from api.show import show, wording
from api.visible import Seen, Visible
from api.wording import Wording
from monitor.core.descriptive import Action, Basis
from monitor.core.model import Language
from monitor.store import StoreUnavailable

router = APIRouter(include_in_schema=False, route_class=StaffRoute, dependencies=[ONLY_LANGUAGE])

_FIELDS: Final = (
    "about",
    "provider",
    "action",
    "title_en",
    "title_ru",
    "announced",
    "effective",
    "quote",
    "quote_language",
    "source_title",
    "source_url",
    "source_date",
    "basis",
)

_FIELD_OF: Final[Mapping[tuple[str, ...], str]] = MappingProxyType(
    {
        ("organisation",): "about",
        ("target",): "about",
        ("title", "en"): "title_en",
        ("title", "ru"): "title_ru",
        ("sources", "title"): "source_title",
        ("sources", "url"): "source_url",
        ("sources", "date"): "source_date",
    }
)
"""The field of the form for a value of the notice, where it has another name."""

_DATES: Final = frozenset({"announced", "effective", "source_date"})

_CHOICES: Final = frozenset({"about", "provider", "action", "quote_language", "basis"})

_BASES: Final = (Basis.DOCUMENT, Basis.PROVIDER, Basis.SELF_REPORT, Basis.MEDIA)

_QUOTED_IN: Final = ("en", "ru", "uk", "be", "kk", "ka", "hy", "az", "de", "fr", "es", "pl", "tr", "fa", "ar", "zh")
"""The languages in which a notice may be quoted."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in, and by field what is wrong with it; `failure` says why it could not be entered though right."""

    given: Mapping[str, str]
    wrong: Mapping[str, str]
    failure: str = ""


@router.get("/notices/new", dependencies=[SIGNED_IN])
async def blank(request: Request, visible: Seen) -> HTMLResponse:
    """An empty form."""
    return _page(request, visible, Filled({}, {}))


@router.post("/notices/new")
async def enter(request: Request, reader: StaffByForm) -> Response:
    """Enter the notice, once however often the form is sent, and show its incident; or the form again."""
    context = context_of(request)
    given = _given(await request.form())
    async with deciding.seeing(context, reader) as visible:
        words = wording(request, visible)
        notice, wrong = _checked(given, visible, words)
        if notice is None:
            return _page(request, visible, Filled(given, wrong), 422)
        try:
            incident, _ = await noticing.hand_in(context, reader, notice)
        except StoreUnavailable:
            failure = words.text("The database cannot be reached at the moment. Try again in a few seconds.")
            return _page(request, visible, Filled(given, {}, failure), 503)
    asked = chosen_language(request)
    return RedirectResponse(f"/incidents/{incident}{f'?lang={asked}' if asked else ''}", 303)


def _given(form: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, by field; a browser ends lines in its own way, and sends an empty text where nothing was typed."""
    typed = {name: form.get(name) for name in _FIELDS}
    return {name: one.replace("\r\n", "\n").strip() for name, one in typed.items() if isinstance(one, str)}


def _checked(given: Mapping[str, str], visible: Visible, words: Wording) -> tuple[inputs.Notice | None, dict[str, str]]:
    """The notice, or by field what keeps it from being one."""
    try:
        notice = inputs.Notice.model_validate(_stated(given))
    except ValidationError as error:
        return None, dict(_complaints(error, words))
    found = noticing.objection(visible.watchlist, STAFF, notice)
    return (notice, {}) if found is None else (None, {_FIELD_OF.get((found.field,), found.field): _choose(words)})


def _stated(given: Mapping[str, str]) -> dict[str, Any]:
    """The notice that the form describes; what was left empty is left out."""
    organisation, _, target = given.get("about", "").partition("/")
    source = _filled({name: given.get(f"source_{name}") for name in ("title", "url", "date")})
    own = ("provider", "action", "announced", "effective", "quote", "quote_language", "basis")
    return {
        **_filled({name: given.get(name) for name in own}),
        **_filled({"target": target, "sources": [source] if source else None}),
        "organisation": organisation,
        "title": {"en": given.get("title_en", ""), **_filled({"ru": given.get("title_ru")})},
    }


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _complaints(error: ValidationError, words: Wording) -> Iterator[tuple[str, str]]:
    """By field what is wrong with it, in the reader's language."""
    for one in error.errors(include_url=False):
        place = tuple(part for part in one["loc"] if isinstance(part, str))
        field = _FIELD_OF.get(place, place[0])
        yield field, _complaint(field, one["type"], one.get("ctx", {}), words)


def _complaint(field: str, kind: str, context: Mapping[str, Any], words: Wording) -> str:
    if field in _CHOICES:
        return _choose(words)
    if kind == "string_too_long":
        return words.text("This is too long: write at most %(most)s characters.", most=context["max_length"])
    if field in _DATES:
        return words.text(
            "This is no date: write 2026, 2026-11, 2026-11-20, 2026-11~ (about), or a stretch such as 2026-11-20/2026-12-01."
        )
    if field == "source_url":
        return words.text("Write a whole address of the web, such as https://ovd.info/letter.pdf.")
    if field == "source_title":
        return words.text("Say what the source is called, or leave out its address and its date.")
    return words.text("Write something here: without it the notice cannot be entered.")


def _choose(words: Wording) -> str:
    return words.text("Choose one of the list.")


def _page(request: Request, visible: Visible, filled: Filled, status: int = 200) -> HTMLResponse:
    words = wording(request, visible)
    values = {
        "filled": filled,
        "fields": [name for name in _FIELDS if name in filled.wrong],
        "organisations": sorted(visible.organisations(), key=lambda one: words.organisation(one.id)),
        "providers": sorted((words.provider(one.id), one.id) for one in visible.watchlist.providers),
        "actions": sorted((words.described(one), one.value) for one in Action),
        "bases": [(words.described(one), one.value) for one in _BASES],
        "quoted_in": _languages(words.language),
        "form_token": form_token(request),
    }
    return show(request, visible, "notice_form.html", values, status=status)


def _languages(language: Language) -> Sequence[tuple[str, str]]:
    """The names of the languages for a reader, their own first."""
    names = Locale(language).languages
    codes = (language, *(code for code in _QUOTED_IN if code != language))
    return [(names[code], code) for code in codes]
