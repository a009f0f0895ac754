"""What failed, and for whom: nobody to compare with, everybody, some, or this place alone."""

from collections.abc import Collection
from typing import Final

from probes.kit.failure import Failure
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import Meant, Stage, State, Strength, WhyUnclear
from probes.website.case import WebsiteCase
from probes.website.rules.wording import rule, unclear
from probes.website.walk import CERTIFICATE, CUT, TIMEOUTS

_NO_WAY: Final = frozenset({Failure.HOST_UNREACHABLE, Failure.NETWORK_UNREACHABLE})
_ALONE: Final = f"{order(7)}: fails here only, no artefact"


def _alone(
    name: str, stage: Stage, what: str, failures: Collection[str] | None = None, mechanism: str | None = None
) -> Rule[WebsiteCase]:
    """What fails here and nowhere else, at `stage`, with one of `failures` (None: whichever is left)."""
    return rule(
        name,
        State.UNREACHABLE,
        Strength.STRONG,
        because=f"{{host}}: {what} ({{trouble}}), while {{working}} could use it; no artefact says why.",
        source=_ALONE,
        mechanism=mechanism or name,
        where=lambda case: _fails_alone(case) and case.stage is stage and (failures is None or case.failure in failures),
    )


def _fails_alone(case: WebsiteCase) -> bool:
    return case.failure is not None and bool(case.working)


def _has_only_lost_controls(case: WebsiteCase) -> bool:
    return bool(case.controls) and not case.working and not case.failing


