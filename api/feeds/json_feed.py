"""The incident log as JSON Feed 1.1."""

from typing import Final

from api.answers import API, countries
from api.feed_schemas import Extension, Feed, FeedExtension, FeedItem, Tombstone
from api.feeds.entries import Entry, Listing, newest
from api.feeds.renderings import Rendering
from api.render import static_name

MEDIA_TYPE: Final = "application/feed+json"

PATH: Final = "/feed.json"


async def render(listing: Listing) -> Rendering:
    """The feed as bytes."""
    entries, gone = await listing.entries(), await listing.gone()
    feed = Feed(
        title=listing.title,
        home_page_url=f"{listing.address}/",
        feed_url=listing.own_address,
        description=listing.description,
        icon=f"{listing.address}/static/{static_name('icon')}",
        language=listing.words.language,
        items=[_item(entry, listing) for entry in entries],
        cutwatch=FeedExtension(unreleased=[Tombstone(id=one.incident, when=one.at) for one in gone]),
    )
    left_out = {"feed_url"} if feed.feed_url is None else None
    return Rendering.of(feed.model_dump_json(by_alias=True, exclude=left_out).encode(), newest(entries, gone))


def _item(entry: Entry, listing: Listing) -> FeedItem:
    incident = entry.incident
    return FeedItem(
        id=incident.id,
        url=f"{listing.address}/incidents/{incident.id}",
        title=entry.title,
        content_text="\n".join(entry.lines),
        date_published=incident.detected,
        date_modified=incident.updated,
        tags=list(entry.tags),
        language=listing.words.language,
        cutwatch=Extension(
            kind=incident.kind,
            stage=incident.stage,
            organisation=incident.key.organisation or None,
            provider=incident.provider,
            countries=countries(incident),
            version=incident.version,
            origin=incident.origin,
            url_api=f"{listing.address}{API}/incidents/{incident.id}",
        ),
    )
