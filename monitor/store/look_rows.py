"""Looks and the verdicts on them as rows."""

from typing import Any, Final

from pydantic import TypeAdapter

from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange
from monitor.store.packing import Packer, readable
from monitor.store.records import Judged
from monitor.store.rows import Columns, Fetched, Shape, text_of, word_of
from probes.kit.observation import Control, Facts, Observation, Provenance
from probes.kit.vocabulary import Unmeasured, Validity

VERDICT: Final = Shape(Verdict, observation="id", check="check_id")

_facts: Packer[Facts] = Packer(Facts)
_control: Packer[tuple[Control, ...]] = Packer(tuple[Control, ...])
_provenance: TypeAdapter[Any] = TypeAdapter(Provenance | None)


def look_columns(look: Judged) -> Columns:
    """A look and its verdict."""
    observation = look.observation
    return {
        "id": observation.id,
        "at": observation.started_at,
        "check_id": observation.check,
        "country": look.verdict.country,
        "validity": observation.validity.value,
        "unmeasured": text_of(observation.unmeasured),
        "missed": observation.missed,
        "duration": observation.duration,
        "timing_suspect": observation.timing_suspect,
        "probe_version": observation.probe_version,
        "software": observation.software,
        **judgement(look.verdict),
        "provenance": _provenance.dump_python(observation.provenance, mode="json"),
        "facts": None if observation.facts is None else _facts.pack(observation.facts),
        "control": _control.pack(observation.control) if observation.control else None,
    }


def look_from(row: Fetched) -> Judged:
    """A look and its verdict, without bytes."""
    observation = Observation(
        id=row["id"],
        check=row["check_id"],
        vantage=row["vantage"],
        country=row["country"],
        started_at=row["at"],
        duration=row["duration"],
        facts=None if row["facts"] is None else _facts.unpack(row["facts"]),
        control=() if row["control"] is None else _control.unpack(row["control"]),
        validity=Validity(row["validity"]),
        unmeasured=word_of(Unmeasured, row["unmeasured"]),
        missed=row["missed"],
        timing_suspect=row["timing_suspect"],
        provenance=_provenance.validate_python(row["provenance"]),
        probe_version=row["probe_version"],
        software=row["software"],
    )
    return Judged(observation=observation, verdict=VERDICT.value(row))


def judgement(verdict: Verdict) -> Columns:
    """What a verdict says."""
    return {
        "state": verdict.state.value,
        "rule": verdict.rule,
        "because": readable(verdict.because),
        "strength": verdict.strength.value,
        "why_unclear": text_of(verdict.why_unclear),
        "mechanism": verdict.mechanism,
        "scope": text_of(verdict.scope),
        "ruleset": verdict.ruleset,
    }


def new_judgement(verdict: Verdict) -> Columns:
    """A new verdict on a look that is stored."""
    said = {f"judged_{name}": value for name, value in judgement(verdict).items()}
    return {"observation": verdict.observation, **said}


def planned_look_columns(verdict: Verdict, change: PlannedChange) -> Columns:
    """That a planned change explains a look."""
    return {"observation": verdict.observation, "starts_at": change.start, "ends_at": change.end, "note": change.note}
