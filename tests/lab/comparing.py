"""Compares what a phase was to bring with what it brought. A difference is a sentence: `expected …, got …`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from monitor.core.incident import Incident
from monitor.core.message import Message
from monitor.core.verdict import Verdict
from probes.kit.vocabulary import VantageHealth
from probes.website.classic import Classic
from tests.lab.scenario import ExpectedIncident, ExpectedMessage, ExpectedVerdict, Stretch


@dataclass(frozen=True, slots=True)
class Judged:
    """One look: our verdict on it, and the reference's as we compute it, where the probe is a website's."""

    verdict: Verdict
    classic: Classic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outturn:
    """What a phase brought: every look and message in order, and incidents and sight as they stood at its end."""

    looks: Sequence[Judged]
    health: Mapping[str, VantageHealth]
    incidents: Sequence[Incident]
    messages: Sequence[Message]


def differences(stretch: Stretch, seen: Outturn) -> Iterator[str]:
    """Everything in which the phase was not as expected."""
    for expected in stretch.expect.verdicts:
        yield from _in_looks(expected, seen.looks, stretch.start)
    for vantage, health in stretch.expect.health.items():
        if (found := seen.health.get(vantage)) is not health:
            yield f"expected health {health} of {vantage} in the phase at {written(stretch.start)}, got {found}"
    if stretch.expect.incidents is not None:
        yield from _in_incidents(stretch.expect.incidents, seen.incidents, stretch.start)
    if stretch.expect.messages is not None:
        yield from _in_messages(stretch.expect.messages, seen.messages, stretch.start)


def _in_looks(expected: ExpectedVerdict, looks: Sequence[Judged], at: timedelta) -> Iterator[str]:
    """The first look of its kind that says something else."""
    place = {"vantage", "probe", "target"}
    asked, wanted = _given(expected, place), _given(expected, set(expected.model_fields_set) - place)
    concerned = [look for look in looks if _facts(look, asked) == asked]
    about = f"{' '.join(asked.values())} in the phase at {written(at)}"
    if not concerned:
        yield f"expected {_words(wanted)} of {about}, got no look"
    for look in concerned:
        if _facts(look, wanted) != wanted:
            found, verdict = _facts(look, {**wanted, "rule": None}), look.verdict
            yield f"expected {_words(wanted)} of {about}, got {_words(found)} at {verdict.at:%d %H:%M} ({verdict.because})"
            return


def _in_incidents(expected: Sequence[ExpectedIncident], incidents: Sequence[Incident], at: timedelta) -> Iterator[str]:
    wanted = [_given(one, one.model_fields_set) for one in expected]
    if len(wanted) == len(incidents):
        found = [_incident(incident, keys) for incident, keys in zip(incidents, wanted, strict=True)]
    else:
        found = [_incident(incident, {"kind": None, "stage": None, "target": None}) for incident in incidents]
    if wanted != found:
        yield f"expected {_list(wanted, 'incident')} at the end of the phase at {written(at)}, got {_list(found, 'incident')}"


def _in_messages(expected: Sequence[ExpectedMessage], messages: Sequence[Message], at: timedelta) -> Iterator[str]:
    wanted = [_given(one, one.model_fields_set) for one in expected]
    found = [{"route": message.route, "kind": message.kind} for message in messages]
    if wanted != found:
        yield f"expected {_list(wanted, 'message')} in the phase at {written(at)}, got {_list(found, 'message')}"


def written(offset: timedelta) -> str:
    """An offset as scenarios write it, in minutes."""
    return f"+{offset.total_seconds() / 60:g}min"


def _given(model: BaseModel, names: set[str]) -> dict[str, Any]:
    """Those of the fields that the scenario gives; a list given in any order is a set, and so on inwards."""
    given = {name: getattr(model, name) for name in type(model).model_fields if name in names & model.model_fields_set}
    return {name: _plain(value) for name, value in given.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _given(value, value.model_fields_set)
    return set(value) if isinstance(value, tuple) else value


def _facts(look: Judged, keys: dict[str, Any]) -> dict[str, Any]:
    """What the look says under these keys; of the reference's verdict only what is asked for."""
    facts = {name: getattr(look.verdict, name) for name in keys if name != "classic"}
    if "classic" in keys:
        facts["classic"] = {name: getattr(look.classic, name, None) for name in keys["classic"]} if look.classic else None
    return {name: facts[name] for name in keys}


def _incident(incident: Incident, keys: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": incident.kind,
        "stage": incident.stage,
        "target": incident.key.target,
        "country": incident.key.country,
        "vantages": set(incident.vantages),
        "mechanisms": set(incident.mechanisms),
        "strength": incident.strength,
        "rule": incident.rule,
        "intermittent": incident.intermittent,
    }
    return {name: facts[name] for name in keys}


def _words(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_word(value)}" for name, value in facts.items())


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return f"({_words(value)})"
    return f"{{{', '.join(sorted(value))}}}" if isinstance(value, set) else str(value)


def _list(things: Sequence[dict[str, Any]], what: str) -> str:
    return " + ".join(_words(thing) for thing in things) if things else f"no {what}"
