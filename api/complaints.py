"""What an error says to people, in their language.

An error is raised as an English sentence with its values filled in, which is what programs are told. The sentences that a person
may meet are listed here with their `%(names)s`; one that fits gives the values back, so that they can be said in other words.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

FRAMES: Final = (
    "There is nothing at this address that you may read.",
    "This address does not answer this method; the Allow header names those that it does.",
    "Something failed here; the fault is ours, and it has been written to the service's log.",
    "The database cannot be reached at the moment. Try again in a few seconds.",
    "Too many requests: wait a little.",
    "The request cannot be read.",
    "This body cannot be read: send a JSON object that is nested no deeper than the description of this address says.",
    "Send at most %(size)s.",
    # What an address is asked with
    "This address does not know the parameter %(name)s; it knows: %(known)s.",
    "Here the parameter %(name)s is given %(count)s times: give it once.",
    "after: no page ends with this incident; begin again without a cursor",
    "%(field)s: write a day, such as 2022-03-01",
    "%(field)s: write a year from %(first)s to %(last)s",
    "%(field)s: %(code)s is no country: write its two letters of ISO 3166, such as DE, GE or GB",
    "%(field)s: write an incident's id, such as CW-2026-0042",
    "%(field)s: write an id: small Latin letters and digits, with `-` between them",
    "%(field)s: write a country's two capital letters (ISO 3166), such as RU",
    "%(field)s: Input should have timezone info",
    "%(field)s: Input should be a valid boolean, unable to interpret input",
    "%(field)s: Input should be a valid integer, unable to parse string as an integer",
    "%(field)s: Input should be greater than or equal to %(least)s",
    "%(field)s: Input should be less than or equal to %(most)s",
    "%(field)s: Input should be %(allowed)s or %(last)s",
    "%(field)s: Input should be %(allowed)s",
    "%(field)s: this is needed here: add it",
    # Who asks
    "Send one key, as `Authorization: Bearer KEY`.",
    "This key does not open anything: it is unknown, expired or revoked. `cutwatch keys` makes another.",
    "Nothing here is public. Show a key with the scope `read`, or sign in as a member of staff.",
    "Nothing here is public, and this key lacks the scope `read`.",
    "This is for members of staff: open the address that `cutwatch keys sign-in` prints.",
    "This form is not ours, or its session has ended. Load the page again, then send it.",
    # In what charset and form
    "Send the form in UTF-8: no other charset is read here.",
    "Send the form as a browser does, as application/x-www-form-urlencoded.",
    # What staff decide
    "%(incident)s does not stand open: there is nothing to acknowledge.",
    "%(incident)s is at version %(version)s now: read it again, then decide.",
    "Give a reason: it is kept with the incident, and readers see why.",
    "%(incident)s is %(tlp)s already.",
    "%(incident)s is retracted already.",
    "This says what is stated already: nothing would change.",
    "What you said of how far it is checked stands. Who may read it has not been decided: read the incident again, then decide.",
)
"""The longer one of two that fit stands before the shorter one."""

_NAME: Final = re.compile(r"%\((\w+)\)s")

_NEXT_FIELD: Final = re.compile(r"; (?=[a-z_.]+: )")
"""Where the complaint about one field ends and that about the next begins."""


def in_words(detail: str, said: Callable[[str], str]) -> str | None:
    """What the error says, in the words of `said`, which knows frames in the reader's language; None where a part fits none."""
    parts = [_sentence(part, said) for part in _NEXT_FIELD.split(detail)]
    told = [part for part in parts if part is not None]
    return "; ".join(told) if len(told) == len(parts) else None


def _sentence(detail: str, said: Callable[[str], str]) -> str | None:
    for frame in FRAMES:
        found = _pattern(frame).fullmatch(detail)
        if found is not None:
            return _filled(said(frame), found.groupdict())
    return None


def _filled(frame: str, values: Mapping[str, str]) -> str:
    return _NAME.sub(lambda name: values[name[1]], frame)


@cache
def _pattern(frame: str) -> re.Pattern[str]:
    """A frame as a pattern. A field's name never holds a space, so that no frame takes up more than its own sentence."""
    pieces = _NAME.split(frame)
    texts = [re.escape(text) for text in pieces[::2]]
    values = [rf"(?P<{name}>\S+)" if name in {"field", "incident"} else f"(?P<{name}>.*)" for name in pieces[1::2]]
    return re.compile(texts[0] + "".join(value + text for value, text in zip(values, texts[1:], strict=True)))
