"""Who reads, and what they may see. Everything that leaves the house passes one of the questions asked here.

Anonymous readers see what a person has released as `CLEAR`, and nothing that betrays the rest. Staff see everything. A key
sees what belongs to the organisations that it is bound to, besides what is public.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Final

from fastapi import BackgroundTasks, Depends, HTTPException, Request

from monitor.core.incident import Incident, IncidentStage
from monitor.core.keys import Key, Scope, fingerprint, parse_authorization
from monitor.core.watchlist import Organisation, Target, Tlp
from monitor.service import Context
from monitor.store import StoreUnavailable

ALL_SCOPES: Final = frozenset(Scope)

NOTED_EVERY: Final = timedelta(minutes=10)
"""How exactly the last use of a key is known: reading must not turn into writing."""

FORWARDING_HEADERS: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


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

    def belongs_to(self, organisation: str) -> bool:
        """Whether what is private to this organisation is open to the reader."""
        return Scope.READ in self.scopes and (self.organisations is None or organisation in self.organisations)

    def may_read(self, incident: Incident) -> bool:
        """Whether the reader may know that this incident exists."""
        return self.belongs_to(incident.key.organisation) or is_public(incident)

    def may_know(self, organisation: Organisation) -> bool:
        """Whether the reader may know that this organisation is watched."""
        return self.belongs_to(organisation.id) or organisation.tlp is Tlp.CLEAR

    def may_watch(self, organisation: Organisation, target: Target) -> bool:
        """Whether the reader may see the live states of this target."""
        return self.belongs_to(organisation.id) or (organisation.tlp is Tlp.CLEAR and target.tlp is Tlp.CLEAR)


def is_public(incident: Incident) -> bool:
    """Whether anybody may read it: released by a person, and more than a suspicion, now or when it was retracted."""
    ripe = incident.stage is not IncidentStage.SUSPECTED
    withdrawn = incident.stage is IncidentStage.RETRACTED and incident.confirmed_at is None
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


def is_encrypted(context: Context) -> bool:
    """Whether readers reach this service over TLS, as far as its configured address tells."""
    return context.settings.address.startswith("https://")


async def identify(request: Request, afterwards: BackgroundTasks) -> Reader:
    """Find out who reads. A key that does not open is an error, never a reason to answer as to the public."""
    context = context_of(request)
    header = request.headers.get("authorization")
    if header is not None:
        key = await _key(context, header)
        if _is_news(key, context.clock.now()):
            afterwards.add_task(_note_use, context, key)
        return _holder(key)
    cookie = request.cookies.get(session_cookie(context))
    return STAFF if cookie and await _is_session(context, cookie) else ANONYMOUS


async def _key(context: Context, header: str) -> Key:
    secret = parse_authorization(header)
    if secret is None:
        raise unauthorised("Send the key as `Authorization: Bearer KEY`.")
    async with context.store.reading() as reading:
        key = await reading.key(fingerprint(secret))
    if key is None or not key.usable(context.clock.now()):
        raise unauthorised("This key does not open anything: it is unknown, expired or revoked. `cutwatch keys` makes another.")
    return key


def _is_news(key: Key, now: datetime) -> bool:
    return key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY


async def _note_use(context: Context, key: Key) -> None:
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


def unauthorised(detail: str) -> HTTPException:
    """Ask for a key (RFC 6750)."""
    return HTTPException(401, detail, {"www-authenticate": 'Bearer realm="cutwatch"'})


def is_local(request: Request) -> bool:
    """Whether a program on this very machine asks, and for itself.

    The peer's address does not suffice: a reverse proxy or an onion service connects from loopback too, and a hostile page
    can make a browser connect there under a name of its own (DNS rebinding). So no forwarding header may be present, and
    the name that was asked for must be a loopback one.
    """
    if request.client is None or any(name in request.headers for name in FORWARDING_HEADERS):
        return False
    name = _asked_name(request)
    return _is_loopback(request.client.host) and (name == "localhost" or _is_loopback(name))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _asked_name(request: Request) -> str:
    host = request.headers.get("host", "")
    name, _, port = host.rpartition(":")
    return (name if port.isdecimal() else host).strip("[]")
