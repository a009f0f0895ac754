"""Asks for a name as a visitor's machine does, and says whether the answer can be right.

**What it does.** It asks the vantage point's own resolver for the addresses (A and AAAA) of a website's host or of a domain,
and for those of a name below it that cannot exist. The second question shows a zone that answers to every name, and a
resolver that makes up answers. The control vantage points are asked the same in the same minute, always: an answer cannot
prove itself.

**How it judges.**

- `ok` is an answer that a control was given too, now or in the last seven days, or one that both reached through the same
  alias (content networks answer each region differently). A domain without any address, here as elsewhere, is `ok` too.
  Without a control, a public address is `ok` with strength `weak`.
- `blocked` is an answer that no public host can have, where a control gets a public one.
- `unreachable` is a name that a control can resolve and the own resolver denies, refuses, leaves unanswered or invents an
  answer for. Whether somebody ordered that cannot be told from one resolver; the website probe goes on to try the addresses
  that the control was given.
- Other public addresses than the control's are `unclear: conflicting`: geo-DNS and migrations look like that every day.
- `down` needs two controls that cannot resolve the name either.

**Parameters.** None: the target's `url` or `domain` is all it needs.
"""

from typing import Final

from probes.dns.case import addresses, case, wants_control
from probes.dns.look import Params, observe
from probes.dns.rules import RULES

VERSION: Final = 1
"""Raised whenever the facts or the rules change meaning."""

__all__ = ["RULES", "VERSION", "Params", "addresses", "case", "observe", "wants_control"]
