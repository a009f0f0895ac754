"""What the facts say beside what was seen: whose addresses they are, what is known of a page; and never where we are."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import dns.message
import pytest
import trustme

from probes.kit.asn import KnownAsns
from probes.kit.marks import Markers
from probes.kit.observation import Facts, Mark
from probes.kit.resolvers import PublicResolver
from probes.kit.vocabulary import Depth, MarkKind
from tests.probes.kit.network.messages import answering, refusing, truth
from tests.probes.kit.network.servers import NAME, QUICK, RESOLVER, SITE, Lab, by_length, page, saying

FORGED = "203.0.113.66"
OWN = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
"""Public addresses: private ones stay visible among answers."""


@dataclass
class Sharp:
    """Markers that know one thing of each sort, and remember what they were shown."""

    shown: list[tuple[object, ...]] = field(default_factory=list)
    versions: Mapping[str, str] = field(default_factory=lambda: {"own": "7"})

    def of_answers(self, addresses: Sequence[str]) -> tuple[Mark, ...]:
        self.shown.append(tuple(addresses))
        return (Mark(name="own:forged", kind=MarkKind.FORGED_ADDRESS),) if FORGED in addresses else ()

    def of_chain(self, chain: Sequence[bytes]) -> tuple[Mark, ...]:
        self.shown.append((len(chain) > 0,))
        return (Mark(name="own:state", kind=MarkKind.STATE_AUTHORITY),)

    def of_response(self, head: bytes, location: str | None, title: str | None, body: bytes, body_hash: str) -> tuple[Mark, ...]:
        self.shown.append((head.split(b"\r\n")[0], location, title, body, body_hash))
        return (Mark(name="own:page", kind=MarkKind.BLOCKPAGE, countries=("RU",), actor="an authority"),)


async def looked(lab: Lab, url: str, *, depth: Depth = Depth.LIGHT, **door: Any) -> tuple[Facts, dict[str, bytes]]:
    network = lab.network(**door)
    async with network.look(depth) as look:
        await look.fetch(url, await look.resolve(NAME) or (SITE,))
        await look.resolve_publicly(NAME)
    return look.facts(), {blob.name: blob.data for blob in look.blobs}


async def test_every_address_that_a_step_names_is_given_its_network(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query), truth(query, answering(A=FORGED))], "9.9.9.10")
    await lab.resolver(lambda query: [truth(query)])
    await lab.site(saying(page(b"hello")))
    public = (PublicResolver.model_validate({"transport": "udp", "address": "9.9.9.10"}),)
    known = KnownAsns({SITE: 64500, FORGED: 64666, "9.9.9.10": 19281, "192.0.2.9": 1})

    facts, _ = await looked(lab, f"http://{NAME}/", asns=known, public_resolvers=public)

    assert facts.asns == {SITE: 64500, FORGED: 64666, "9.9.9.10": 19281}


async def test_marks_stand_at_the_steps_that_bear_them(lab: Lab) -> None:
    markers = Sharp()
    await lab.resolver(lambda query: [truth(query), truth(query, answering(A=FORGED))])
    await lab.secure_site(saying(page(b"<title>Stop</title>", b"Location: /stop", status=b"302 Found")))

    facts, blobs = await looked(lab, f"https://{NAME}/", depth=Depth.FULL, markers=markers)

    assert [[mark.name for mark in step.marks] for step in facts.dns] == [["own:forged"], []]
    assert [[mark.name for mark in step.marks] for step in facts.tls] == [["own:state"]]
    assert [[mark.name for mark in step.marks] for step in facts.http] == [["own:page"]]
    body = blobs[facts.http[0].body_hash or ""]
    assert markers.shown[-1] == (b"HTTP/1.1 302 Found", "/stop", "Stop", body, facts.http[0].body_hash)
    assert facts.lists == {"own": "7"}


@pytest.mark.parametrize("markers", [None, Sharp()])
async def test_lists_are_named_only_where_something_was_held_against_them(lab: Lab, markers: Markers | None) -> None:
    lab.budgets = QUICK
    await lab.resolver(lambda query: [truth(query, refusing("NXDOMAIN"))])

    facts, _ = await looked(lab, f"http://{NAME}/", markers=markers)

    assert facts.lists == {}


async def test_who_blocks_is_read_where_a_page_is_withheld_for_legal_reasons(lab: Lab) -> None:
    link = b'Link: <https://isp.example/>; rel="blocked-by"'
    await lab.resolver(lambda query: [truth(query)])
    await lab.site(saying(page(b"no", link, status=b"451 Unavailable For Legal Reasons")))

    facts, _ = await looked(lab, f"http://{NAME}/")

    assert facts.http[0].blocked_by == "https://isp.example/"


def spelled() -> list[bytes]:
    four, six = OWN
    plain = [four, f"::ffff:{four}", four.replace(".", "-"), four.replace(".", "%2E"), four.replace(".", "_")]
    plain += [six, six.upper(), ip_address(six).exploded, six.replace(":", "-"), six.replace(":", "%3A")]
    return [text.encode() for text in plain]


def echoing_resolver(query: bytes) -> list[bytes]:
    """Answers with our own addresses, as those do that tell people theirs."""
    name = OWN[0].replace(".", "-") + ".pool.isp.example."

    def echo(reply: dns.message.Message) -> None:
        kind = dns.rdatatype.to_text(reply.question[0].rdtype)
        own = OWN[0] if kind == "A" else OWN[1]
        owner = reply.question[0].name
        reply.answer[:] = [
            dns.rrset.from_text(owner, 60, "IN", "CNAME", name),
            dns.rrset.from_text(name, 60, "IN", kind, own, *(("198.51.100.1",) if kind == "A" else ())),
        ]

    return [truth(query, echo)]


async def test_own_addresses_survive_nowhere(lab: Lab) -> None:
    echo, dashed, escaped = b" ; ".join(spelled()), spelled()[2], spelled()[3]
    headers = (b"X-Client: " + echo, b"Location: http://" + dashed + b".isp.example/?ip=" + escaped, b"X-" + dashed + b": 1")
    packed = gzip.compress(b"<title>" + echo + b"</title>" + echo)
    authority = trustme.CA(organization_name=OWN[0])
    await lab.resolver(echoing_resolver)
    await lab.site(by_length(echoing_resolver), port=53, address=RESOLVER)
    await lab.dot(echoing_resolver, "dns.example", *OWN, address="9.9.9.10", authority=authority)
    await lab.secure_site(saying(page(packed, *headers, b"Content-Encoding: gzip")), NAME, *OWN, authority=authority)
    public = (PublicResolver.model_validate({"transport": "dot", "address": "9.9.9.10", "name": "dns.example"}),)
    lab.routes[OWN[0]] = lab.routes[f"{SITE}:443"]

    network = lab.network(own_addresses=OWN, public_resolvers=public)
    async with network.look(Depth.FULL) as look:
        await look.resolve(NAME)
        await look.resolve_publicly(NAME)
        await look.fetch(f"https://{NAME}/?ip={OWN[0]}", [SITE])
        await look.resolve(OWN[0].replace(".", "-") + ".isp.example")
        await look.handshake(OWN[0], 443, OWN[0])
        await look.fetch(f"https://{OWN[0]}/", [OWN[0]])
    stored = [str(look.facts()).encode(), *(blob.data for blob in look.blobs)]

    assert len(look.facts().steps()) > 10
    forms = [*spelled(), *(ip_address(own).packed for own in OWN)]
    assert [form for form in forms if any(form in data for data in stored)] == []
    assert all(blob.name == blob.of(blob.data).name for blob in look.blobs)


async def test_what_a_stranger_sends_in_place_of_http_tells_no_address_either(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)])
    await lab.site(saying(b"YOU-ARE " + b"/".join(spelled()) + b"\r\n\r\n"))

    facts, blobs = await looked(lab, f"http://{NAME}/", own_addresses=OWN)

    assert (facts.http[0].failure or "").startswith("unknown_failure")
    assert [form for form in spelled() if any(form in data for data in (str(facts).encode(), *blobs.values()))] == []


async def test_the_own_resolvers_address_is_told_nowhere(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)], "93.184.216.53")
    await lab.site(saying(page(b"your resolver is 93.184.216.53")))

    facts, blobs = await looked(lab, f"http://{NAME}/", resolvers=("93.184.216.53",))

    assert facts.http[0].status == 200
    assert b"93.184.216.53" not in b"".join((str(facts).encode(), *blobs.values()))
