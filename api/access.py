"""Who reads, and what they may see. Everything that leaves the house passes one of the questions asked here.

Anonymous readers see what a person has released as `CLEAR`, and nothing that betrays the rest. Staff see everything. A key
sees what belongs to the organisations that it is bound to, besides what is public. Where `public` in `monitor.yaml` is
false, nothing is: whoever shows no key reads nothing at all.

A browser's session reads, and acts through the forms of our own pages. Through the API only a key writes: a cookie travels by
itself, so that a hostile page could write with it.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import BackgroundTasks, Depends, HTTPException, Request

from monitor.core.incident import Incident
from monitor.core.keys import Key, KeyUse, Scope, fingerprint, parse_authorization
from monitor.core.kinds import IncidentStage, Origin
from monitor.core.model import Tlp
from monitor.core.watchlist import Organisation, Target, Watchlist
from monitor.service import Context
from monitor.store import StoreUnavailable

ALL_SCOPES: Final = frozenset(Scope)

NOTED_EVERY: Final = timedelta(minutes=10)
"""How exactly the last use of a key is known: reading must not turn into writing."""

_FORWARDING: Final = re.compile(r"forwarded|via|x-real-ip|x-forwarded.*|x-original-forwarded-for|(.*-)?(client|connecting)-ip")
"""The headers by which proxies tell for whom they ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who asks. `organisations` are those they belong to, None for all; `scopes` what they came to do."""

    name: str
    scopes: frozenset[Scope] = frozenset()
    organisations: frozenset[str] | None = frozenset()

    @property
    def is_anonymous(self) -> bool:
        """Whether this reader has shown nothing but an address."""
        return not self.scopes

    @property
    def reads_everything(self) -> bool:
        """Whether nothing is hidden from this reader."""
        return self.organisations is None and Scope.READ in self.scopes

    @property
    def audience(self) -> str:
        """Readers with the same audience see the same."""
        if Scope.READ not in self.scopes:
            return "public"
        return "all" if self.organisations is None else "of " + " ".join(sorted(self.organisations))

    @property
    def may_hear_of(self) -> frozenset[str] | None:
        """The organisations of which they read more than the public does; None for all."""
        return frozenset() if self.audience == "public" else self.organisations

    def belongs_to(self, organisation: str) -> bool:
        """Whether what is private to this organisation is open to the reader."""
        return Scope.READ in self.scopes and (self.organisations is None or organisation in self.organisations)

    def acts_for(self, organisation: str) -> bool:
        """Whether what the reader enters or decides may be about this organisation."""
        return self.organisations is None or organisation in self.organisations

    def may_read(self, incident: Incident) -> bool:
        """Whether the reader may know that this incident exists."""
        return self.may_read_as(incident.key.organisation, incident)

    def may_read_as(self, organisation: str, incident: Incident) -> bool:
        """Whether the reader may know of an incident that concerns this organisation, on its account or as anybody may."""
        return self.belongs_to(organisation) or is_public(incident)

    def may_know(self, organisation: Organisation) -> bool:
        """Whether the reader may know that this organisation is watched."""
        return self.belongs_to(organisation.id) or organisation.tlp is Tlp.CLEAR

    def may_watch(self, organisation: Organisation, target: Target) -> bool:
        """Whether the reader may see the live states of this target."""
        return self.belongs_to(organisation.id) or (organisation.tlp is Tlp.CLEAR and target.tlp is Tlp.CLEAR)


def is_public(incident: Incident) -> bool:
    """Whether anybody may read it: released by a person, and more than a suspicion, now or when it was retracted."""
    ripe = incident.stage is not IncidentStage.SUSPECTED
    never_stood = incident.confirmed_at is None and incident.origin is not Origin.ATTESTED
    withdrawn = incident.stage is IncidentStage.RETRACTED and never_stood
    return incident.tlp is Tlp.CLEAR and ripe and not withdrawn


ANONYMOUS: Final = Reader(name="anonymous")

STAFF: Final = Reader(name="staff", scopes=ALL_SCOPES, organisations=None)


def context_of(request: Request) -> Context:
    """What the service lets the web application know."""
    context: Context = request.app.state.context
    return context


def session_cookie(context: Context) -> str:
    """The name of the session cookie. The prefix makes browsers insist that it came over TLS, from this very host."""
    return "__Host-cutwatch" if is_encrypted(context) else "cutwatch_session"


def form_token(request: Request) -> str:
    """What a form of ours must bring along: it follows from the session's secret, which no other site can read.

    Empty without a session. It is not the session's fingerprint, which the database holds.
    """
    cookie = request.cookies.get(session_cookie(context_of(request)))
    return fingerprint(f"form {cookie}") if cookie else ""


def is_encrypted(context: Context) -> bool:
    """Whether readers reach this service over TLS, as far as its configured address tells."""
    return context.settings.address.startswith("https://")


async def identify(request: Request, afterwards: BackgroundTasks) -> Reader:
    """Find out who reads. A key that does not open is an error, never a reason to answer as to the public."""
    context = context_of(request)
    headers = request.headers.getlist("authorization")
    if headers:
        key = await _key(context, headers)
        if is_news(key, context.clock.now()):
            afterwards.add_task(note_use, context, key)
        return _holder(key)
    cookie = request.cookies.get(session_cookie(context))
    return STAFF if cookie and await _is_session(context, cookie) else ANONYMOUS


async def _key(context: Context, headers: Sequence[str]) -> Key:
    secret = parse_authorization(headers[0]) if len(headers) == 1 else None
    if secret is None:
        raise unauthorised("Send one key, as `Authorization: Bearer KEY`.")
    async with context.store.reading() as reading:
        key = await reading.key(fingerprint(secret))
    if key is None or key.use is not KeyUse.API or not key.usable(context.clock.now()):
        raise unauthorised("This key does not open anything: it is unknown, expired or revoked. `cutwatch keys` makes another.")
    return key


def is_news(key: Key, now: datetime) -> bool:
    """Whether its use is worth noting again."""
    return key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY


async def note_use(context: Context, key: Key) -> None:
    """Note that a key is in use. Where the database cannot be written just now, the next use will be noted."""
    with suppress(StoreUnavailable):
        async with context.store.writing() as writing:
            await writing.touch_key(key.id, context.clock.now())


def _holder(key: Key) -> Reader:
    bound = None if key.organisations is None else frozenset(key.organisations)
    scopes = ALL_SCOPES if key.allows(Scope.ADMIN) else frozenset(key.scopes)
    return Reader(name=key.id, scopes=scopes, organisations=bound)


async def _is_session(context: Context, cookie: str) -> bool:
    async with context.store.reading() as reading:
        return await reading.session(fingerprint(cookie), context.clock.now())


Identified = Annotated[Reader, Depends(identify)]


async def _keyed(reader: Identified) -> None:
    """Insist on somebody who may read what is private."""
    if reader.is_anonymous:
        raise unauthorised("This needs a key with the scope `read`, or a signed-in member of staff. `cutwatch keys` makes one.")
    if Scope.READ not in reader.scopes:
        raise HTTPException(403, "This key lacks the scope `read`.")


KEYED: Final = Depends(_keyed)


def insist_on_key(reader: Reader, scope: Scope) -> None:
    """Insist on a key that was made for this: through the API a browser's session writes nothing."""
    if reader.is_anonymous or reader is STAFF:
        raise unauthorised(f"This needs a key with the scope `{scope}`; a session does not do. `cutwatch keys` makes one.")
    if scope not in reader.scopes:
        raise HTTPException(403, f"This key lacks the scope `{scope}`.")


