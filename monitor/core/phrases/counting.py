"""Numbers with their nouns: 1 site, 2 sites; 1 сайт, 2 сайта, 5 сайтов."""

from babel import Locale

from monitor.core.model import Language
from monitor.core.phrases.table import Forms


def counted(forms: Forms, count: int, language: Language) -> str:
    """`count` with its noun in the form that the language's rules of plural ask for (CLDR)."""
    category = Locale.parse(language).plural_form(count)
    return forms[category].format(count=count)
