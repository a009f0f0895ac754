"""Judging a captured chain: which word it gets, in which order, and for how long that is remembered."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probes.kit.chain import Examiner, NoTrustedRoots, read_chain

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOST = "ovdinfo.org"
KEY = ec.generate_private_key(ec.SECP256R1())


@dataclass
class Certificate:
    """A certificate to be made; every one has the same key, which no verifier minds."""

    subject: str = HOST
    issuer: str = "Root"
    names: tuple[x509.GeneralName, ...] = (x509.DNSName(HOST),)
    begins: datetime = NOW - DAY
    ends: datetime = NOW + 30 * DAY
    authority: bool = False
    usage: x509.ObjectIdentifier | None = None
    key: ec.EllipticCurvePrivateKey = KEY
    signer: ec.EllipticCurvePrivateKey = KEY

    def made(self) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(self.subject))
            .issuer_name(named(self.issuer))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
            .add_extension(x509.BasicConstraints(ca=self.authority, path_length=None), critical=True)
        )
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        if self.usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.usage]), critical=False)
        return builder.sign(self.signer, hashes.SHA256())

    def der(self) -> bytes:
        return self.made().public_bytes(Encoding.DER)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


ROOT = Certificate(subject="Root", names=(), authority=True, ends=NOW + 900 * DAY)


@pytest.fixture
def examiner(tmp_path: Path) -> Examiner:
    trust = tmp_path / "trust.pem"
    trust.write_bytes(ROOT.made().public_bytes(Encoding.PEM))
    return Examiner(trust)


def failure(examiner: Examiner, *chain: Certificate, host: str = HOST, now: datetime = NOW) -> str | None:
    return examiner.examine(host, [certificate.der() for certificate in chain], now).failure


def test_a_good_chain_says_what_it_is(examiner: Examiner) -> None:
    examined = examiner.examine(HOST, [Certificate().der()], NOW)

    assert examined.failure is None
    assert (examined.subject, examined.issuer) == ("CN=ovdinfo.org", "CN=Root")
    assert (examined.not_before, examined.not_after) == (NOW - DAY, NOW + 30 * DAY)


def test_an_intermediate_that_the_peer_sends_counts(examiner: Examiner) -> None:
    middle = Certificate(subject="Middle", names=(), authority=True)

    assert failure(examiner, Certificate(issuer="Middle"), middle) is None
    assert failure(examiner, Certificate(issuer="Middle")) == "ssl_unknown_authority"


@pytest.mark.parametrize(
    ("certificate", "word"),
    [
        (Certificate(ends=NOW - timedelta(seconds=1)), "ssl_invalid_certificate"),
        (Certificate(begins=NOW + timedelta(seconds=1)), "ssl_invalid_certificate"),
        (Certificate(names=(x509.DNSName("elsewhere.org"),)), "ssl_invalid_hostname"),
        (Certificate(names=()), "ssl_invalid_hostname"),
        (Certificate(issuer="Nobody"), "ssl_unknown_authority"),
        (Certificate(issuer=HOST), "ssl_unknown_authority"),
        (Certificate(signer=ec.generate_private_key(ec.SECP256R1())), "ssl_unknown_authority"),
        (Certificate(usage=ExtendedKeyUsageOID.CLIENT_AUTH), "ssl_invalid_certificate"),
    ],
    ids=["expired", "not yet valid", "another name", "no name", "unknown", "self-signed", "forged signature", "for clients"],
)
def test_a_bad_chain_has_one_word(examiner: Examiner, certificate: Certificate, word: str) -> None:
    assert failure(examiner, certificate) == word


def test_the_most_telling_of_several_faults_is_named(examiner: Examiner) -> None:
    another = (x509.DNSName("elsewhere.org"),)

    assert failure(examiner, Certificate(issuer="Nobody", names=another, ends=NOW - DAY / 2)) == "ssl_unknown_authority"
    assert failure(examiner, Certificate(names=another, ends=NOW - DAY / 2)) == "ssl_invalid_hostname"


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("OVDinfo.org", "ovdinfo.org", True),
        ("*.ovdinfo.org", "www.ovdinfo.org", True),
        ("*.ovdinfo.org", "ovdinfo.org", False),
        ("*.ovdinfo.org", "a.b.ovdinfo.org", False),
        ("w*.ovdinfo.org", "www.ovdinfo.org", False),
        ("*", "ovdinfo", False),
    ],
)
def test_a_wildcard_stands_for_one_whole_label(examiner: Examiner, pattern: str, host: str, *, matches: bool) -> None:
    word = failure(examiner, Certificate(names=(x509.DNSName(pattern),)), host=host)

    assert word == (None if matches else "ssl_invalid_hostname")


def test_an_address_is_covered_by_an_address_only(examiner: Examiner) -> None:
    named_so = Certificate(names=(x509.IPAddress(ip_address("198.51.100.1")), x509.DNSName("198.51.100.2")))

    assert failure(examiner, named_so, host="198.51.100.1") is None
    assert failure(examiner, named_so, host="198.51.100.2") == "ssl_invalid_hostname"


@pytest.mark.parametrize("chain", [[], [b""], [b"\x30\x03\x02\x01\x01"], [b"not a certificate"]])
def test_what_is_no_certificate_is_an_invalid_one(examiner: Examiner, chain: list[bytes]) -> None:
    examined = examiner.examine(HOST, chain, NOW)

    assert (examined.failure, examined.subject) == ("ssl_invalid_certificate", None)


def of_version_five(certificate: Certificate) -> bytes:
    """The same bytes, but for a version of X.509 that does not exist."""
    version_three, version_five = bytes.fromhex("a003020102"), bytes.fromhex("a003020104")
    return certificate.der().replace(version_three, version_five, 1)


def test_a_leaf_that_nobody_can_read_is_an_invalid_certificate(examiner: Examiner) -> None:
    examined = examiner.examine(HOST, [of_version_five(Certificate())], NOW)

    assert (examined.failure, examined.subject, examined.not_after) == ("ssl_invalid_certificate", None, None)


@pytest.mark.parametrize(
    ("leaf", "word"),
    [
        (Certificate(), "ssl_invalid_certificate"),
        (Certificate(issuer=HOST), "ssl_unknown_authority"),
        (Certificate(names=(x509.DNSName("elsewhere.org"),)), "ssl_invalid_hostname"),
    ],
    ids=["good", "self-signed", "another name"],
)
def test_an_unreadable_certificate_behind_the_leaf_hides_nothing_of_it(examiner: Examiner, leaf: Certificate, word: str) -> None:
    chain = [leaf.der(), of_version_five(ROOT)]
    examined = examiner.examine(HOST, chain, NOW)

    assert (examined.failure, examined.subject, examined.not_after) == (word, "CN=ovdinfo.org", leaf.ends)
    assert examined.hash == sha256(b"".join(chain)).hexdigest()


def test_names_that_cannot_be_read_prove_no_host_and_hide_no_authority(examiner: Examiner) -> None:
    broken = Certificate().der().replace(b"\x82\x0bovdinfo.org", b"\x82\x0b\xff\xff\xffinfo.org")
    examined = examiner.examine(HOST, [broken], NOW)

    assert examined.failure == "ssl_unknown_authority", "the signature does not fit any more"
    assert examined.issuer == "CN=Root"


def test_a_verdict_is_remembered_by_host_and_chain(examiner: Examiner) -> None:
    chain = [Certificate().der()]
    first = examiner.examine(HOST, chain, NOW)

    assert examiner.examine(HOST, chain, NOW + timedelta(minutes=59)) is first
    assert examiner.examine("elsewhere.org", chain, NOW).failure == "ssl_invalid_hostname"


def test_a_verdict_is_forgotten_where_it_could_change(examiner: Examiner) -> None:
    chain = [Certificate(ends=NOW + timedelta(minutes=5)).der()]

    assert examiner.examine(HOST, chain, NOW).failure is None
    assert examiner.examine(HOST, chain, NOW + timedelta(minutes=6)).failure == "ssl_invalid_certificate"


def test_a_clock_that_goes_back_is_not_answered_from_memory(examiner: Examiner) -> None:
    chain = [Certificate().der()]
    examiner.examine(HOST, chain, NOW)

    assert examiner.examine(HOST, chain, NOW - 2 * DAY).failure == "ssl_invalid_certificate"


def test_memory_is_bounded(examiner: Examiner) -> None:
    chain = [Certificate().der()]
    for number in range(4200):
        examiner.examine(f"host{number}.example", chain, NOW)

    assert len(examiner._remembered) == 4096


def test_a_machine_without_roots_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    with pytest.raises(NoTrustedRoots, match="ca-certificates"):
        Examiner()


def test_a_test_needs_no_roots_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "absent"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "trust.pem"))
    leaf = authority.issue_cert(HOST).cert_chain_pems[0].bytes()

    examined = Examiner(tmp_path / "trust.pem").examine(
        HOST, [x509.load_pem_x509_certificate(leaf).public_bytes(Encoding.DER)], datetime.now(UTC)
    )

    assert examined.failure is None


def test_a_chain_that_somebody_else_has_judged_is_described_with_their_word() -> None:
    der = Certificate(subject="Somebody", issuer="State Authority").der()
    described = read_chain([der, b"no certificate"], "ssl_unknown_authority")
    assert (described.failure, described.subject, described.issuer) == (
        "ssl_unknown_authority",
        "CN=Somebody",
        "CN=State Authority",
    )
    assert described.not_after == NOW + 30 * DAY
    assert described.hash == sha256(der + b"no certificate").hexdigest()


@pytest.mark.parametrize("chain", [[], [b""], [b"no certificate"]])
def test_of_a_chain_that_cannot_be_read_only_its_hash_is_told(chain: list[bytes]) -> None:
    described = read_chain(chain, None)
    assert (described.subject, described.not_after, described.hash) == (None, None, sha256(b"".join(chain)).hexdigest())
