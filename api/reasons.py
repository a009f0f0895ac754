"""Why a rule concludes what it does, in the languages in which nothing is recorded.

What a rule says of one look is evidence: an English sentence with everything that it saw, which stays as it is in the store, the
API and beside these words. What it means in general is kept here, by the rule's permanent id, for people who read no English.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from babel.messages.pofile import read_po

from monitor.core.model import Language

FOLDER: Final = Path(__file__).parent / "pages" / "translations"


@cache
def reasons(language: Language) -> Mapping[str, str]:
    """What each rule means, in a sentence, by its id. Empty for English, in which the recorded sentence says it all."""
    path = FOLDER / f"reasons.{language}.po"
    if not path.exists():
        return MappingProxyType({})
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language, abort_invalid=True)
    return MappingProxyType({str(one.id): str(one.string) for one in catalogue if one.id})


def reason(rule: str | None, language: Language) -> str:
    """What a rule means; empty where nobody has said that in this language, as for a rule that is no longer in use."""
    return reasons(language).get(rule, "") if rule else ""
