"""A private authority and the chains, good and bad, that the lab's servers show. Made once per process.

A chain has the shape of Let's Encrypt's: root (in the trust file), intermediate, leaf; all keys are P-256, which is fast.
Lifetimes are wide, because scenarios play in years past while OpenSSL verifies at the real time.
"""

import ssl
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Certificate(StrEnum):
    """What sort of certificate a server shows."""

    GOOD = "good"
    EXPIRED = "expired"
    WRONG_NAME = "wrong_name"
    UNKNOWN_AUTHORITY = "unknown_authority"
    SELF_SIGNED = "self_signed"
    STATE_AUTHORITY = "state_authority"
    """By an authority that calls itself as Russia's does, and that nobody trusts."""
    TRUSTED_STATE_AUTHORITY = "trusted_state_authority"
    """By one that calls itself as Kazakhstan's did, and that is in the trust file, as where people were made to install it."""


TRUSTED: Final = frozenset({Certificate.GOOD, Certificate.TRUSTED_STATE_AUTHORITY})
"""Kinds that prove a host to whoever goes by the trust file."""

_TRUSTED: Final = "Lab Root"
_UNKNOWN: Final = "Unknown Root"
_STATE: Final = "Russian Trusted Root CA"
_TRUSTED_STATE: Final = "Qaznet Trust Network"
_SERVER: Final = "server"
_SIGNERS: Final = {
    Certificate.UNKNOWN_AUTHORITY: _UNKNOWN,
    Certificate.STATE_AUTHORITY: _STATE,
    Certificate.TRUSTED_STATE_AUTHORITY: _TRUSTED_STATE,
}
"""The roots behind chains that do not come from the one behind good ones."""

_LONG_AGO: Final = datetime(2015, 1, 1, tzinfo=UTC)
_EXPIRED_SINCE: Final = datetime(2016, 1, 1, tzinfo=UTC)
_FAR_OFF: Final = datetime(2049, 12, 31, tzinfo=UTC)


def trust() -> bytes:
    """The PEM of the roots that the lab's vantage points trust."""
    return b"".join(_root(name).public_bytes(Encoding.PEM) for name in (_TRUSTED, _TRUSTED_STATE))


def chain(kind: Certificate, names: tuple[str, ...]) -> bytes:
    """The PEM of a chain of this kind for `names`, leaf first, without the root."""
    if kind is Certificate.SELF_SIGNED:
        return _leaf(names, _named(names[0]), _SERVER, _FAR_OFF).public_bytes(Encoding.PEM)
    shown = ("wrong-name.invalid",) if kind is Certificate.WRONG_NAME else names
    expires = _EXPIRED_SINCE if kind is Certificate.EXPIRED else _FAR_OFF
    middle = _intermediate(_SIGNERS.get(kind, _TRUSTED))
    leaf = _leaf(shown, middle.subject, _common_name(middle), expires)
    return leaf.public_bytes(Encoding.PEM) + middle.public_bytes(Encoding.PEM)


@cache
def server_context(kind: Certificate, names: tuple[str, ...]) -> ssl.SSLContext:
    """A context in which a server shows a chain of this kind for `names`. Shared: do not change it."""
    context = server_context_without_chain()
    secret = _key(_SERVER).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with TemporaryDirectory() as folder:  # the standard library loads chains from files only
        file = Path(folder, "chain.pem")
        file.write_bytes(secret + chain(kind, names))
        context.load_cert_chain(file)
    return context


def server_context_without_chain() -> ssl.SSLContext:
    """A fresh server context; who uses it chooses a chain when the client has named whom it wants."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    return context


@cache
def _key(owner: str) -> EllipticCurvePrivateKey:
    """The key of `owner`, an authority or all servers together."""
    return generate_private_key(SECP256R1())


@cache
def _root(name: str) -> x509.Certificate:
    return _authority(name, issuer=name, path_length=1)


@cache
def _intermediate(root: str) -> x509.Certificate:
    return _authority(f"{root} Intermediate", issuer=root, path_length=0)


def _authority(name: str, issuer: str, path_length: int) -> x509.Certificate:
    builder = (
        _builder(_named(name), _named(issuer), name, issuer, _FAR_OFF)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_AUTHORITY_USAGE, critical=True)
    )
    return builder.sign(_key(issuer), hashes.SHA256())


def _leaf(names: tuple[str, ...], issuer: x509.Name, signer: str, expires: datetime) -> x509.Certificate:
    builder = (
        _builder(_named(names[0]), issuer, _SERVER, signer, expires)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(_key(signer), hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, owner: str, signer: str, expires: datetime) -> x509.CertificateBuilder:
    """What every certificate has; `owner` and `signer` name the keys."""
    owned, signing = _key(owner).public_key(), _key(signer).public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(owned)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_LONG_AGO)
        .not_valid_after(expires)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(owned), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing), critical=False)
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


_AUTHORITY_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
