"""A notice is entered once, however often somebody hands it in."""

import asyncio
from dataclasses import replace

import pytest

from monitor.core.dossier import Dossier
from monitor.core.kinds import Kind, Origin
from monitor.core.model import Tlp, Words
from monitor.intake import NotTheSame, Received, receive
from monitor.store import Store
from tests.monitor.store.cast import NOON

LETTER = Received(
    name="letter-17", organisation="ovd-info", dossier=Dossier(title=Words(en="The registrar ends its service")), by="key-1"
)


async def test_a_notice_is_an_attested_amber_case_of_its_own(store: Store) -> None:
    name, is_new = await receive(store, LETTER, NOON)
    async with store.reading() as reading:
        incident = await reading.incident(name)
    assert is_new
    assert (incident.kind, incident.origin, incident.tlp) == (Kind.NOTICE, Origin.ATTESTED, Tlp.AMBER)
    assert not incident.is_open


async def test_however_often_and_at_once_it_is_handed_in_it_is_one(store: Store) -> None:
    answers = await asyncio.gather(*(receive(store, LETTER, NOON) for _ in range(5)))
    assert len({name for name, _ in answers}) == 1
    assert sorted(is_new for _, is_new in answers) == [False] * 4 + [True]


async def test_another_notice_under_the_same_name_is_refused(store: Store) -> None:
    await receive(store, LETTER, NOON)
    with pytest.raises(NotTheSame):
        await receive(store, replace(LETTER, dossier=Dossier(title=Words(en="Something else"))), NOON)


async def test_the_same_words_under_another_name_are_another_notice(store: Store) -> None:
    first, _ = await receive(store, LETTER, NOON)
    second, is_new = await receive(store, replace(LETTER, name="letter-18"), NOON)
    assert is_new
    assert first != second
