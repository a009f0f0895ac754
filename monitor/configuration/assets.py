"""Checks of organisations and providers: their targets, their accounts, and whether a probe can look at them."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from monitor.configuration.checks import fits, repeated_ids, unknown_name
from monitor.configuration.document import Document
from monitor.configuration.names import objection_to_host, objection_to_url
from monitor.configuration.problems import FieldPath, Problem, did_you_mean
from monitor.configuration.sentences import problems_of
from monitor.configuration.vantages import check_cadence
from monitor.core.model import SecretName
from monitor.core.watchlist import AccountField, Provider
from probes.kit.probe import Probe

_ACCOUNT_CAP: Final = 300
_SECRET_NAME: Final = TypeAdapter[str](SecretName)


def check_organisation(
    document: Document,
    providers: Collection[str],
    described: Mapping[str, Provider],
    vantages: Collection[str] | None,
    probes: Mapping[str, Probe],
) -> Iterator[Problem]:
    """Everything in one organisation's file.

    `providers` are all that have a file, `described` those whose file is in order. `vantages` is None where they could not be
    read.
    """
    yield from repeated_ids(document, "targets")
    yield from _sources(document)
    for target in document.entries("targets"):
        yield from _target(document, target, vantages, probes)
    for dependency in document.entries("depends_on"):
        provider = document.text(*dependency, "provider") or ""
        yield from unknown_name(document, (*dependency, "provider"), providers, "provider", "add its file to `providers/`")
        if provider in described:
            yield from _account(document, (*dependency, "account"), described[provider])


def _target(
    document: Document, path: FieldPath, vantages: Collection[str] | None, probes: Mapping[str, Probe]
) -> Iterator[Problem]:
    if not isinstance(document.value(*path), Mapping):
        return
    faults = list(_asset(document, path))
    yield from faults
    if not faults and (document.text(*path, "url") or document.text(*path, "domain")):
        yield from _probes(document, path, probes)
    yield from check_cadence(document, (*path, "every"))
    for entry in document.entries(*path, "vantages") if vantages is not None else ():
        yield from unknown_name(document, entry, vantages or (), "vantage point", "describe it in monitor.yaml")
    for key in ("probes", "vantages"):
        if document.value(*path, key) in ({}, []):
            yield document.problem((*path, key), "is empty, so nothing would ever look at this", "remove the line to use all")


def _asset(document: Document, path: FieldPath) -> Iterator[Problem]:
    """What is wrong with the thing to look at itself; anything of a wrong type the schema has refused."""
    url, domain = document.value(*path, "url"), document.value(*path, "domain")
    if (url is None) == (domain is None):
        message = "has neither `url` nor `domain`" if url is None else "has both `url` and `domain`"
        yield document.problem(path, message, "give `url` for a website, or `domain` for a name without one")
    yield from _web_address(document, (*path, "url"))
    if isinstance(domain, str) and (objection := objection_to_host(domain)):
        yield document.problem((*path, "domain"), objection.message, objection.remedy)


def _probes(document: Document, path: FieldPath, probes: Mapping[str, Probe]) -> Iterator[Problem]:
    if document.value(*path, "probes") is None:
        yield from _any_probe(document, path, probes)
    for entry in document.entries(*path, "probes"):
        given = document.value(*entry)
        yield from _unknown_probe(document, entry, probes)
        if isinstance(given, Mapping) and str(entry[-1]) in probes:
            looks, problems = _offer(document, path, probes[str(entry[-1])], given)
            yield from problems
            if not looks:
                yield document.problem(
                    entry, "has nothing to look at in this target", "remove this probe, or give it what it needs"
                )


def _unknown_probe(document: Document, path: FieldPath, probes: Mapping[str, Probe]) -> Iterator[Problem]:
    name = str(path[-1])
    if name not in probes:
        remedy = did_you_mean(name, probes, f"use one of {', '.join(probes)}")
        yield document.problem(path, f"there is no probe `{name}`", remedy)


def _any_probe(document: Document, path: FieldPath, probes: Mapping[str, Probe]) -> Iterator[Problem]:
    """A target without `probes` is looked at by all that fit; one that none can look at is a mistake."""
    offers = [_offer(document, path, probe, {}) for probe in probes.values()]
    for _, problems in offers:
        yield from problems
    if not any(looks for looks, _ in offers):
        yield document.problem(path, "no probe can look at this", "correct its `url` or `domain`")


def _offer(document: Document, path: FieldPath, probe: Probe, given: Mapping[str, Any]) -> tuple[bool, tuple[Problem, ...]]:
    """Whether `probe` has something to look at in the target at `path`, and what it says against the parameters `given`."""
    try:
        found = probe.params.for_asset(document.text(*path, "url"), document.text(*path, "domain"), given)
    except ValidationError as error:
        return True, tuple(problems_of(error, document, probe.params, (*path, "probes", probe.name)))
    return found is not None, ()


def _account(document: Document, path: FieldPath, provider: Provider) -> Iterator[Problem]:
    given = list(document.entries(*path))
    for entry in given:
        name = str(entry[-1])
        if name in provider.account:
            yield from _account_value(document, entry, provider.account[name])
        else:
            otherwise = f"{provider.id} knows {', '.join(provider.account) or 'no account fields'}"
            remedy = did_you_mean(name, provider.account, otherwise)
            yield document.problem(entry, f"is no account field of {provider.id}", remedy)
    missing = [name for name, field in provider.account.items() if field.required and (*path, name) not in given]
    if given and missing:
        yield document.problem(path, f"lacks {', '.join(missing)}", "add it: the other fields are not enough to find the account")


def _account_value(document: Document, path: FieldPath, field: AccountField) -> Iterator[Problem]:
    value = document.text(*path)
    if value is None:
        return
    if len(value) > _ACCOUNT_CAP:
        yield document.problem(path, "is too long", f"write at most {_ACCOUNT_CAP} characters")
    elif remedy := _remedy_for(value, field):
        yield document.problem(path, f"is not a {field.type.replace('_', ' ')}", remedy)
    elif field.pattern and objection_to_pattern(field.pattern) is None and not re.fullmatch(field.pattern, value):
        yield document.problem(path, "is not written as the provider writes it", f"it must fit the pattern {field.pattern}")


def _remedy_for(value: str, field: AccountField) -> str | None:
    """What to write instead of `value`, or None where it fits the field's type."""
    if field.type == "numeric_id":
        return None if value.isascii() and value.isdigit() else "write digits only, in quotes"
    if field.type == "secret_ref":
        return None if fits(_SECRET_NAME, value) else "write the name of an environment variable, never the secret itself"
    if field.type == "handle":
        return None if value.strip() else "write the account's name"
    objection = objection_to_url(value) if field.type == "url" else objection_to_host(value)
    return objection.remedy if objection else None


def check_provider(document: Document) -> Iterator[Problem]:
    """Everything in one provider's file."""
    yield from _sources(document)
    yield from _web_address(document, ("homepage",))
    for field in document.entries("account"):
        pattern = document.text(*field, "pattern")
        if pattern is not None and (reason := objection_to_pattern(pattern)):
            yield document.problem((*field, "pattern"), f"is not a regular expression ({reason})", "correct it, or remove it")


def _web_address(document: Document, path: FieldPath) -> Iterator[Problem]:
    url = document.text(*path)
    if url is not None and (objection := objection_to_url(url)):
        yield document.problem(path, objection.message, objection.remedy)


def _sources(document: Document) -> Iterator[Problem]:
    for source in document.entries("sources"):
        yield from _web_address(document, (*source, "url"))


def objection_to_pattern(pattern: str) -> str | None:
    """Why `pattern` is no regular expression, or None."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None
