"""Which provider a host belongs to, so that somebody is warned whose alarms go through the very company that they watch."""

from types import MappingProxyType
from typing import Final

_PROVIDERS: Final = MappingProxyType(
    {
        "atlassian.net": "jira",
        "gmail.com": "google_workspace",
        "google.com": "google_workspace",
        "googleapis.com": "google_workspace",
        "mail.ru": "vk",
        "mandrillapp.com": "mailchimp",
        "slack.com": "slack",
        "telegram.org": "telegram",
        "trello.com": "trello",
        "vk.com": "vk",
        "workers.dev": "cloudflare",
        "zoom.us": "zoom",
    }
)
"""Domain to the id of the provider behind it (`config/providers/`)."""


def provider_at(host: str) -> str | None:
    """The id of the provider that runs `host`; None where it is nobody's that we know."""
    labels = host.lower().rstrip(".").split(".")
    domains = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((_PROVIDERS[domain] for domain in domains if domain in _PROVIDERS), None)
