"""What a valid `alerts.yaml` still leaves undone: routes that one failure silences, missing secrets, links that lead nowhere."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from monitor.configuration.problems import Problem
from monitor.core.kinds import Severity
from monitor.core.subscription import Channel, Route
from monitor.core.timing import is_quiet_at
from monitor.core.watchlist import Provider, ProviderKind, Watchlist
from monitor.settings import MissingSecret

Carrier = Callable[[Channel], str | None]
"""The id of the provider that a channel depends on, as its kind knows it; None where it depends on none, or nobody knows."""

SecretTrouble = Callable[[Channel], Exception | None]
"""What keeps a channel from using its secrets, `MissingSecret` where they are not there; the words never hold them."""


def _nothing(_: Channel) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the files do not tell. `address` is where links in messages lead; None: it need not lead anywhere."""

    carrier: Carrier = _nothing
    address: str | None = None
    secret_trouble: SecretTrouble = _nothing


_WATCHED: Final = frozenset({ProviderKind.SOCIAL, ProviderKind.MESSENGER, ProviderKind.SAAS})
"""Kinds of providers that are in the list because their loss is feared, whether or not somebody says that they depend on them."""

_HOST_SETTINGS: Final = ("url", "host")

_FOR_PROGRAMS: Final = frozenset({"webhook"})
"""Kinds of channels whose receiver is a program: what it does with a link is its own affair."""


def of_alerts(watchlist: Watchlist, around: Surroundings) -> Iterator[str]:
    """Sentences about channels and routes, most pressing first."""
    alerts = watchlist.alerts
    if not alerts.routes:
        yield "Nobody is told of anything: alerts.yaml has no route."
    for channel in alerts.channels:
        if trouble := around.secret_trouble(channel):
            yield f"Channel `{channel.id}` cannot send: {trouble}."
    yield from of_links(watchlist, around.address)
    yield from _of_shared_fate(watchlist, around.carrier)
    for route in alerts.routes:
        if len(_told(route)) == 1:
            yield f"Route `{route.id}` has one channel only: when that fails, nobody is told. Add a second one."
        yield from _of_times(route)
    used = {channel for route in alerts.routes for channel in (*_told(route), *_escalated(route))}
    for channel in alerts.channels:
        if channel.id not in used:
            yield f"Channel `{channel.id}` belongs to no route: nothing is sent there."


def of_links(watchlist: Watchlist, address: str | None) -> Iterator[str]:
    """Whether people who are told can open the links in what they read."""
    people = {one.id for one in watchlist.alerts.channels if one.kind not in _FOR_PROGRAMS}
    told = {channel for route in watchlist.alerts.routes for channel in (*_told(route), *_escalated(route))}
    fault = _fault_of(address) if address and people & told else None
    if fault:
        yield (
            f"Links in messages lead to {address}/, {fault}. Set CUTWATCH_BASE_URL to the address under which readers open these "
            "pages, such as https://watch.example.org."
        )


def unusable_secrets(watchlist: Watchlist, secret_trouble: SecretTrouble, file: str) -> tuple[Problem, ...]:
    """Secrets that are there and will not do. One that is missing may be at home in another environment: of that `of_alerts`."""
    found = ((place, secret_trouble(channel)) for place, channel in enumerate(watchlist.alerts.channels))
    return tuple(
        Problem(file=file, line=None, field=f"channels[{place}]", message=str(trouble), remedy="mend it in the environment")
        for place, trouble in found
        if trouble and not isinstance(trouble, MissingSecret)
    )


def by_settings(channel: Channel, watchlist: Watchlist) -> str | None:
    """The described provider to which a channel's plain settings point: by the name of a service, or by a host of its domain."""
    service = channel.settings.get("service")
    hosts = [_host(channel.settings.get(key)) for key in _HOST_SETTINGS]
    for provider in watchlist.providers:
        if isinstance(service, str) and service.lower() in _names(provider):
            return provider.id
        if any(host and _is_within(host, provider) for host in hosts):
            return provider.id
    return None


def _of_shared_fate(watchlist: Watchlist, carrier: Carrier) -> Iterator[str]:
    """A provider that takes something away, or fails, must not be the only one that could carry the news of it."""
    watched = {one.id: _watched_carrier(one, watchlist, carrier) for one in watchlist.alerts.channels}
    warned: set[str] = set()
    for route in watchlist.alerts.routes:
        carriers = {watched.get(channel) for channel in _told(route)}
        only = carriers.pop() if len(carriers) == 1 else None
        if only:
            warned.update(_told(route))
            yield (
                f"Every channel of route `{route.id}` depends on `{only}`, which is watched: "
                "when it fails or cuts you off, nobody hears of that. Add a channel that does without it."
            )
    for channel, provider in watched.items():
        if provider and channel not in warned:
            yield f"Channel `{channel}` depends on `{provider}`, which is watched: it may fall silent just when it is needed."


def _watched_carrier(channel: Channel, watchlist: Watchlist, carrier: Carrier) -> str | None:
    provider = carrier(channel) or by_settings(channel, watchlist)
    return provider if provider in _watched_providers(watchlist) else None


def _watched_providers(watchlist: Watchlist) -> frozenset[str]:
    relied_on = {one.provider for organisation in watchlist.organisations for one in organisation.depends_on}
    return frozenset(relied_on | {one.id for one in watchlist.providers if _WATCHED & set(one.kinds)})


def _of_times(route: Route) -> Iterator[str]:
    has_times = route.quiet_hours is not None or "digest" in route.model_fields_set
    if has_times and "timezone" not in route.model_fields_set:
        yield f"Route `{route.id}` has times of day and no `timezone`: they are read as UTC."
    if route.quiet_hours and is_quiet_at(route.digest.at, route.quiet_hours):
        yield f"The digest of route `{route.id}` falls into its quiet hours: it is told at their end."
    severities = route.match.severities
    if "digest" in route.model_fields_set and severities and Severity.DIGEST not in severities:
        yield f"Route `{route.id}` has a digest, and takes nothing that a digest tells: add `digest` to its `severities`."


def _fault_of(address: str) -> str | None:
    """Why a reader elsewhere cannot open this address, or had better not."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    with suppress(ValueError):
        own = ip_address(host)
        if own.is_loopback or own.is_unspecified:
            return "which opens on this machine only"
        return "which nothing encrypts on its way" if parts.scheme == "http" else None
    return "which opens on this machine only" if host == "localhost" or host.endswith(".localhost") else None


def _told(route: Route) -> tuple[str, ...]:
    """The channels that are told of everything, one of them perhaps only if another fails."""
    return tuple(dict.fromkeys((*route.channels, route.second or route.channels[0])))


def _escalated(route: Route) -> tuple[str, ...]:
    return route.escalate.channels if route.escalate else ()


def _names(provider: Provider) -> frozenset[str]:
    return frozenset({provider.id, provider.name.en.lower(), *(alias.lower() for alias in provider.aliases)})


def _host(setting: object) -> str | None:
    """The host that a setting names, be it alone or in an address."""
    if not isinstance(setting, str):
        return None
    try:
        return urlsplit(setting if "//" in setting else f"//{setting}").hostname
    except ValueError:
        return None


def _is_within(host: str, provider: Provider) -> bool:
    home = (_host(provider.homepage) or "").removeprefix("www.")
    return bool(home) and f".{host}".endswith(f".{home}")
