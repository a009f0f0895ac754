"""What speaks against a person who has taken an incident back: a loss that is new, not more of the same. Pure.

Whoever says "a false alarm" has said so of what was seen by then. So more of the same stays silent, for as long as an incident
opens again. But no word on one loss hides another: one that came after all was well, or one that is brought about otherwise.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from monitor.core.confirmation import Bearing, Course
from monitor.core.incident import Change, Incident
from monitor.core.proof import Case, recovery, what_is_proven
from monitor.core.verdict import Verdict
from probes.kit.vocabulary import Strength

LOST_AGAIN: Final = "what was seen before was taken back; since then it was seen well, and is lost again"
DONE_OTHERWISE: Final = "what was seen before was taken back; what is seen now is brought about in another way"


def contradiction(taken_back: Incident, all_seen: Iterable[Course], case: Case, since: datetime) -> Change | None:
    """The account of a new loss that the looks prove although a person took the last one back, with the reason why it is new.

    `case` holds what was seen from `since` on, and alone counts; `all_seen` also what the person knew of, which tells how much
    the last loss had let through.
    """
    again = [course for one in all_seen if (course := _lost_again(one, taken_back, since)) is not None]
    otherwise = [course for one in case.courses if (course := _done_otherwise(one, taken_back)) is not None]
    for new, reason in ((again, LOST_AGAIN), (otherwise, DONE_OTHERWISE)):
        proven = what_is_proven(replace(case, courses=tuple(new)))
        if proven is not None:
            return replace(proven, reason=reason)
    return None


def _lost_again(course: Course, taken_back: Incident, since: datetime) -> Course | None:
    """What a check saw once it had seen the target well for certain, from the last good look on; None if it never had."""
    for last in _turns_for_the_worse(course):
        if course.looks[last][0].at < since:
            return None
        if recovery(replace(course, looks=course.looks[: last + 1]), taken_back, since) is not None:
            return replace(course, looks=course.looks[last:])
    return None


def _turns_for_the_worse(course: Course) -> Iterable[int]:
    """Where its rows of good looks end in a loss, the newest first."""
    ways = [bearing for _, bearing in course.looks]
    turns = (at for at, (way, following) in enumerate(pairwise(ways)) if (way, following) == (Bearing.WELL, Bearing.LOST))
    return reversed(tuple(turns))


def _done_otherwise(course: Course, taken_back: Incident) -> Course | None:
    """Of what a check saw the good looks, and the artefacts of what the incident knew nothing of."""
    looks = tuple(
        (look, bearing) for look, bearing in course.looks if bearing is Bearing.WELL or _is_another_way(look, taken_back)
    )
    return replace(course, looks=looks) if looks else None


def _is_another_way(look: Verdict, taken_back: Incident) -> bool:
    is_known = look.mechanism is None or look.mechanism in taken_back.mechanisms
    return look.strength is Strength.EXPLICIT and not is_known