FAILURES: Final[tuple[Rule[WebsiteCase], ...]] = (
    unclear(
        "control.none",
        WhyUnclear.NO_CONTROL,
        because="{host} is not as it should be from here ({trouble}), and no control has looked: it may be the same everywhere.",
        source=order(9),
        where=lambda case: not case.controls and (case.fails or case.page is not None),
    ),
    unclear(
        "control.redirect",
        WhyUnclear.NOT_ENOUGH,
        because=(
            "{host} is not proven to be as it should be from here ({trouble}), and the controls are redirected without end: it "
            "may be the same everywhere."
        ),
        source=f"{order(9)}; a control that is sent in circles neither works nor fails",
        where=lambda case: _has_only_lost_controls(case) and (case.fails or case.page is not None),
    ),
    rule(
        "tls.expired",
        State.LAPSED,
        Strength.STRONG,
        because="The certificate of {host} has expired, here and for {expired_for}.",
        source=f"{order(5)}; RFC 5280, section 4.1.2.5",
        where=lambda case: case.tls.is_expired_everywhere,
    ),
    unclear(
        "tls.unsteady",
        WhyUnclear.CONFLICTING,
        because="{host} failed ({trouble}) and a moment later did not.",
        source="a failure that does not repeat is none to act on",
        where=lambda case: case.tls.is_unsteady or case.http.is_unsteady,
    ),
    rule(
        "dns.ghost",
        State.DOWN,
        Strength.STRONG,
        because=(
            "{host} exists for nobody ({failing} could not resolve it), and the line's resolver still answers with {own_answers}."
        ),
        source=f"{order(6)}; a name that is gone is out of use for everybody, whatever is still done to it on the way",
        where=lambda case: case.is_ghost,
    ),
    rule(
        "service.down",
        State.DOWN,
        Strength.STRONG,
        because="{host} cannot be used from here ({trouble}), nor by {failing}.",
        source=order(6),
        where=lambda case: case.fails and not case.working and len(case.failing) >= 2,
    ),
    unclear(
        "control.one",
        WhyUnclear.NOT_ENOUGH,
        because="{host} cannot be used from here ({trouble}), nor by {failing}; one control is not enough to call it down.",
        source=order(6),
        where=lambda case: case.fails and not case.working and bool(case.failing),
    ),
    unclear(
        "control.divided",
        WhyUnclear.CONFLICTING,
        because="{host} cannot be used from here ({trouble}) nor by {failing}, while {working} could use it.",
        source=f"{order(6)} and 7: neither everywhere nor here only",
        where=lambda case: _fails_alone(case) and bool(case.failing),
    ),
    rule(
        "ip.some_cut_off",
        State.UNREACHABLE,
        Strength.WEAK,
        because="{host} fails at {cut_off} ({trouble}) and not at {reached}; {working} could use it at all of them.",
        source=f"{order(7)}: k of n addresses",
        mechanism="ip.unreachable",
        where=lambda case: _fails_alone(case) and case.reach.is_partial,
    ),
    rule(
        "ip.collateral",
        State.UNREACHABLE,
        Strength.STRONG,
        because=(
            "{host} fails ({trouble}), and so do its neighbours, while {working} could use it and them: the network or the "
            "address that they share is cut off from here."
        ),
        source=f"{order(7)}; neighbours tell collateral damage",
        mechanism="ip.unreachable",
        scope=Meant.COLLATERAL,
        where=lambda case: _fails_alone(case) and case.stage is not Stage.DNS and case.neighbours.suffer_too,
    ),
    rule(
        "dns.elsewhere",
        State.UNREACHABLE,
        Strength.STRONG,
        because=(
            "The line's resolver leads to {own_answers}, where nothing proves to be {host} ({trouble}); "
            "{control_answers} is where {working} could use it. The answer may be forged, out of date, or meant for this region."
        ),
        source=order(8),
        mechanism="dns",
        where=lambda case: _fails_alone(case) and case.stage in {Stage.TCP, Stage.TLS} and case.dns.leads_elsewhere,
    ),
    unclear(
        "dns.bad_signatures",
        WhyUnclear.CONFLICTING,
        because=(
            "The line's resolver fails at {host} ({trouble}), and gives the addresses that {working} got once it is told not to "
            "check signatures: the domain's DNSSEC is in disorder."
        ),
        source="RFC 4035, section 5.5, and RFC 6840: checking disabled",
        where=lambda case: _fails_alone(case) and case.stage is Stage.DNS and case.dns.is_right_unchecked,
    ),
    _alone("dns.nxdomain", Stage.DNS, "the own resolver denies the name", {Failure.DNS_NXDOMAIN}),
    _alone("dns.refused", Stage.DNS, "the own resolver refuses to answer", {Failure.DNS_REFUSED}),
    _alone("dns.servfail", Stage.DNS, "the own resolver fails", {Failure.DNS_SERVFAIL}),
    _alone("dns.timeout", Stage.DNS, "the own resolver stays silent", TIMEOUTS),
    _alone("dns.other", Stage.DNS, "the own resolver gives no usable address", mechanism="dns"),
    _alone("ip.unreachable", Stage.TCP, "there is no way to its address", _NO_WAY),
    _alone("tcp.timeout", Stage.TCP, "its address does not answer", TIMEOUTS),
    _alone("tcp.refused", Stage.TCP, "its address refuses connections", {Failure.CONNECTION_REFUSED}),
    _alone("tcp.reset", Stage.TCP, "its address ends connections", CUT),
    _alone("tcp.other", Stage.TCP, "its address cannot be connected to", mechanism="tcp"),
    _alone("tls.reset", Stage.TLS, "the handshake is cut off", CUT, mechanism="tls.reset.other"),
    _alone("tls.timeout", Stage.TLS, "the handshake stays unanswered", TIMEOUTS),
    _alone("tls.certificate", Stage.TLS, "the certificate does not prove the host", CERTIFICATE, mechanism="tls"),
    _alone("tls.other", Stage.TLS, "the handshake fails", mechanism="tls"),
    rule(
        "http.freeze",
        State.UNREACHABLE,
        Strength.STRONG,
        because=(
            "The page of {host} freezes half-way, again and again, after {received} bytes, while {working} could use it; nothing "
            "says whether this line carries more of anybody."
        ),
        source=f"{order(3)} and 7: without a neighbour, or an earlier look, a broken line looks the same",
        mechanism="tls.freeze",
        where=lambda case: _fails_alone(case) and case.http.freezes,
    ),
    _alone("http.reset", Stage.HTTP, "the connection is cut off after the request", CUT, mechanism="http.error"),
    _alone("http.timeout", Stage.HTTP, "the page does not arrive in time", TIMEOUTS),
    _alone("http.other", Stage.HTTP, "the page cannot be read", mechanism="http.error"),
    unclear(
        "instrument.not_enough",
        WhyUnclear.NOT_ENOUGH,
        because="The look ended before it could say anything about {host}.",
        source="the last rule always fits",
        where=lambda case: True,  # noqa: ARG005 - whatever the case
    ),
)
