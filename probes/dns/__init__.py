"""Asks for a name as a visitor's machine does, and says whether the answer can be right.

**What it does.** It asks the vantage point's own resolver for the addresses (A and AAAA) of a website's host or of a domain,
and for those of a name below it that cannot exist. The second question shows a zone that answers to every name, and a
resolver that makes up answers. The control vantage points are asked the same in the same minute, always: an answer cannot
prove itself.

**When it goes on.** In full looks, and in light ones whose answer no control accounts for, it asks again, and then the public
resolvers over UDP, DoT and DoH. The same resolvers are asked for a name that nobody blocks, which tells a dead one from a
forged denial. Addresses that nobody vouches for, and those that others were given, are then asked to prove by TLS, at the
website's port, that they are the host. Nothing is sent but the handshake.

**How it judges.**

- `unclear: own_network` is a resolver that is out of reach, that has no answer for a name that nobody blocks either, or that
  gives one answer for every name (a captive portal).
- `blocked` needs an artefact, and a control that was given public addresses: an address that is known, in this country, to be
  given for blocked names; an address that no public host can have; an answer that a second one overtakes; an answer that leads
  to another host, or to none where addresses have not varied lately, while the control's address proves right from here; a
  denial in a form that no recursor uses, that the same resolver takes back, or that a valid certificate disproves. It is
  `blocked` as well where only the answers of public resolvers are forged on their way here: the path is tampered with.
- One artefact needs no control: a resolver that says itself that it forges, blocks, censors or filters the answer (RFC 8914,
  codes 4, 15, 16, 17). That is its own word about this very name. Who told it to is not said by packets.
- `ok` is an answer that a control was given too, now or in the last seven days; one that shows a valid certificate for the
  name, now or in these days; one that a public resolver gives here as well, over DoT or DoH; or one that a control reached
  through the same alias or in the same network. So geo-DNS, migrations and an organisation's own internal DNS are no
  interference. A domain without any address, here as elsewhere, is `ok` too.
  Without a control, a public address that nothing speaks against is `ok` with strength `weak`.
- Where one family of addresses is forged and the other leads to where a control is led, it is `ok` with the mechanism named:
  trouble with IPv6 alone never decides.
- `unreachable` is a name that a control can resolve and the own resolver denies, refuses, leaves unanswered or invents an
  answer for, without an artefact.
- Signatures that do not verify (SERVFAIL, and an answer once the resolver need not check) are `down` if two controls fail as
  well, and else `unclear: conflicting`: not every resolver checks them. They are never `blocked`.
- Other public addresses than the control's, of which nothing is proven, are `unclear: conflicting`.
- `down` needs two controls that cannot resolve the name either; no control is `unclear: no_control`, however bad it looks.

**Parameters.** None are needed: the target's `url` or `domain` says all. `port` is where its host speaks TLS, if that is neither
in the URL nor 443.
"""

from typing import Final

from probes.dns.case import addresses, case, wants_control
from probes.dns.compare import compare
from probes.dns.look import Params, observe
from probes.dns.rules import RULES

VERSION: Final = 2
"""Raised whenever the facts or the rules change meaning."""

__all__ = ["RULES", "VERSION", "Params", "addresses", "case", "compare", "observe", "wants_control"]