async def _reviewer(reader: Identified) -> Reader:
    insist_on_key(reader, Scope.REVIEW)
    return reader


async def _notifier(reader: Identified) -> Reader:
    insist_on_key(reader, Scope.NOTICES)
    return reader


Reviewer = Annotated[Reader, Depends(_reviewer)]
"""Whoever shows a key that may decide about incidents."""

Notifier = Annotated[Reader, Depends(_notifier)]
"""Whoever shows a key that may enter notices."""


SIGN_IN_FIRST: Final = "This is for members of staff: open the address that `cutwatch keys sign-in` prints."


def insist_on_staff(reader: Reader) -> None:
    """Insist on a signed-in member of staff, for pages with forms: what a key decides, it decides through the API."""
    if reader is not STAFF:
        raise unauthorised(SIGN_IN_FIRST)


async def _signed_in(reader: Identified) -> None:
    insist_on_staff(reader)


SIGNED_IN: Final = Depends(_signed_in)


async def _staff_by_form(request: Request, reader: Identified) -> Reader:
    """Insist on a signed-in member of staff who has sent one of our own forms."""
    insist_on_staff(reader)
    given = (await request.form(max_files=0)).get("token")
    if not isinstance(given, str) or not compare_digest(given.encode(), form_token(request).encode()):
        raise HTTPException(403, "This form is not ours, or its session has ended. Load the page again, then send it.")
    return reader


StaffByForm = Annotated[Reader, Depends(_staff_by_form)]


def insist_on_opening(reader: Reader, watchlist: Watchlist) -> None:
    """Where nothing is public, insist on somebody who may read what is private."""
    if watchlist.monitor.public or reader.audience != "public":
        return
    if reader.is_anonymous:
        raise unauthorised("Nothing here is public. Show a key with the scope `read`, or sign in as a member of staff.")
    raise HTTPException(403, "Nothing here is public, and this key lacks the scope `read`.")


def unauthorised(detail: str) -> HTTPException:
    """Ask for a key (RFC 6750)."""
    return HTTPException(401, detail, {"www-authenticate": 'Bearer realm="cutwatch"'})


def oversees(request: Request, reader: Reader) -> bool:
    """Whether they may know how the whole service fares: by their key, or without one as a program on this very machine."""
    return is_local(request) if reader.is_anonymous else reader.reads_everything


def is_local(request: Request) -> bool:
    """Whether a program on this very machine asks, and for itself.

    The peer's address does not suffice: a reverse proxy or an onion service connects from loopback too, and a hostile page
    can make a browser connect there under a name of its own (DNS rebinding). So the service's own address must be a loopback
    one, as must be the name that was asked for, and no header may speak of forwarding. Many proxies send no such header and
    ask for a loopback name: what they serve is known by its configured address alone. Nor does a browser ask for itself that
    tells of a page of another site, or on another port.
    """
    if request.client is None or any(_FORWARDING.fullmatch(name) for name in request.headers) or _is_from_a_page(request):
        return False
    own = urlsplit(context_of(request).settings.address).hostname or ""
    return _is_loopback(request.client.host) and _is_this_machine(own) and _is_this_machine(_asked_name(request))


def _is_from_a_page(request: Request) -> bool:
    """Whether a browser says that somebody else's page made it ask."""
    return "origin" in request.headers or request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def _is_this_machine(name: str) -> bool:
    return name == "localhost" or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _asked_name(request: Request) -> str:
    host = request.headers.get("host", "")
    name, _, port = host.rpartition(":")
    return (name if port.isdecimal() else host).strip("[]")
