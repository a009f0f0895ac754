"""Which corrections readers must hear of."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.core.correction import takes_back
from monitor.core.descriptive import ActorKind, ActorRole, Basis
from monitor.core.dossier import Actor, CitedSource, Countries, DatedStatement, Dates, Dossier
from monitor.core.incident import Bracket
from monitor.core.kinds import Kind
from monitor.core.model import Words
from probes.kit.vocabulary import Strength
from tests.monitor.cast import BLOCKED, DOWN, ONSET

TITLE = Words(en="A block")
STATED = Dossier(
    title=TITLE,
    actors=(Actor(entity=Words(en="A court"), kind=ActorKind.STATE_COURT, role=ActorRole.ORDERER, basis=Basis.MEDIA),),
    dates=Dates(effective=DatedStatement(date="2021-12-25", basis=Basis.MEDIA)),
    countries=Countries(effect=("RU",)),
)
EARLIER = Bracket(after=None, by=ONSET - timedelta(days=1))


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": Kind.OUTAGE},
        {"provider": "cloudflare"},
        {"provider": None},
        {"onset": EARLIER},
        {"strength": Strength.STRONG},
        {"mechanisms": ()},
        {"mechanisms": ("tls.mitm.state_ca", "tls.reset.sni")},
        {"intermittent": False},
    ],
    ids=str,
)
def test_what_readers_were_told_and_is_not_so_is_taken_back(changed: dict[str, Any]) -> None:
    before = replace(BLOCKED, provider="mailchimp", intermittent=True)
    assert takes_back(before, replace(before, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": "mailchimp"},
        {"mechanisms": ("http.blockpage", "tls.reset.sni")},
        {"rule": "website.tls.reset", "because": "in other words"},
        {"dossier": STATED},
        {"intermittent": True},
    ],
    ids=["a company", "another sign", "a rule", "what sources say", "that it comes and goes"],
)
def test_what_only_adds_takes_nothing_back(changed: dict[str, Any]) -> None:
    assert not takes_back(BLOCKED, replace(BLOCKED, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"actors": ()},
        {"dates": Dates(effective=DatedStatement(date="2021-12-24", basis=Basis.MEDIA))},
        {"countries": Countries(effect=("BY",))},
    ],
    ids=["who did it", "since when", "where"],
)
def test_what_stands_behind_the_link_counts_too(changed: dict[str, Any]) -> None:
    before = replace(DOWN, dossier=STATED)
    assert takes_back(before, replace(before, dossier=STATED.model_copy(update=changed)))


@pytest.mark.parametrize(
    "changed",
    [
        {"title": Words(en="The block")},
        {"summary": Words(en="In short")},
        {"sources": (CitedSource(title="A newspaper"),)},
        {"countries": Countries(effect=("BY", "RU"))},
    ],
    ids=["a title", "a summary", "a source", "another country"],
)
def test_better_words_and_more_sources_take_nothing_back(changed: dict[str, Any]) -> None:
    before = replace(DOWN, dossier=STATED)
    assert not takes_back(before, replace(before, dossier=STATED.model_copy(update=changed)))
