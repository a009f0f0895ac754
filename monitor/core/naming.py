"""What messages call things: organisations, what they have lost, companies, countries and lines. Pure.

A name is somebody else's text. It is shown as one harmless line, and gives way where room is short.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from babel import Locale

from monitor.core.extent import struck
from monitor.core.kinds import Kind
from monitor.core.model import Language
from monitor.core.phrases.counting import counted
from monitor.core.telling import Telling
from monitor.core.watchlist import NetworkKind, Target

NAME_LIMIT = 60
"""Characters of a name that a message shows: a name is to be recognised, not to fill the screen."""

PLACES = 4
"""Places, or organisations, that a message names before it only counts them."""

_ANGLES = str.maketrans("<>", "\u2039\u203a")
_SPACES = re.compile(r"\s+")
_SCHEME = re.compile(r"^[a-z]+://(www\.)?", re.IGNORECASE)


def plain(text: str, limit: int) -> str:
    """`text` as one harmless line of at most `limit` characters.

    Control characters, terminal escapes and marks that turn the direction of writing are dropped. Angle brackets are
    replaced, so that a receiver which shows HTML or chat markup finds none. Of an endless text only the beginning is read.
    """
    line = _SPACES.sub(" ", text[: 10 * limit].translate(_ANGLES))
    shown = "".join(character for character in line if unicodedata.category(character)[0] != "C").strip()
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def target_name(target: Target, language: Language, limit: int = NAME_LIMIT) -> str:
    """What people call a target: its own name, else its address without the parts that all addresses share."""
    name = target.name.of(language) if target.name else target.domain or _SCHEME.sub("", target.url or target.id).rstrip("/")
    return plain(name, limit)


def subject(telling: Telling, room: int = 2 * NAME_LIMIT) -> str:
    """To whom it happened; the names take at most `room` characters, and the longer one gives way first."""
    if telling.incident.is_mass:
        return _many(telling)
    if not telling.incident.key.organisation:
        return _network(telling)
    names = _names(telling)
    most = max(room - min(map(len, names)), room // 2)
    organisation, target = (plain(name, most) for name in names)
    return telling.phrases.subject.format(organisation=organisation, target=target)


def _names(telling: Telling) -> tuple[str, str]:
    """What the organisation and the target are called: by their ids where they are no longer configured."""
    key, language = telling.incident.key, telling.language
    organisation = telling.watchlist.organisation(key.organisation)
    target = next((one for one in organisation.targets if one.id == key.target), None) if organisation else None
    return (
        _organisation(key.organisation, telling),
        target_name(target, language) if target else plain(key.target, NAME_LIMIT),
    )


def _organisation(slug: str, telling: Telling) -> str:
    found = telling.watchlist.organisation(slug)
    return plain(found.name.of(telling.language) if found else slug, NAME_LIMIT)


def strikes_many(telling: Telling) -> bool:
    """Whether it is told of more than one: of a mass event the last may stand alone."""
    return telling.incident.is_mass and struck(telling.incident) != 1


def _many(telling: Telling) -> str:
    """How many it strikes: "37 sites of 12 organisations"."""
    phrases = telling.phrases
    numbers = ((telling.loss.counted, struck(telling.incident)), (phrases.of_organisations, len(telling.incident.affected)))
    known = [counted(forms, number, telling.language) for forms, number in numbers if number]
    return phrases.many.format(many=" ".join(known) if known else phrases.many_unknown)


def hit(telling: Telling) -> str:
    """How many a mass event has struck in all, where some of them are over and these readers may know the number."""
    everyone, still = len(telling.incident.members), struck(telling.incident)
    is_known = telling.incident.is_mass and 0 < still < everyone
    return telling.phrases.hit.format(all=everyone, count=still) if is_known else ""


def organisation(telling: Telling) -> str | None:
    """What the organisation is called whose loss it is; None where it is nobody's in particular."""
    return _organisation(telling.incident.key.organisation, telling) if telling.incident.key.organisation else None


def affected(telling: Telling) -> str:
    """A few of those whom a mass event strikes, as far as these readers may hear of them."""
    may, slugs = telling.may_name, telling.incident.affected
    known = [slug for slug in slugs if may is None or slug in may]
    names = [_organisation(slug, telling) for slug in known[:PLACES]]
    return telling.phrases.affected.format(names=_listed(names, len(slugs), ", ", telling)) if names else ""


def _network(telling: Telling) -> str:
    """Who is cut off, where it is nobody in particular."""
    code = telling.incident.key.country
    where = country_name(code, telling.language) if code else telling.phrases.unknown_country
    return telling.phrases.network.format(country=where)


def country(telling: Telling) -> str:
    """The country in brackets; nothing where the subject of the sentence names it already."""
    code = telling.incident.key.country if telling.incident.key.organisation or telling.incident.is_mass else None
    return f" ({country_name(code, telling.language)})" if code else ""


def country_name(code: str, language: Language) -> str:
    """The name of the country with this ISO 3166 code; the code itself where it has none."""
    return str(Locale.parse(language).territories.get(code, code))


def places(telling: Telling) -> str:
    """From where the loss is seen, or once it is over from where it ever was."""
    incident = telling.incident
    seeing = incident.vantages if telling.stands else incident.seen_from
    lines = _lines_of(seeing or incident.seen_from or incident.vantages, telling)
    return telling.phrases.seen_from.format(places=_named(lines, telling)) if lines else ""


def moved(telling: Telling) -> str:
    """From where the loss is seen besides, and from where no longer, as far as the places can be told apart."""
    before = _lines_of(telling.before.vantages if telling.before else (), telling)
    after = _lines_of(telling.incident.vantages, telling)
    told = ((telling.phrases.also_seen_from, after - before), (telling.phrases.no_longer_seen_from, before - after))
    return "".join(phrase.format(places=_named(lines, telling)) for phrase, lines in told if lines)


def control(telling: Telling) -> str:
    """That those cannot open it either with whom we compare: no rule calls a thing down unless it failed for two of them."""
    is_compared = telling.incident.kind is Kind.OUTAGE and telling.incident.rule is not None
    return telling.phrases.control if is_compared else ""


_Line = tuple[str, NetworkKind]
"""A country and a kind of line: never the name of a vantage point."""


def _lines_of(vantages: Iterable[str], telling: Telling) -> set[_Line]:
    found = (telling.watchlist.vantage(one) for one in vantages)
    return {(one.country, one.network) for one in found if one and one.country}


def _named(lines: Collection[_Line], telling: Telling) -> str:
    by_country = groupby(sorted(lines), itemgetter(0))
    named = [_place(code, [network for _, network in found], telling) for code, found in by_country]
    return _listed(named, len(named), "; ", telling)


def _place(code: str, networks: Iterable[NetworkKind], telling: Telling) -> str:
    known = telling.phrases.networks
    kinds = ", ".join(known[network] for network in networks if network in known)
    name = country_name(code, telling.language)
    return f"{name} ({kinds})" if kinds else name


def _listed(names: Sequence[str], count: int, separator: str, telling: Telling) -> str:
    """The first few of `count` things, of which not all need have names, and how many more there are."""
    shown = separator.join(names[:PLACES])
    rest = count - min(len(names), PLACES)
    return f"{shown} {telling.phrases.more.format(count=rest)}" if rest else shown


def provider(telling: Telling) -> str:
    """The company that acted, where one did."""
    slug = telling.incident.provider
    if not slug:
        return ""
    found = next((one for one in telling.watchlist.providers if one.id == slug), None)
    name = plain(found.name.of(telling.language) if found else slug, NAME_LIMIT)
    return telling.phrases.provider.format(name=name)
