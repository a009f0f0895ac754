"""`/sign-in` and `/sign-out`: how a member of staff opens the pages that are not public, without a password to leak."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import context_of, is_encrypted, session_cookie
from api.forms import insist_on_plain
from api.headers import SIGN_IN_PATH, SIGN_IN_TOKEN
from api.languages import LANGUAGES, NAMES, chosen_language
from api.render import page
from monitor.core.keys import could_be_secret, fingerprint, new_secret
from monitor.service import Context

router = APIRouter(include_in_schema=False)

SESSION: Final = timedelta(days=7)
"""How long a session lasts, here and in the browser: whoever is woken by an alarm should not have to ask for an address first."""

_MOST_FIELDS: Final = 4

_LONGEST_FIELD: Final = 256
"""Bytes of a field: a token has some fifty."""

_SPENT: Final = "This sign-in address has been used or has expired. Run `cutwatch keys sign-in` to get another."


@router.get(SIGN_IN_PATH)
async def button(request: Request) -> HTMLResponse:
    """A page with one button. Mail programs and browsers open addresses ahead of the person, and must not use this one up."""
    token = request.scope[SIGN_IN_TOKEN]
    if not could_be_secret(token):
        raise HTTPException(403, _SPENT)
    turned = [(one, NAMES[one], f"?{urlencode({'token': token, 'lang': one})}") for one in LANGUAGES]
    return page(request, "sign_in.html", {"token": token, "languages": turned})


@router.post(SIGN_IN_PATH)
async def sign_in(request: Request) -> Response:
    """Trade a sign-in address, which works once, for a session in place of the one that this browser has."""
    context = context_of(request)
    now = context.clock.now()
    token, former, secret = await _token(request), request.cookies.get(session_cookie(context)), new_secret()
    async with context.store.writing() as writing:
        if not await writing.use_sign_in(fingerprint(token), now):
            raise HTTPException(403, _SPENT)
        if former is not None:
            await writing.end_session(fingerprint(former))
        await writing.add_session(fingerprint(secret), now + SESSION)
    asked = chosen_language(request)
    return _with_cookie(RedirectResponse(f"/?lang={asked}" if asked else "/", 303), context, secret)


async def _token(request: Request) -> str:
    """The token that the button sends. Anybody may send this form, so little of it is read."""
    insist_on_plain(request)
    given = (await request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD)).get("token")
    if not isinstance(given, str) or not could_be_secret(given):
        raise HTTPException(403, _SPENT)
    return given


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session, here and wherever else its secret may be. Without its cookie, as from another site, nothing ends."""
    context = context_of(request)
    secret = request.cookies.get(session_cookie(context))
    answer = RedirectResponse("/", 303)
    if secret is None:
        return answer
    async with context.store.writing() as writing:
        await writing.end_session(fingerprint(secret))
    answer.delete_cookie(session_cookie(context), secure=is_encrypted(context), httponly=True, samesite="lax")
    return answer


def _with_cookie(answer: Response, context: Context, secret: str) -> Response:
    # Lax, as an alarm's link is pressed in webmail or a chat, to which a strict cookie would not go. What changes something is
    # a form: a lax cookie does not come with those of other sites, and each of ours brings a token besides.
    answer.set_cookie(
        session_cookie(context),
        secret,
        max_age=int(SESSION.total_seconds()),
        secure=is_encrypted(context),
        httponly=True,
        samesite="lax",
        path="/",
    )
    return answer
