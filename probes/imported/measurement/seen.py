"""What a measurement saw, gathered step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from probes.imported.measurement.fields import clean
from probes.imported.measurement.pages import Page
from probes.imported.measurement.steps import Answers
from probes.kit.marks import Markers
from probes.kit.observation import Blob, DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake

_MOST_NOTED: Final = 10
_NOTE_CAP: Final = 100


@dataclass(slots=True)
class Seen:
    """The steps of one measurement so far, and the bytes that they name."""

    dns: list[DnsLookup] = field(default_factory=list)
    tcp: list[TcpConnect] = field(default_factory=list)
    tls: list[TlsHandshake] = field(default_factory=list)
    http: list[HttpExchange] = field(default_factory=list)
    asns: dict[str, int] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    unusable: list[str] = field(default_factory=list)
    """Answers that are no addresses. They are kept apart, so that nobody takes them for any."""

    def looked_up(self, lookup: DnsLookup | None, answers: Answers) -> None:
        """Take a look-up; one by a way that we do not know leaves nothing."""
        if lookup is not None:
            self.dns.append(lookup)
            self.asns |= answers.asns
            self.unusable += answers.unusable

    def connected(self, connect: TcpConnect | None) -> None:
        """Take a connection attempt."""
        if connect is not None:
            self.tcp.append(connect)

    def shaken(self, shaken: tuple[TlsHandshake, bytes] | None) -> None:
        """Take a handshake and the chain that was shown."""
        if shaken is None:
            return
        step, chain = shaken
        self.tls.append(step)
        if chain:
            blob = Blob.of(chain)
            self.blobs[blob.name] = blob

    def fetched(self, page: Page) -> None:
        """Take an exchange and its bytes."""
        self.http.append(page.exchange)
        self.blobs |= {blob.name: blob for blob in page.blobs}

    def facts(self, markers: Markers | None) -> Facts:
        """Everything that was seen."""
        noted = [clean(answer, _NOTE_CAP) for answer in self.unusable[:_MOST_NOTED]]
        versions: Mapping[str, str] = markers.versions if markers else {}
        return Facts(
            dns=tuple(self.dns),
            tcp=tuple(self.tcp),
            tls=tuple(self.tls),
            http=tuple(self.http),
            asns=self.asns,
            lists=dict(versions),
            details={"unusable_answers": noted} if noted else {},
        )
