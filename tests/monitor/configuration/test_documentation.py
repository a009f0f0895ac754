"""`docs/configuration.md` says of every key what it is and what it is by default; it cannot drift from the models."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from monitor.configuration.reader import parse
from monitor.core import documented, dossier, fingerprint, model, subscription, watchlist
from monitor.core.descriptive import Action, ActorKind, Basis, Review
from monitor.core.kinds import Kind
from monitor.core.watchlist import ProviderKind
from probes.kit.budgets import Budgets
from probes.kit.resolvers import PublicResolver

DOCUMENT = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")

SECTIONS: dict[str, type[BaseModel]] = {
    "monitor.yaml": watchlist.Monitor,
    "vantages": watchlist.VantagePoint,
    "service": watchlist.Service,
    "public_resolvers": PublicResolver,
    "canaries": watchlist.Canaries,
    "cadence": watchlist.Cadence,
    "limits": watchlist.Limits,
    "budgets": Budgets,
    "confirmation": watchlist.Confirmation,
    "mass": watchlist.Mass,
    "retention": watchlist.Retention,
    "lists": watchlist.Lists,
    "alerts.yaml": subscription.Alerts,
    "channels": subscription.Channel,
    "routes": subscription.Route,
    "match": subscription.Match,
    "group": subscription.Grouping,
    "quiet_hours": subscription.QuietHours,
    "digest": subscription.Digest,
    "escalate": subscription.Escalation,
    "organisation": watchlist.Organisation,
    "targets": watchlist.Target,
    "planned": watchlist.PlannedChange,
    "depends_on": watchlist.Dependency,
    "sources": model.Source,
    "provider": watchlist.Provider,
    "account": watchlist.AccountField,
    "fingerprint file": fingerprint.SignFile,
    "fingerprints": fingerprint.Sign,
    "incident entry": documented.Documented,
    "related": documented.RelatedEntry,
    "subject": dossier.Subject,
    "actors": dossier.Actor,
    "compulsion": dossier.StatedCompulsion,
    "legal_basis": dossier.LegalGround,
    "due_process": dossier.DueProcess,
    "stated_reason": dossier.StatedReason,
    "dates": dossier.Dates,
    "dated statement": dossier.DatedStatement,
    "bounds": dossier.Bounds,
    "countries": dossier.Countries,
    "impact": dossier.Impact,
    "cited source": dossier.CitedSource,
    "evidence": dossier.EvidenceItem,
    "remedies": dossier.Remedy,
    "replies": dossier.Reply,
    "reinstatement": dossier.Reinstatement,
    "marks": dossier.Marks,
}
NOTHING = "\u2013"
TEXTS_FOR_PEOPLE = {model.Words}


def rows(section: str) -> dict[str, tuple[str, str]]:
    """Key to meaning and default, as the section's table says."""
    (text,) = re.findall(rf"^### {re.escape(section)}\n(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    table = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", text, re.MULTILINE)
    return {key: (meaning, default) for key, meaning, default in table}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for argument in get_args(annotation):
        yield from models_in(argument)


def test_every_part_of_the_configuration_has_its_section() -> None:
    files = (
        watchlist.Monitor,
        subscription.Alerts,
        watchlist.Organisation,
        watchlist.Provider,
        fingerprint.SignFile,
        documented.Documented,
    )
    needed = {model for file in files for model in models_in(file)} - TEXTS_FOR_PEOPLE
    assert needed == set(SECTIONS.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_lists_exactly_the_keys_that_are_read(section: str) -> None:
    assert list(rows(section)) == list(SECTIONS[section].model_fields)


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, model in SECTIONS.items() for key in model.model_fields]
)
def test_a_default_is_the_one_that_counts(section: str, key: str) -> None:
    _, documented = rows(section)[key]
    field = SECTIONS[section].model_fields[key]
    if field.is_required():
        assert documented == "required"
    elif documented == NOTHING:
        assert not leaf(field)
    else:
        written = parse("x", f"value: {documented.strip('`')}".encode()).value("value")
        as_written: Any = Annotated[field.annotation, "as documented", *field.metadata]
        assert TypeAdapter[Any](as_written).validate_python(written) == field.default


def leaf(field: FieldInfo) -> bool:
    """Whether the default is a value of its own, neither nothing nor another section."""
    return not isinstance(field.default, BaseModel) and bool(field.get_default(call_default_factory=True))


@pytest.mark.parametrize("word", [*ProviderKind, *Kind, *model.Tlp, *subscription.GroupBy, *Action, *ActorKind, *Basis, *Review])
def test_closed_words_are_all_named(word: str) -> None:
    assert f"`{word}`" in DOCUMENT
