"""A house to be asked: the service's own web server on loopback, in a process of its own, over a planted database.

`python -m tests.fuzz.house FOLDER` makes the database in FOLDER, prints one JSON object (address and keys), and serves.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

from monitor.clock import Clock
from monitor.core.descriptive import ActorKind, ActorRole, Basis
from monitor.core.dossier import Actor, DatedStatement, Dates, Dossier, DueProcess, Reinstatement
from monitor.core.incident import CaseKey, Relation
from monitor.core.keys import Scope, make_key
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.message import Message, MessageKind
from monitor.core.model import Tlp, Words
from monitor.core.plan import plan_checks
from monitor.core.watchlist import Dependency, Provider, ProviderKind, Watchlist
from monitor.service import Context, Health
from monitor.service.web import listen, web_server
from monitor.settings import Settings
from monitor.store import Store, migrate
from probes.kit.vocabulary import State
from tests.api import cast

MAILCHIMP = Provider(id="mailchimp", name=Words(en="Mailchimp"), kinds=(ProviderKind.EMAIL_MARKETING,), jurisdiction="US")

STATED = Dossier(
    title=Words(en="Account closed, and given back", ru="Аккаунт закрыт и возвращён"),
    actors=(Actor(provider="mailchimp", kind=ActorKind.MAILING_PROVIDER, role=ActorRole.IMPLEMENTER, basis=Basis.SELF_REPORT),),
    due_process=DueProcess(notice_given=False, basis=Basis.SELF_REPORT),
    dates=Dates(effective=DatedStatement(date="2022-03", basis=Basis.MEDIA)),
    as_of="2024-03-01",
    reinstatement=Reinstatement(scope="full", date="2022-05-02", basis=Basis.PROVIDER),
)

READERS = {
    "anonymous": None,
    "bound": ((Scope.READ, Scope.REVIEW, Scope.NOTICES), ("ovd-info",)),
    "staff": ((Scope.ADMIN,), None),
}


def watchlist() -> Watchlist:
    """The cast, one of whom depends on a provider."""
    relies = cast.OVD_INFO.model_copy(update={"depends_on": (Dependency(provider="mailchimp"),)})
    return cast.watchlist(relies, cast.MEMORIAL, cast.AMNESTY).model_copy(update={"providers": (MAILCHIMP,)})


def documented(number: int, tlp: Tlp) -> cast.Story:
    """An attested case."""
    return cast.suspicion(
        number,
        key=CaseKey(organisation="ovd-info", target="", family=f"entry:case-{number}", country=None),
        kind=Kind.WITHDRAWAL,
        stage=IncidentStage.REINSTATED,
        origin=Origin.ATTESTED,
        tlp=tlp,
        provider="mailchimp",
        dossier=STATED,
        relations=(Relation(RelationKind.SEE_ALSO, "CW-2026-0001"), Relation(RelationKind.SEE_ALSO, "CW-2026-0002")),
        onset=None,
        **dict.fromkeys(("rule", "because", "strength", "vantages", "mechanisms")),
    )


async def plant(store: Store) -> dict[str, str | None]:
    """Incidents of every sort, looks, a parcel; and the readers' keys."""
    public = cast.suspicion(1).confirmed().released()
    hidden = cast.suspicion(2, "memorial", "memohrc-org", kind=Kind.UNREACHABLE).confirmed()
    ended = cast.suspicion(3, "ovd-info", "donate").confirmed().ended(cast.NOW - timedelta(hours=1))
    notice = cast.suspicion(42, "ovd-info", "donate", kind=Kind.NOTICE).confirmed()
    retracted = cast.suspicion(5).confirmed().then(EventKind.RETRACTED, cast.NOW, stage=IncidentStage.RETRACTED, reason="a cable")
    stories = (public, hidden, ended, notice, retracted, documented(6, Tlp.CLEAR), documented(7, Tlp.AMBER))
    await cast.plant(store, *stories)
    await cast.see(store, cast.looks(State.BLOCKED, since=cast.NOW - timedelta(hours=5), until=cast.NOW, vantage="moscow-home"))
    await cast.see(
        store,
        cast.looks(State.OK, since=cast.NOW - timedelta(hours=5), until=cast.NOW, target="amnesty-org", organisation="amnesty"),
    )
    message = Message(
        id="msg_1", kind=MessageKind.ALARM, incident="CW-2026-0001", version=2, route="r", channel="mail", created_at=cast.NOW
    )
    async with store.writing() as writing:
        await writing.save_checks(plan_checks(watchlist(), cast.PROBES))
        await writing.add_messages([message])
    return {name: await _key(store, *given) if given else None for name, given in READERS.items()}


async def _key(store: Store, scopes: tuple[Scope, ...], organisations: tuple[str, ...] | None) -> str:
    key, secret = make_key("fuzz", scopes, organisations, cast.NOW)
    async with store.writing() as writing:
        await writing.add_key(key)
    return secret


async def serve(folder: Path) -> None:
    """Serve until somebody ends the process."""
    settings = Settings(data_dir=folder, database_url=f"sqlite+aiosqlite:///{folder / 'cutwatch.db'}")
    store = await Store.open(settings.database)
    door = listen("127.0.0.1", 0)
    keys, watched = await plant(store), watchlist()
    context = Context(
        settings=settings,
        clock=Clock.starting(cast.NOW, speed=1),
        store=store,
        watchlist=lambda: watched,
        metrics=lambda: b"",
        health=lambda: Health(ready=True),
    )
    sys.stdout.write(json.dumps({"address": f"http://127.0.0.1:{door.getsockname()[1]}", "keys": keys}) + "\n")
    sys.stdout.flush()
    await web_server(context).serve(sockets=[door])


def main() -> None:
    """Make the database, then serve."""
    folder = Path(sys.argv[1])
    migrate(f"sqlite+aiosqlite:///{folder / 'cutwatch.db'}")
    asyncio.run(serve(folder))


if __name__ == "__main__":
    main()
