"""What one version of an incident says that another does not: for the page, the API and the command line. Pure.

Fields have the names of `Incident`, and inside the dossier its own with a dot: `stage`, `dossier.dates.decided.date`. Entries of
a list are told one by one, as `dossier.sources[2]` counted from 0, so that what was added at its end shows as just that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from monitor.core.incident import Incident

Plain = str | int | float | bool | list[Any] | dict[str, Any] | None
"""What JSON can say."""

_INCIDENT: Final = TypeAdapter(Incident)

_NO_CONTENT: Final = frozenset({"id", "version", "updated", "digest", "seen_from", "stage_since", "stage_by", "heard_from"})
"""Fields that follow from others, or from the fact that there is a version at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that two versions state differently. None: that version does not state it."""

    field: str
    before: Plain
    after: Plain


def differences(before: Incident, after: Incident) -> tuple[Difference, ...]:
    """Every field in which `after` differs from `before`, in the order of the model."""
    return tuple(_between(_contents(before), _contents(after), ""))


def _contents(incident: Incident) -> dict[str, Any]:
    data = _INCIDENT.dump_python(incident, mode="json")
    return {name: value for name, value in data.items() if name not in _NO_CONTENT}


def _between(before: Any, after: Any, field: str) -> Iterator[Difference]:
    if before == after:
        return
    if _mappings(before, after):
        for name in dict.fromkeys((*(before or {}), *(after or {}))):
            within = f"{field}.{name}" if field else name
            yield from _between((before or {}).get(name), (after or {}).get(name), within)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _between_lists(before, after, field)
    else:
        yield Difference(field=field, before=_stated(before), after=_stated(after))


def _mappings(before: Any, after: Any) -> bool:
    """Whether to look inside: what was not there before, or is gone, is told field by field too."""
    kinds = {type(one) for one in (before, after) if one is not None}
    return kinds == {dict}


def _between_lists(before: list[Any], after: list[Any], field: str) -> Iterator[Difference]:
    for position in range(max(len(before), len(after))):
        was = before[position] if position < len(before) else None
        now = after[position] if position < len(after) else None
        if was != now:
            yield Difference(field=f"{field}[{position}]", before=_stated(was), after=_stated(now))


def _stated(value: Any) -> Plain:
    """`value` without what it leaves empty: a source that names no publisher need not say so."""
    if isinstance(value, Mapping):
        return {name: _stated(one) for name, one in value.items() if one not in (None, [], {})}
    if isinstance(value, list):
        return [_stated(one) for one in value] or None
    stated: Plain = value
    return stated
