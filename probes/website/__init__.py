"""Looks at a website as a visitor does, and says whether it is blocked, unreachable, down or well.

**What it does.** It asks the vantage point's own resolver for the host, connects to one address per family, shakes hands,
fetches the page and follows up to ten redirects, hop by hop. Every stage has its own clock, failure word (OONI's
vocabulary) and raw bytes. It never follows a redirect to a private name or to this machine, its link or its cloud.

**When it compares.** A page that is well (status 2xx or 3xx) and proven by a valid certificate speaks for itself. Anything
else is looked at from the control vantage points in the same minute, over the same addresses: every failure, every error
status, every page in clear text (anybody on the path may have written it), every private address in a DNS answer. Where the
look failed, it then tries from here the addresses that the controls were given, and asks the failing address for an innocuous
name and for the real one again.

**How it judges.**

- `blocked` needs an artefact: an answer that no public host can have, a forged or denying resolver that the certificate at
  the true address gives the lie, a handshake that breaks for this name and for no other, an intercepting certificate. A
  time-out, a refusal or a reset alone is `unreachable`, however often it is seen.
- `down` needs two controls that fail too; with one it is `unclear: not_enough`, with none `unclear: no_control`.
- `lapsed` is a certificate whose time is over here and for a control.
- `restricted` is the website's own refusal (status 451, or 403 here only). A wall against machines is `unclear: bot_wall`.
- Redirects without end, as from a site that waits for a cookie, are `unclear: unsupported`; a control that ends so neither works
  nor fails.
- A page in clear text is `ok` if a control gets the same one. If the control gets another, it is `unclear: conflicting`:
  without a known block page nobody can tell injection from a regional edition. With no control at all it is `ok` with strength
  `weak`: a reachable site in clear text is what most such looks see, and calling it unclear for ever would teach people to
  look away; but an injected page would look the same, so give such a site a control, or better TLS.

**Parameters.** None: a target's `url` is all it needs. Only `http` and `https`, public hosts, no user name or password.
"""

from typing import Final

from probes.website.case import addresses, case, wants_control
from probes.website.compare import compare
from probes.website.look import observe
from probes.website.rules import RULES
from probes.website.target import Params

VERSION: Final = 1
"""Raised whenever the facts or the rules change meaning."""

__all__ = ["RULES", "VERSION", "Params", "addresses", "case", "compare", "observe", "wants_control"]
