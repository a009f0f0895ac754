"""Signatures of Standard Webhooks, against what its authors published."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from monitor.alerts.channels.kit.secrets import UnusableSecret
from monitor.alerts.channels.kit.signing import signatures

# The signature is the example in the specification ("webhook headers"); key and message are those of the vector from which
# its authors made it (Svix, the asymmetric signing key of their server).
KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC_HALF = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = '{"test": 2432232314}'
PUBLISHED = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

SHARED = "whsec_" + base64.b64encode(b"a key of 24 bytes or more").decode()
SEED = "whsk_" + base64.b64encode(base64.b64decode(KEY.removeprefix("whsk_"))[:32]).decode()


@pytest.mark.parametrize("key", [KEY, SEED], ids=["with its public half", "alone"])
def test_the_published_vector_of_v1a(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", key)
    assert signatures("HOOK", MESSAGE, AT, BODY) == PUBLISHED


def test_the_public_half_is_all_that_a_receiver_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", KEY)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC_HALF.removeprefix("whpk_")))
    body = '{"another": "body"}'
    signed = base64.b64decode(signatures("HOOK", MESSAGE, AT, body).removeprefix("v1a,"))
    public.verify(signed, f"{MESSAGE}.1614265330.{body}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(signed, f"{MESSAGE}.1614265330.{BODY}".encode())


def test_keys_of_both_kinds_sign_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"{SHARED} {KEY}")
    by_hand, asymmetric = signatures("HOOK", MESSAGE, AT, BODY).split(" ")
    assert by_hand == Webhook(SHARED).sign(MESSAGE, AT, BODY)
    assert asymmetric == PUBLISHED


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("c2VjcmV0LXNlY3JldA==", "HOOK must be whsec_ or whsk_ followed by a key"),
        ("whsec_", "HOOK must be whsec_ or whsk_"),
        ("whsec_YSBrZXkgdGhhdCBpcyB0b28gc2g=", "what follows whsec_ in HOOK is too short"),
        ("whsec_!!c2VjcmV0", "HOOK must be whsec_ or whsk_"),
        ("whsec_\u0441", "HOOK must be whsec_ or whsk_"),
        (f"{SHARED} plain", "HOOK must be whsec_ or whsk_"),
        ("  ", "HOOK must be whsec_ or whsk_"),
        ("whsk_c2VjcmV0LXNlY3JldA==", "in HOOK must be an Ed25519 key of 32 bytes"),
        ("whsk_", "in HOOK must be an Ed25519 key of 32 bytes"),
        (KEY.replace("6Xb/", "7Xb/"), "in HOOK do not belong together"),
        (PUBLIC_HALF, "HOOK must be whsec_ or whsk_"),
    ],
)
def test_a_wrong_key_is_explained_and_never_shown(wrong: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", wrong)
    with pytest.raises(UnusableSecret) as caught:
        signatures("HOOK", MESSAGE, AT, BODY)
    assert said in str(caught.value)
    for key in filter(None, (part.partition("_")[2] for part in wrong.split())):
        assert key not in str(caught.value)
