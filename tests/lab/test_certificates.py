import ssl

import pytest

from tests.lab.certificates import Certificate, server_context, trust


def shake_hands(server: ssl.SSLContext, name: str) -> None:
    client = ssl.create_default_context(cadata=trust().decode())
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(inward, outward, server_hostname=name)
    theirs = server.wrap_bio(outward, inward, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_a_good_chain_is_trusted_for_each_of_its_names():
    server = server_context(Certificate.GOOD, ("ovdinfo.org", "www.ovdinfo.org", "93.184.216.34"))
    for name in ("ovdinfo.org", "www.ovdinfo.org", "93.184.216.34"):
        shake_hands(server, name)


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (Certificate.EXPIRED, "certificate has expired"),
        (Certificate.WRONG_NAME, "Hostname mismatch"),
        (Certificate.UNKNOWN_AUTHORITY, "unable to get local issuer certificate"),
        (Certificate.SELF_SIGNED, "self-signed certificate"),
        (Certificate.STATE_AUTHORITY, "unable to get local issuer certificate"),
    ],
)
def test_each_bad_chain_is_bad_in_its_own_way_only(kind, complaint):
    with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
        shake_hands(server_context(kind, ("ovdinfo.org",)), "ovdinfo.org")


def test_an_authority_of_a_state_may_be_trusted():
    shake_hands(server_context(Certificate.TRUSTED_STATE_AUTHORITY, ("ovdinfo.org",)), "ovdinfo.org")
