"""What a valid `alerts.yaml` still leaves undone: routes that one failure silences, and times that are hardly meant."""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from monitor.core.timing import is_quiet_at
from monitor.core.watchlist import Channel, Provider, ProviderKind, Route, Severity, Watchlist

Carrier = Callable[[Channel], str | None]
"""The id of the provider that a channel depends on, as its kind knows it; None where it depends on none, or nobody knows."""

_WATCHED: Final = frozenset({ProviderKind.SOCIAL, ProviderKind.MESSENGER, ProviderKind.SAAS})
"""Kinds of providers that are in the list because their loss is feared, whether or not somebody says that they depend on them."""

_HOST_SETTINGS: Final = ("url", "host")


def of_alerts(watchlist: Watchlist, carrier: Carrier) -> Iterator[str]:
    """Sentences about channels and routes, most pressing first."""
    alerts = watchlist.alerts
    if not alerts.routes:
        yield "Nobody is told of anything: alerts.yaml has no route."
    yield from _of_shared_fate(watchlist, carrier)
    for route in alerts.routes:
        if len(_told(route)) == 1:
            yield f"Route `{route.id}` has one channel only: when that fails, nobody is told. Add a second one."
        yield from _of_times(route)
    used = {channel for route in alerts.routes for channel in (*_told(route), *_escalated(route))}
    for channel in alerts.channels:
        if channel.id not in used:
            yield f"Channel `{channel.id}` belongs to no route: nothing is sent there."


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
