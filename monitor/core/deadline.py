"""By when somebody must act: dates that looks bring to light, such as a certificate's end. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.core.verdict import Verdict
from probes.kit.observation import Observation
from probes.kit.vocabulary import State

CERTIFICATE: Final = "certificate"
"""The kind of deadline that is the end of a website's certificate."""

GONE_AFTER: Final = timedelta(days=1)
"""For how long nobody may have seen the earlier of two dates before the later one stands: of several servers behind one
name some still show the old certificate while others show the new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A date by which somebody must act. `subject` tells several of one kind apart; `seen_at` is when it was found to be `at`.

    `kind` is an open word: whoever finds out another sort of date writes it under a word of its own.
    """

    organisation: str
    target: str
    kind: str
    subject: str
    at: datetime
    seen_at: datetime

    @property
    def name(self) -> tuple[str, str, str, str]:
        """What stays the same when the date moves."""
        return self.organisation, self.target, self.kind, self.subject


def deadlines_of(observation: Observation, verdict: Verdict) -> tuple[Deadline, ...]:
    """The dates that a look shows. Only one that found all well is believed: a censor's ends at the censor's will."""
    if verdict.state is not State.OK or observation.facts is None:
        return ()
    shown = next((step for step in observation.facts.tls if step.hop == 0 and step.not_after and not step.failure), None)
    if shown is None or shown.not_after is None:
        return ()
    return (
        Deadline(
            organisation=verdict.organisation,
            target=verdict.target,
            kind=CERTIFICATE,
            subject=shown.server_name,
            at=shown.not_after,
            seen_at=verdict.at,
        ),
    )


@dataclass(slots=True)
class Deadlines:
    """The dates that were found, so that only those are written that have changed."""

    _known: dict[tuple[str, str, str, str], Deadline] = field(default_factory=dict)
    _last_seen: dict[tuple[str, str, str, str], datetime] = field(default_factory=dict)

    @classmethod
    def resumed(cls, written: Iterable[Deadline], now: datetime) -> "Deadlines":
        """What was known before a restart. When the dates were last seen is not: it counts as half of `GONE_AFTER` before `now`.

        So a restart lets no later date stand at once, and daily restarts do not keep it from ever standing.
        """
        known = {one.name: one for one in written}
        return cls(known, {name: max(one.seen_at, now - GONE_AFTER / 2) for name, one in known.items()})

    def changed(self, found: Iterable[Deadline]) -> tuple[Deadline, ...]:
        """Those of the dates that are news, each once. An earlier date stands at once, a later one when the other is gone."""
        news: dict[tuple[str, str, str, str], Deadline] = {}
        for one in found:
            known = news.get(one.name) or self._known.get(one.name)
            if known is not None and known.at == one.at:
                self._last_seen[one.name] = max(one.seen_at, self._last_seen.get(one.name, one.seen_at))
            elif known is None or one.at < known.at or self._is_gone(known, one.seen_at):
                news[one.name] = one
        return tuple(news.values())

    def keep(self, written: Iterable[Deadline]) -> None:
        """Remember what has been written."""
        for one in written:
            self._known[one.name] = one
            self._last_seen[one.name] = one.seen_at

    def _is_gone(self, known: Deadline, now: datetime) -> bool:
        return now - self._last_seen.get(known.name, known.seen_at) >= GONE_AFTER
