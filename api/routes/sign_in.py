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
"""How long a session lasts at most; the browser forgets it sooner, when it is closed."""

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
    """End the session, here and wherever else its secret may be."""
    context = context_of(request)
    secret = request.cookies.get(session_cookie(context))
    if secret:
        async with context.store.writing() as writing:
            await writing.end_session(fingerprint(secret))
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(session_cookie(context), secure=is_encrypted(context), httponly=True, samesite="strict")
    return answer


def _with_cookie(answer: Response, context: Context, secret: str) -> Response:
    answer.set_cookie(session_cookie(context), secret, secure=is_encrypted(context), httponly=True, samesite="strict", path="/")
    return answer
