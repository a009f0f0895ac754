"""The judgement of the DNS probe: a table, read from the top; the first fitting rule wins.

The order is that of the design (detection.md, "Our order"): the instrument, artefacts on the path, answers that are right, who
else fails, and only then what fails here alone. `blocked` needs an artefact, and a control that was given public addresses;
the one exception is a resolver that says itself that it blocks the name.
"""

from typing import Final

from probes.dns.case import DnsCase
from probes.dns.rules.answers import ANSWERS
from probes.dns.rules.artefacts import ARTEFACTS
from probes.dns.rules.failures import FAILURES
from probes.dns.rules.instrument import INSTRUMENT
from probes.kit.rule import Rule

RULES: Final[tuple[Rule[DnsCase], ...]] = (*INSTRUMENT, *ARTEFACTS, *ANSWERS, *FAILURES)
