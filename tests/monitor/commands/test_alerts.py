"""`cutwatch alerts`."""

import asyncio
import fcntl
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from monitor.alerts.channels import ChannelKind
from monitor.alerts.channels.kit.outcome import Outcome
from monitor.alerts.outbox import Outbox
from monitor.clock import Clock
from monitor.core.bundling import Waiting, bundle
from monitor.core.kinds import Origin
from monitor.core.message import Message, MessageKind
from monitor.core.subscription import Channel
from monitor.store import Store, migrate
from tests.monitor.alerts.stage import DELIVERED, REFUSED, Receiver, message
from tests.monitor.cast import watchlist
from tests.monitor.commands.conftest import Type, objects
from tests.monitor.store.cast import opened

Found = TypeVar("Found")

ALARM = message(1, Clock(), channel="hook")
OTHER = message(2, Clock(), channel="mail")
END = message(1, Clock(), channel="hook", version=5, kind=MessageKind.RECOVERY)


class Anything(BaseModel):
    """Settings of every kind."""


def in_store(house: Path, work: Callable[[Store], Awaitable[Found]]) -> Found:
    """Do something with the house's database."""
    url = f"sqlite+aiosqlite:///{house / 'var' / 'cutwatch.db'}"

    async def with_store() -> Found:
        store = await Store.open(url)
        try:
            return await work(store)
        finally:
            await store.close()

    (house / "var").mkdir(exist_ok=True)
    migrate(url)
    return asyncio.run(with_store())


def given_up(house: Path, *messages: Message) -> None:
    """Let these messages about incidents have been given up."""
    with_an_incident(house)

    async def give_up(store: Store) -> None:
        async with store.writing() as writing:
            now = Clock().now()
            await writing.add_messages(messages)
            waiting = [Waiting(message=one.message) for one in await writing.sealable(now, 10)]
            for sealed in bundle(waiting, (), now).parcels:
                await writing.seal(sealed.parcel, now, 0)
            for owed in await writing.claim_parcels(now, 60, 10, "here"):
                await writing.dead(owed.parcel.id, now, "the receiver answered 410 Gone")

    in_store(house, give_up)


def with_an_incident(house: Path, **changes: Any) -> None:
    async def open_one(store: Store) -> None:
        event, incident = opened("CW-2021-0001", **changes)
        async with store.writing() as writing:
            await writing.append([event], [incident])

    in_store(house, open_one)


def answering(outcome: Outcome) -> dict[str, ChannelKind]:
    """The channels of a house whose receiver answers like this."""
    receiver = Receiver()
    receiver.always(outcome)
    return {"webhook": replace(receiver.kind(), settings=Anything)}


