"""A second step, once the control has spoken: what makes the difference, the resolver or the name."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from probes.kit.answers import answers_to
from probes.kit.observation import Control, Facts, Step
from probes.kit.vocabulary import Stage, Validity
from probes.website.control import is_agreed, read_controls
from probes.website.look import shake_hands
from probes.website.redirect import turn_after
from probes.website.target import Params
from probes.website.walk import CUT, TIMEOUTS, Walk, are_related, read_walk

if TYPE_CHECKING:
    from probes.kit.network import Look

INNOCUOUS_NAMES: Final = ("www.example.net", "www.example.com")
"""Names that nobody blocks (RFC 2606); the first that has nothing to do with the target is used."""

_MOST_TRIED: Final = 4
"""The control's addresses that are tried from here: enough to see that one works."""

_Recorded = TypeVar("_Recorded", bound=Step)


async def compare(params: Params, look: "Look", facts: Facts, control: tuple[Control, ...]) -> Facts:
    """Where the look failed, try from here what the control was answered, and the failing address under another name.

    A page in clear text that no control got is treated as a failure: its address must prove what it is.
    `look` is a fresh one. Returns `facts` with its steps added: they carry the hop whose host they concern, and start after
    everything else did. `details["control_addresses_tried"]` and `details["sni_swap"]` (the name used) say what was done.
    """
    walk = read_walk(facts)
    if walk.host is None or walk.is_proven or is_agreed(walk.page, read_controls(control)):
        return facts
    tried = _addresses_to_try(walk, control)
    await shake_hands(look, _url(params, facts, walk), tried, hop=walk.hop)
    name = await _swap_names(look, walk)
    return _merged(facts, look.facts(), {"control_addresses_tried": list(tried), "sni_swap": name})


def _url(params: Params, facts: Facts, walk: Walk) -> str:
    """The address that the failing step was meant for."""
    before = [exchange for exchange in facts.http if exchange.hop == walk.hop - 1]
    return (turn_after(before[-1]).url if before else None) or params.url


def _addresses_to_try(walk: Walk, control: Iterable[Control]) -> tuple[str, ...]:
    """What the control's resolvers answered and the own one did not; beside it the address that gave us a page."""
    if walk.answers is None:
        return ()
    valid = (one for one in control if one.validity is Validity.VALID)
    theirs = {answer for one in valid for answer in answers_to(one.facts, walk.host) or ()}
    others = tuple(sorted(theirs.difference(walk.answers)))[:_MOST_TRIED]
    answered = walk.ending.address if walk.page else None
    return (*others, answered) if others and answered else others


async def _swap_names(look: "Look", walk: Walk) -> str | None:
    """Ask the failing address for an innocuous name, then for the real one again: a passing trouble is no block."""
    failed = walk.ending.handshake
    if failed is None or walk.ending.stage is not Stage.TLS or failed.failure not in CUT | TIMEOUTS:
        return None
    innocuous = next(name for name in INNOCUOUS_NAMES if not are_related(name, failed.server_name))
    for name in (innocuous, failed.server_name):
        await look.handshake(failed.address, failed.port, name, hop=walk.hop)
    return innocuous


def _merged(first: Facts, second: Facts, details: dict[str, Any]) -> Facts:
    """Both looks in one, the second's times counting on from the end of the first."""
    end = max((step.started + step.duration for step in first.steps()), default=0.0)
    return Facts(
        dns=first.dns + _later(second.dns, end),
        tcp=first.tcp + _later(second.tcp, end),
        tls=first.tls + _later(second.tls, end),
        http=first.http + _later(second.http, end),
        details={**first.details, **second.details, **details},
    )


def _later(steps: tuple[_Recorded, ...], by: float) -> tuple[_Recorded, ...]:
    return tuple(replace(step, started=step.started + by) for step in steps)
