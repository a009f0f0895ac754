"""The chat services that Apprise can speak to for us, and what matters about each."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One chat service.

    - `plugin`: the part of Apprise that speaks to it, as `module.class` below `apprise.plugins`
    - `schemes`: what an Apprise URL for it begins with
    - `own_host`: whether the URL names the host that is spoken to, so that where it leads must be checked
    - `limit`: characters that a message may have, where the service takes fewer than Apprise believes
    - `provider`: the id of the provider that runs it, if it is one that Cutwatch knows
    """

    plugin: str
    schemes: tuple[str, ...]
    own_host: bool = False
    limit: int | None = None
    provider: str | None = None


SERVICES: Final = MappingProxyType(
    {
        "discord": Service(plugin="discord.NotifyDiscord", schemes=("discord",)),
        "google_chat": Service(plugin="google_chat.NotifyGoogleChat", schemes=("gchat",), provider="google_workspace"),
        "gotify": Service(plugin="gotify.NotifyGotify", schemes=("gotify", "gotifys"), own_host=True),
        "matrix": Service(plugin="matrix.NotifyMatrix", schemes=("matrix", "matrixs"), own_host=True),
        "mattermost": Service(plugin="mattermost.NotifyMattermost", schemes=("mmost", "mmosts"), own_host=True),
        "nextcloud_talk": Service(plugin="nextcloudtalk.NotifyNextcloudTalk", schemes=("nctalk", "nctalks"), own_host=True),
        # A message of more than 4,096 bytes becomes an attachment, which a phone does not show at once.
        "ntfy": Service(plugin="ntfy.NotifyNtfy", schemes=("ntfy", "ntfys"), own_host=True, limit=2000),
        "pushover": Service(plugin="pushover.NotifyPushover", schemes=("pover",)),
        "rocketchat": Service(plugin="rocketchat.NotifyRocketChat", schemes=("rocket", "rockets"), own_host=True),
        "signal": Service(plugin="signal_api.NotifySignalAPI", schemes=("signal", "signals"), own_host=True, limit=2000),
        "slack": Service(plugin="slack.NotifySlack", schemes=("slack",), limit=3500, provider="slack"),
        "teams": Service(plugin="workflows.NotifyWorkflows", schemes=("workflow", "workflows"), own_host=True),
        "telegram": Service(plugin="telegram.NotifyTelegram", schemes=("tgram",), provider="telegram"),
        # Threema counts 3,500 bytes, and a Cyrillic letter has two.
        "threema": Service(plugin="threema.NotifyThreema", schemes=("threema",), limit=1700),
        "webex": Service(plugin="webexteams.NotifyWebexTeams", schemes=("webex", "wxteams")),
        "zulip": Service(plugin="zulip.NotifyZulip", schemes=("zulip",)),
    }
)
"""The services by the word that `service` says in `alerts.yaml`."""

INSTEAD: Final = MappingProxyType(
    {
        "alertmanager": "alertmanager",
        "email": "email",
        "form": "webhook",
        "json": "webhook",
        "mail": "email",
        "mailto": "email",
        "webhook": "webhook",
        "xml": "webhook",
    }
)
"""Words that are no chat service, and the kind of channel that is meant."""
