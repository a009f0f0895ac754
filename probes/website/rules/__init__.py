"""The judgement of the website probe: a table, read from the top; the first fitting rule wins.

The order is that of the design (detection.md, "Our order"): the instrument, artefacts on the path, starvation on the path, what
a page says about the service, who else fails, and only then what fails here alone. `blocked` needs an artefact. Time-outs,
refusals and resets alone never say more than `unreachable`.
"""

from typing import Final

from probes.kit.rule import Rule
from probes.website.case import WebsiteCase
from probes.website.rules.blockpages import BLOCKPAGES
from probes.website.rules.failures import FAILURES
from probes.website.rules.instrument import INSTRUMENT
from probes.website.rules.interception import INTERCEPTION
from probes.website.rules.pages import PAGES
from probes.website.rules.resolver import RESOLVER
from probes.website.rules.starved import STARVED

RULES: Final[tuple[Rule[WebsiteCase], ...]] = (
    *INSTRUMENT,
    *BLOCKPAGES,
    *RESOLVER,
    *INTERCEPTION,
    *STARVED,
    *PAGES,
    *FAILURES,
)
