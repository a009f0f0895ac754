"""Looks at a website as a visitor does, and says whether it is blocked, throttled, unreachable, down or well.

**What it does.** It asks the vantage point's own resolver for the host, connects to one address per family, shakes hands,
fetches the page and follows up to ten redirects, hop by hop. Every stage has its own clock, failure word (OONI's
vocabulary) and raw bytes. It never follows a redirect to a private name or to this machine, its link or its cloud. That is a
light look; a full one, once an hour and as long as something is wrong, also asks public resolvers and tries every address.

**When it compares.** A page that is well (status 2xx or 3xx) and proven by a valid certificate speaks for itself. Anything
else is looked at from the control vantage points in the same minute, over the same addresses: every failure, every error
status, every page in clear text (anybody on the path may have written it), every private address in a DNS answer, a page that
trickles in. Where the look failed, it then finds out from here what the failure hangs on: other resolvers (in clear text, over
TLS, over HTTPS) and the addresses that they and the controls give; the failing address under an innocuous name, and under the
real one again; an innocuous address under both names; the same page over TLS; the target's neighbours.

**How it judges.**

- `unclear: own_network` comes first: a dead resolver, a captive portal, a line that is down.
- `blocked` needs an artefact: a block page that is known in this country, an answer that no public host can have or that is
  overtaken by the true one, a forged or denying resolver that the certificate at the true address gives the lie, a connection
  that breaks for this name and for no other, an intercepting certificate, a page that the same address does not show over TLS.
  A time-out, a refusal or a reset alone is `unreachable`, however often it is seen.
- `throttled` is a page that freezes half-way, twice at the same place, or trickles in on a line that is quick with others.
  Where the neighbours fare the same, the scope is `collateral`.
- `down` needs two controls that fail too; with one it is `unclear: not_enough`, with none `unclear: no_control`.
- `lapsed` is a certificate whose time is over here and for a control, or a parking page; `withdrawn` a page of suspension.
- `restricted` is the website's own refusal (status 451, or 403 here only). A wall against machines is `unclear: bot_wall`.
- Some of several addresses that are cut off here only: `unreachable` if they are as many as the others, else `ok`.
- An empty page, or another one altogether than on the day before, is `unclear: wrong_object`.
- Redirects without end, as from a site that waits for a cookie, are `unclear: unsupported`; a control that ends so neither works
  nor fails.
- A page in clear text is `ok` if a control gets the same one. If the control gets another, and nothing tells whose it is, it is
  `unclear: conflicting`: nobody can tell injection from a regional edition. With no control at all it is `ok` with
  strength `weak`: a reachable site in clear text is what most such looks see, and calling it unclear for ever would teach
  people to look away; but an injected page would look the same, so give such a site a control, or better TLS.

**Parameters.** A target's `url` is what it needs. Only `http` and `https`, public hosts, no user name or password. `neighbours`
(up to three host names) are unrelated websites in the same network or at the same address, visited only when the target
fails: they tell whether it is meant, or merely near somebody who is.
"""

from typing import Final

from probes.website.case import addresses, case, wants_control
from probes.website.compare import compare
from probes.website.look import observe
from probes.website.rules import RULES
from probes.website.target import Params

VERSION: Final = 2
"""Raised whenever the facts or the rules change meaning."""

__all__ = ["RULES", "VERSION", "Params", "addresses", "case", "compare", "observe", "wants_control"]
