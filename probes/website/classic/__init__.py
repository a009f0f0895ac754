"""The classic verdict: what OONI Web Connectivity 0.5 would have concluded, by its own rules, from the own resolver's path.

It exists to be compared, and to be trusted by those who know OONI. Our own judgement (`probes.website.rules`) uses everything
that was observed and never asks this one. See `docs/classic.md`.
"""

from probes.website.classic.verdict import Classic, classic

__all__ = ["Classic", "classic"]
