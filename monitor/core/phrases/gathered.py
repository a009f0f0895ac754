"""What several messages come to, when they travel together: how many of what, how urgent, and where to see them all.

Each is the data of a message as it is sent. One without a stage speaks of no incident: a try-out, or the monitor itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from monitor.core.kinds import IncidentStage
from monitor.core.model import Language
from monitor.core.phrases.counting import counted
from monitor.core.phrases.table import Together
from monitor.core.watchlist import Severity

Data = Mapping[str, Any]

REMINDER: Final = "incident.reminder"
"""The type of a message that only reminds."""

_STANDING: Final = frozenset({IncidentStage.SUSPECTED, IncidentStage.CONFIRMED})


def count(items: Sequence[Data], together: Together, language: Language) -> str:
    """How many incidents stand and how many are over: "12 alarms, 3 over"."""
    incidents = _as_they_are_now(items)
    stages = Counter(one["stage"] for one in incidents)
    reminders = _only_reminded_of(items)
    alarms = sum(stages[stage] for stage in _STANDING) - reminders
    withdrawn = stages[IncidentStage.RETRACTED]
    numbers = (
        (together.alarms, alarms),
        (together.over, len(incidents) - alarms - reminders - withdrawn),
        (together.withdrawn, withdrawn),
        (together.reminders, reminders),
        (together.others, sum("stage" not in one for one in items)),
    )
    return ", ".join(counted(forms, number, language) for forms, number in numbers if number)


def most_urgent(items: Iterable[Data]) -> Severity:
    """How urgent the most urgent is of those that still stand; `none` where all is over.

    What was withdrawn is to be read, if without hurry: people were told, or nobody looks any more and it may go on.
    """
    incidents = _as_they_are_now(items)
    asked = {one["severity"] for one in incidents if one["stage"] in _STANDING}
    calm = Severity.DIGEST if any(one["stage"] == IncidentStage.RETRACTED for one in incidents) else Severity.NONE
    return next((severity for severity in Severity if severity in asked), calm)


def home(items: Iterable[Data]) -> str:
    """The address of the page that shows everything: that to which the links of the incidents belong. Empty without any."""
    addresses = (one["url"].rpartition("/incidents/")[0] for one in items if "url" in one)
    return next((f"{address}/" for address in addresses if address), "")


def _only_reminded_of(items: Iterable[Data]) -> int:
    """How many incidents stand of which there is no news."""
    about = [one for one in items if "stage" in one]
    news = {one["incident"] for one in about if one.get("type") != REMINDER}
    return len({one["incident"] for one in about} - news)


def _as_they_are_now(items: Iterable[Data]) -> Sequence[Data]:
    """The last message of each incident: one of which several messages speak counts once."""
    return tuple({one["incident"]: one for one in items if "stage" in one}.values())
