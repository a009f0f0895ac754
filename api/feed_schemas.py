"""The shapes of a JSON Feed, and of what ours says beyond it."""

from datetime import datetime
from typing import Final

from pydantic import Field

from api.schemas import Answer
from monitor.core.kinds import IncidentStage, Kind, Origin

JSON_FEED: Final = "https://jsonfeed.org/version/1.1"


class Extension(Answer):
    """What our feed says beyond JSON Feed."""

    kind: Kind = Field(examples=[Kind.BLOCKING])
    stage: IncidentStage = Field(examples=[IncidentStage.CONFIRMED])
    organisation: str | None = Field(examples=["ovd-info"])
    provider: str | None = Field(examples=[None])
    countries: list[str] = Field(examples=[["RU"]])
    version: int = Field(examples=[3])
    origin: Origin = Field(examples=[Origin.MEASURED])
    url_api: str = Field(examples=["https://cutwatch.example/api/v1/incidents/CW-2026-0042"])


class FeedItem(Answer):
    """One incident. `id` never changes; `date_modified` and the extension's `version` do."""

    id: str = Field(examples=["CW-2026-0042"])
    url: str = Field(examples=["https://cutwatch.example/incidents/CW-2026-0042"])
    title: str = Field(examples=["OVD-Info, ovdinfo.org: Blocking in Russia (Confirmed)"])
    content_text: str = Field(examples=["The connection was reset as soon as the name ovdinfo.org was sent."])
    date_published: datetime = Field(examples=["2026-11-21T10:05:13Z"])
    date_modified: datetime = Field(examples=["2026-11-21T10:20:41Z"])
    tags: list[str] = Field(examples=[["blocking", "confirmed", "ovd-info"]])
    language: str = Field(examples=["en"])
    cutwatch: Extension = Field(serialization_alias="_cutwatch")


class Tombstone(Answer):
    """An incident that this feed held once and that you may read no more: drop your copy of it."""

    id: str = Field(examples=["CW-2026-0041"])
    when: datetime


class FeedExtension(Answer):
    """What our feed says of itself beyond JSON Feed, which knows no tombstones."""

    unreleased: list[Tombstone]


class Feed(Answer):
    """JSON Feed 1.1."""

    version: str = JSON_FEED
    title: str = Field(examples=["Cutwatch: who has been cut off"])
    home_page_url: str = Field(examples=["https://cutwatch.example/"])
    feed_url: str | None = Field(
        examples=["https://cutwatch.example/feed.json"], description="left out of a private feed: its address is a secret"
    )
    description: str = Field(examples=["Losses of access, each with since when and how sure we are."])
    icon: str = Field(examples=["https://cutwatch.example/static/icon.svg"])
    language: str = Field(examples=["en"])
    items: list[FeedItem]
    cutwatch: FeedExtension = Field(serialization_alias="_cutwatch")