@contextmanager
def a_service(house: Path, kinds: dict[str, ChannelKind] | None) -> Iterator[None]:
    """The lock of a running service, and its outbox (None: it is stuck)."""
    (house / "var").mkdir(exist_ok=True)
    stop = threading.Event()

    async def deliver(store: Store) -> None:
        channels = (Channel(id="hook", kind="webhook"),)
        outbox = Outbox(store, Clock(), lambda: watchlist(channels=channels), "service", kinds)
        task = asyncio.create_task(outbox.run())
        await asyncio.to_thread(stop.wait)
        await outbox.stop()
        await task

    thread = threading.Thread(target=lambda: in_store(house, deliver))
    with (house / "var" / "cutwatch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kinds is not None:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if kinds is not None:
                thread.join()


def test_a_test_is_delivered_by_the_running_service(cutwatch: Type, house: Path) -> None:
    with a_service(house, answering(DELIVERED)):
        result = cutwatch("alerts", "test", "staff", "--json")
    [tried] = objects(result)
    assert (tried["channel"], tried["delivered"], tried["error"], result.exit_code) == ("hook", True, None, 0)


def test_without_a_service_a_test_is_delivered_all_the_same(cutwatch: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.commands.try_out.discover", lambda: answering(DELIVERED))
    result = cutwatch("alerts", "test", "staff")
    assert (result.stdout, result.exit_code) == ("hook: delivered\n", 0)


def test_a_test_that_fails_says_why(cutwatch: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.commands.try_out.discover", lambda: answering(REFUSED))
    result = cutwatch("alerts", "test", "staff")
    assert (result.stdout, result.exit_code) == ("hook: not delivered: the receiver answered 400\n", 1)


def test_a_missing_secret_is_named_by_a_test(cutwatch: Type) -> None:
    result = cutwatch("alerts", "test", "staff", "--json")
    [tried] = objects(result)
    assert "HOOK_SECRET" in tried["error"]
    assert result.exit_code == 1


def test_a_test_that_the_service_does_not_send_is_not_waited_for_and_sent_never(
    cutwatch: Type, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.commands.try_out.PATIENCE", 0.3)
    with a_service(house, None):
        result = cutwatch("alerts", "test", "staff")
    assert "the service has not sent it" in result.stdout
    assert result.exit_code == 1

    async def what_waits(store: Store) -> int:
        async with store.reading() as reading:
            return sum(one.waiting for one in await reading.outbox(datetime.now(UTC)))

    assert in_store(house, what_waits) == 0


def test_a_route_that_does_not_exist_is_refused_with_those_that_do(cutwatch: Type) -> None:
    result = cutwatch("alerts", "test", "stuff")
    assert (result.exit_code, "there is no route stuff in alerts.yaml; there is: staff" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["dead", "log", "replay"])
@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--channel", "hok"), "there is no channel hok in alerts.yaml, and nothing was sent there; there is: hook"),
        (("--incident", "CW-2021-0009"), "`cutwatch incidents list --all` shows what there is"),
    ],
)
def test_what_became_of_nothing_is_not_told(cutwatch: Type, command: str, option: tuple[str, str], said: str) -> None:
    result = cutwatch("alerts", command, *option)
    assert (result.exit_code, said in result.stderr, result.stdout) == (2, True, "")


def test_the_command_that_shows_which_incidents_there_are_works(cutwatch: Type) -> None:
    assert cutwatch("incidents", "list", "--all").exit_code == 0


def test_a_channel_that_is_not_configured_any_more_is_known_by_what_was_sent_there(cutwatch: Type, house: Path) -> None:
    given_up(house, OTHER)
    assert "mail" not in (house / "config" / "alerts.yaml").read_text(encoding="utf-8")
    assert OTHER.id in cutwatch("alerts", "dead", "--channel", "mail").stdout


def test_a_test_says_where_links_that_open_nowhere_lead(cutwatch: Type, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.commands.try_out.discover", lambda: answering(DELIVERED))
    mail = "kind: email, settings: {host: mail.example.org, sender: a@example.org, to: [b@example.org]}}"
    (house / "config" / "alerts.yaml").write_text(
        f"channels:\n  - {{id: hook, {mail}\nroutes:\n  - {{id: staff, channels: [hook]}}\n", encoding="utf-8"
    )
    assert "Set CUTWATCH_BASE_URL" in cutwatch("alerts", "test", "staff").stderr
    told = cutwatch("alerts", "test", "staff", env={"CUTWATCH_BASE_URL": "https://watch.example.org"})
    assert "CUTWATCH_BASE_URL" not in told.stderr


def test_what_was_given_up_is_listed_with_its_reason(cutwatch: Type, house: Path) -> None:
    given_up(house, ALARM, OTHER)
    listed = objects(cutwatch("alerts", "dead", "--json"))
    assert {one["message"] for one in listed} == {ALARM.id, OTHER.id}
    [one] = objects(cutwatch("alerts", "dead", "--channel", "mail", "--json"))
    assert (one["message"], one["state"], one["error"]) == (OTHER.id, "dead", "the receiver answered 410 Gone")
    assert "410 Gone" in cutwatch("alerts", "dead").stdout


def test_where_nothing_was_given_up_it_says_so(cutwatch: Type) -> None:
    assert cutwatch("alerts", "dead").stdout == "Nothing was given up.\n"


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ((ALARM.id,), {ALARM.id}),
        (("--channel", "mail"), {OTHER.id}),
        (("--incident", "CW-2021-0001"), {ALARM.id}),
        (("--all-dead",), {ALARM.id, OTHER.id}),
        (("--all-dead", "--since", "2100-01-01T00:00Z"), set()),
    ],
)
def test_what_was_given_up_is_sent_again_when_somebody_asks_for_it(
    cutwatch: Type, house: Path, words: tuple[str, ...], again: set[str]
) -> None:
    given_up(house, ALARM, OTHER)
    [replayed] = objects(cutwatch("alerts", "replay", *words, "--json"))
    assert set(replayed["replayed"]) == again
    left = {one["message"] for one in objects(cutwatch("alerts", "dead", "--json"))}
    assert left == {ALARM.id, OTHER.id} - again


def test_a_parcels_id_brings_back_what_was_in_it(cutwatch: Type, house: Path) -> None:
    given_up(house, ALARM, END)
    [parcel] = objects(cutwatch("alerts", "log", "--json"))
    assert parcel["messages"] == [ALARM.id, END.id]
    [replayed] = objects(cutwatch("alerts", "replay", parcel["parcel"], "--json"))
    assert set(replayed["replayed"]) == {ALARM.id, END.id}


def test_replaying_asks_for_what_and_knows_what_there_is(cutwatch: Type) -> None:
    assert "--all-dead" in cutwatch("alerts", "replay").stderr
    unknown = cutwatch("alerts", "replay", "msg_nothing")
    assert (unknown.exit_code, "msg_nothing" in unknown.stderr) == (2, True)
    assert "2026-01-31" in cutwatch("alerts", "replay", "--all-dead", "--since", "yesterday").stderr


def test_an_incident_is_acknowledged_and_muted_and_unmuted(cutwatch: Type, house: Path) -> None:
    with_an_incident(house)
    assert cutwatch("alerts", "ack", "CW-2021-0001").exit_code == 0
    [muted] = objects(cutwatch("alerts", "mute", "CW-2021-0001", "--for", "12h", "--json"))
    until = datetime.fromisoformat(muted["muted_until"])
    assert timedelta(hours=11) < until - datetime.now(UTC) <= timedelta(hours=12)

    async def read_care(store: Store) -> tuple[str | None, datetime | None]:
        async with store.reading() as reading:
            [care] = await reading.cares()
            assert care == await reading.care("CW-2021-0001")
            return care.acknowledged_by, care.muted_until

    assert in_store(house, read_care) == ("command line", until)
    assert cutwatch("alerts", "unmute", "CW-2021-0001").exit_code == 0
    assert in_store(house, read_care) == ("command line", None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "either --until"),
        (("--for", "91d"), "90 days at most"),
        (("--until", "2100-01-01T00:00Z"), "90 days at most"),
        (("--for", "12h", "--until", "2100-01-01T00:00Z"), "either --until"),
        (("--for", "a while"), "30min, 12h or 2d"),
        (("--until", "2001-01-01T00:00Z"), "is over"),
        (("--until", "tomorrow"), "write a time with its offset"),
    ],
)
def test_muting_says_how_to_name_a_time(cutwatch: Type, house: Path, words: tuple[str, ...], said: str) -> None:
    with_an_incident(house)
    result = cutwatch("alerts", "mute", "CW-2021-0001", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_incident_that_does_not_exist_cannot_be_acknowledged(cutwatch: Type) -> None:
    result = cutwatch("alerts", "ack", "CW-2021-0009")
    assert (result.exit_code, "CW-2021-0009" in result.stderr) == (2, True)


def test_what_people_entered_from_documents_stands_open_for_nobody_and_cannot_be_acknowledged(
    cutwatch: Type, house: Path
) -> None:
    with_an_incident(house, origin=Origin.ATTESTED)
    result = cutwatch("alerts", "ack", "CW-2021-0001")
    assert (result.exit_code, "CW-2021-0001 does not stand open" in result.stderr) == (2, True)


def test_the_log_of_an_incident_shows_every_message(cutwatch: Type, house: Path) -> None:
    given_up(house, ALARM, END)
    listed = objects(cutwatch("alerts", "log", "--incident", "CW-2021-0001", "--json"))
    assert [(one["kind"], one["outcome"]) for one in listed] == [("alarm", "given_up"), ("recovery", "given_up")]
    told = cutwatch("alerts", "log", "--incident", "CW-2021-0001").stdout
    assert re.search(r"alarm CW-2021-0001  route \S+, channel hook  given up \d{4}-\S+ \S+ UTC: the receiver answered 410", told)
    assert "CW-2021-0001 has news" in cutwatch("alerts", "log").stdout


def test_where_nothing_was_sent_the_log_says_so(cutwatch: Type, house: Path) -> None:
    with_an_incident(house)
    assert cutwatch("alerts", "log").stdout == "Nothing was sent.\n"
    assert cutwatch("alerts", "log", "--incident", "CW-2021-0001").stdout == "Nobody was to be told of CW-2021-0001.\n"
