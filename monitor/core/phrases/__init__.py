"""What messages say, in English and Russian: tables of phrases for `monitor.core.wording`, and nothing else.

They are read on a phone by somebody tired: short, no word that needs looking up, and nothing that sounds surer than it is.
"""

from types import MappingProxyType

from monitor.core.phrases.english import ENGLISH
from monitor.core.phrases.russian import RUSSIAN

PHRASES = MappingProxyType({"en": ENGLISH, "ru": RUSSIAN})
