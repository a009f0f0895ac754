"""What several messages come to, when they travel together: how many of what, how urgent, and where to see them all.

Each is the data of a message as it is sent. One without a stage speaks of no incident: a try-out, or the monitor itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, Final

from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.model import Language
from monitor.core.phrases.counting import counted
from monitor.core.phrases.table import Together

Data = Mapping[str, Any]

REMINDER: Final = "incident.reminder"
"""The type of a message that only reminds."""

FEW: Final = 3
"""Messages of which a title says, at most, whose losses they tell of."""

_UPDATES: Final = frozenset(
    f"incident.{kind}" for kind in (EventKind.SCOPE_CHANGED, EventKind.REINSTATEMENT_ANNOUNCED, EventKind.CORRECTED)
)
"""The types of messages that tell neither of a beginning nor of an end."""

_STANDING: Final = frozenset({IncidentStage.SUSPECTED, IncidentStage.CONFIRMED})


def count(items: Sequence[Data], together: Together, language: Language) -> str:
    """Of how many incidents is told what: "12 alarms, 3 over, 1 update"."""
    news = Counter(map(_news, _stories(items)))
    numbers = (
        (together.alarms, news[_News.ALARM]),
        (together.over, news[_News.OVER]),
        (together.updates, news[_News.UPDATE]),
        (together.withdrawn, news[_News.WITHDRAWN]),
        (together.reminders, news[_News.REMINDER]),
        (together.others, sum("stage" not in one for one in items)),
    )
    return ", ".join(counted(forms, number, language) for forms, number in numbers if number)


def most_urgent(items: Iterable[Data]) -> Severity:
    """How urgent the most urgent is of the news of what still stands; `none` where all is over.

    What was withdrawn is to be read, if without hurry: people were told, or nobody looks any more and it may go on.
    """
    stories = _stories(items)
    asked = {one["severity"] for story in stories if story[-1]["stage"] in _STANDING for one in story}
    calm = Severity.DIGEST if any(story[-1]["stage"] == IncidentStage.RETRACTED for story in stories) else Severity.NONE
    return next((severity for severity in Severity if severity in asked), calm)


def organisations(items: Sequence[Data]) -> Sequence[str]:
    """Whose losses a few messages tell of; none where they are many, or where one of them names nobody."""
    names: list[str] = [(one.get("details") or {}).get("organisation_name") or "" for one in items[: FEW + 1]]
    return tuple(dict.fromkeys(names)) if len(names) <= FEW and all(names) else ()


def home(items: Iterable[Data]) -> str:
    """The address of the page that shows everything: that to which the links of the incidents belong. Empty without any."""
    addresses = (one["url"].rpartition("/incidents/")[0] for one in items if "url" in one)
    return next((f"{address}/" for address in addresses if address), "")


class _News(Enum):
    """What the messages about one incident come to."""

    ALARM = auto()
    OVER = auto()
    UPDATE = auto()
    WITHDRAWN = auto()
    REMINDER = auto()


def _news(story: Sequence[Data]) -> _News:
    types = {one.get("type") for one in story} - {REMINDER}
    stage = story[-1]["stage"]
    if not types:
        return _News.REMINDER
    if types <= _UPDATES:
        return _News.UPDATE
    if stage == IncidentStage.RETRACTED:
        return _News.WITHDRAWN
    return _News.ALARM if stage in _STANDING else _News.OVER


def _stories(items: Iterable[Data]) -> Sequence[Sequence[Data]]:
    """The messages of each incident, in order: one of which several messages speak counts once, as it is now."""
    stories: dict[str, list[Data]] = {}
    for one in items:
        if "stage" in one:
            stories.setdefault(one["incident"], []).append(one)
    return tuple(stories.values())
