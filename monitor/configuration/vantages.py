"""Checks of `monitor.yaml`: the places from which we look, how often, and how patiently."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from monitor.configuration.checks import repeated_ids, unknown_name
from monitor.configuration.document import Document
from monitor.configuration.names import is_resolver, objection_to_host
from monitor.configuration.problems import FieldPath, Problem
from monitor.configuration.services import check_control_kind, check_service
from monitor.core.model import Seconds
from probes.kit.budgets import Budgets
from probes.kit.vocabulary import IMPORTED_KINDS, VantageKind

SHORTEST_CADENCE: Final = 60
"""Seconds between two looks at one target; anything quicker looks like an attack to those whom we watch over."""

LONGEST_CADENCE: Final = 7 * 86400
"""Seconds; anything slower would tell nobody within a useful time."""

SHORTEST_CANARY: Final = 10
"""Seconds between two rounds of canaries, which are strangers' servers."""

_BUILT: Final = frozenset(kind.value for kind in (VantageKind.DIRECT, VantageKind.PROXY, *IMPORTED_KINDS))
_BUILT_KINDS: Final = f"use {', '.join(sorted(_BUILT))}"
_DURATION: Final = TypeAdapter[int](Seconds)


def check_monitor(monitor: Document, country: str | None) -> Iterator[Problem]:
    """Everything in `monitor.yaml`. `country` is where this machine stands, for a direct vantage point that does not say."""
    yield from repeated_ids(monitor, "vantages")
    countries = countries_of(monitor, country)
    kinds = {monitor.text(*path, "id") or "": _kind(monitor, path) for path in monitor.entries("vantages")}
    for vantage in monitor.entries("vantages"):
        yield from _reach(monitor, vantage)
        yield from check_service(monitor, vantage, _kind(monitor, vantage))
        yield from _control(monitor, vantage, countries)
        for entry in monitor.entries(*vantage, "control"):
            yield from check_control_kind(monitor, entry, kinds)
        yield from _public_resolvers(monitor, (*vantage, "public_resolvers"))
        yield from _canaries(monitor, (*vantage, "canaries"))
        yield from check_cadence(monitor, (*vantage, "every"))
    yield from _public_resolvers(monitor, ("public_resolvers",))
    yield from _canaries(monitor, ("canaries",))
    for path in (("cadence", "look"), ("cadence", "hostile"), ("cadence", "full"), *monitor.entries("cadence", "relook")):
        yield from check_cadence(monitor, path)
    yield from _budgets(monitor, ("limits", "budgets"))


def countries_of(monitor: Document, country: str | None) -> dict[str, str | None]:
    """Vantage point to country, as far as is known."""
    found: dict[str, str | None] = {}
    for path in monitor.entries("vantages"):
        one = monitor.text(*path, "id")
        if one is not None:
            direct = _kind(monitor, path) == VantageKind.DIRECT
            found[one] = monitor.text(*path, "country") or (country if direct else None)
    return found


def _kind(monitor: Document, path: FieldPath) -> str:
    return monitor.text(*path, "kind") or VantageKind.DIRECT


def _reach(monitor: Document, path: FieldPath) -> Iterator[Problem]:
    kind, proxy = _kind(monitor, path), monitor.value(*path, "proxy")
    if kind in set(VantageKind) - _BUILT:
        yield monitor.problem((*path, "kind"), f"looking by `{kind}` is not part of this version", _BUILT_KINDS)
    if kind == VantageKind.PROXY and proxy is None:
        remedy = "add `proxy:` with the name of the environment variable that holds the proxy's address"
        yield monitor.problem(path, "is of kind proxy but names no proxy", remedy)
    if kind == VantageKind.DIRECT and proxy is not None:
        yield monitor.problem((*path, "proxy"), "stands at a direct vantage point", "write `kind: proxy`, or remove this line")
    for entry in monitor.entries(*path, "resolvers"):
        if not is_resolver(monitor.text(*entry) or ""):
            yield monitor.problem(entry, "is not the address of a resolver", "write an IP address such as 9.9.9.9 or 9.9.9.9:53")


def _public_resolvers(monitor: Document, path: FieldPath) -> Iterator[Problem]:
    seen: dict[tuple[str | None, str | None], int | None] = {}
    for entry in monitor.entries(*path):
        one = (monitor.text(*entry, "transport"), monitor.text(*entry, "address"))
        if None not in one and one in seen:
            yield monitor.problem(entry, f"is the same as on line {seen[one]}", "remove one of the two, or name another resolver")
        seen.setdefault(one, monitor.line(entry))


def _control(monitor: Document, path: FieldPath, countries: Mapping[str, str | None]) -> Iterator[Problem]:
    own = monitor.text(*path, "id")
    for entry in monitor.entries(*path, "control"):
        yield from unknown_name(monitor, entry, countries, "vantage point", "describe it under `vantages`")
        other = monitor.text(*entry)
        if other == own:
            yield monitor.problem(entry, "is this vantage point itself", "name one that stands elsewhere")
        elif other and own and countries.get(other) is not None and countries.get(other) == countries.get(own):
            message = f"`{other}` stands in {countries[other]} as well, behind the same censor"
            yield monitor.problem(entry, message, "name a vantage point outside that country")


def _canaries(monitor: Document, path: FieldPath) -> Iterator[Problem]:
    seen: dict[str, int | None] = {}
    for entry in (*monitor.entries(*path, "domestic"), *monitor.entries(*path, "foreign")):
        name = (monitor.text(*entry) or "").lower()
        objection = objection_to_host(name)
        if objection is not None:
            yield monitor.problem(entry, f"as a canary this {objection.message}", objection.remedy)
        elif name in seen:
            yield monitor.problem(entry, f"is already a canary on line {seen[name]}", "name another: canaries must be unrelated")
        seen.setdefault(name, monitor.line(entry))
    yield from check_cadence(monitor, (*path, "every"), SHORTEST_CANARY)


def check_cadence(document: Document, path: FieldPath, shortest: int = SHORTEST_CADENCE) -> Iterator[Problem]:
    """A cadence that would harm those whom we look at, or tell too late."""
    try:
        seconds = _DURATION.validate_python(document.value(*path))
    except ValidationError:
        return
    if seconds < shortest:
        yield document.problem(path, "is too often: it would burden the sites that are looked at", f"write {shortest}s or more")
    if seconds > LONGEST_CADENCE:
        yield document.problem(path, "is too seldom: a loss would be noticed too late", "write 7d or less")


def _budgets(monitor: Document, path: FieldPath) -> Iterator[Problem]:
    try:
        budgets = Budgets.model_validate(monitor.value(*path) or {})
    except ValidationError:
        return
    stages = budgets.dns + budgets.tcp + budgets.tls + budgets.http
    if stages > budgets.look:
        message = f"dns, tcp, tls and http together take {stages:g} seconds, but a whole look only {budgets.look:g}"
        yield monitor.problem(path, message, f"raise `look` to at least {stages:g}, or lower the stages")
