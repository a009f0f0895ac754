"""`/sign-in` and `/sign-out`: how a member of staff opens the pages that are not public, without a password to leak."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from api.access import context_of, is_encrypted, session_cookie
from api.headers import SIGN_IN_PATH, SIGN_IN_TOKEN
from monitor.core.keys import fingerprint, new_secret
from monitor.service import Context

router = APIRouter(include_in_schema=False)

SESSION: Final = timedelta(days=7)
"""How long a session lasts, here and in the browser: whoever is woken by an alarm should not have to ask for an address first."""

_SPENT: Final = "This sign-in address has been used or has expired. Run `cutwatch keys sign-in` to get another."


@router.get(SIGN_IN_PATH)
async def sign_in(request: Request) -> Response:
    """Trade a sign-in address, which works once, for a session."""
    context = context_of(request)
    now = context.clock.now()
    secret = new_secret()
    async with context.store.writing() as writing:
        if not await writing.use_sign_in(fingerprint(request.scope[SIGN_IN_TOKEN]), now):
            raise HTTPException(403, _SPENT)
        await writing.add_session(fingerprint(secret), now + SESSION)
    return _with_cookie(RedirectResponse("/", 303), context, secret)


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
