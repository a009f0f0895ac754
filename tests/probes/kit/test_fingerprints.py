"""What is marked in answers, certificates and pages."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.fingerprint import Fingerprint, Fit, Place
from probes.kit.fingerprints import FingerprintMarkers
from probes.kit.marks import Markers
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind
from tests.lab.certificates import Certificate, chain

HEAD = b"HTTP/1.1 302 Found\r\nServer: Filter/1.0 (node 7)\r\nContent-Type: text/html; charset=windows-1251\r\n\r\n"
PAGE = Mark(name="own:ru_page", kind=MarkKind.BLOCKPAGE, countries=("RU",), actor="Rostelecom")
REDIRECT = Mark(name="own:ru_redirect", kind=MarkKind.BLOCKPAGE, countries=("RU",))
FILTER = Mark(name="own:filter", kind=MarkKind.BLOCKPAGE, countries=("RU",))
ADDRESS = Mark(name="own:ir_address", kind=MarkKind.FORGED_ADDRESS, countries=("IR",))
AUTHORITY = Mark(name="own:ru_root", kind=MarkKind.STATE_AUTHORITY, countries=("RU",))
SUSPENDED = Mark(name="own:cpanel", kind=MarkKind.SUSPENDED)
ORDINARY = Mark(name="own:moved", kind=MarkKind.NOT_A_BLOCKPAGE)


def sign(mark: Mark, place: Place, fit: Fit, part: str, header: str | None = None) -> Fingerprint:
    return Fingerprint(mark=mark, place=place, fit=fit, parts=(part,), header=header)


def markers() -> FingerprintMarkers:
    known = (
        sign(PAGE, Place.BODY, Fit.CONTAINS, "Доступ ограничен"),
        sign(REDIRECT, Place.LOCATION, Fit.HOST, "warning.rt.ru"),
        sign(REDIRECT, Place.LOCATION, Fit.HOST, "m.megafonpro.ru/rkn"),
        sign(REDIRECT, Place.LOCATION, Fit.CONTAINS, "?blocked_url="),
        sign(FILTER, Place.HEADER, Fit.PREFIX, "filter/1", "server"),
        sign(ADDRESS, Place.ADDRESS, Fit.FULL, "10.10.34.34"),
        sign(AUTHORITY, Place.CERTIFICATE, Fit.FULL, "Russian Trusted Root CA"),
        sign(SUSPENDED, Place.TITLE, Fit.FULL, "Account Suspended"),
        sign(ORDINARY, Place.BODY, Fit.CONTAINS, "The document has moved"),
    )
    return FingerprintMarkers(known, {"own": "2026-11-22-0123456789ab"})


def der(kind: Certificate) -> list[bytes]:
    return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(chain(kind, ("ovd.info",)))]


def seen(location: str | None = None, title: str | None = None, body: bytes = b"", head: bytes = b"") -> tuple[Mark, ...]:
    return markers().of_response(head, location, title, body, body.hex()[:64])


def test_they_are_markers_and_say_which_lists_they_use() -> None:
    given_markers: Markers = markers()
    assert given_markers.versions == {"own": "2026-11-22-0123456789ab"}


def test_a_forged_address_is_marked() -> None:
    assert markers().of_answers(("192.0.2.1", "10.10.34.34", "10.10.34.34")) == (ADDRESS,)
    assert markers().of_answers(()) == ()


def test_a_states_authority_is_marked_by_the_issuer_of_any_certificate() -> None:
    assert markers().of_chain(der(Certificate.STATE_AUTHORITY)) == (AUTHORITY,)
    assert markers().of_chain(der(Certificate.GOOD)) == ()


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_no_certificate_is_too_odd(received: list[bytes]) -> None:
    assert markers().of_chain(received) == ()


def test_a_redirect_is_marked_by_its_host_and_the_beginning_of_its_path() -> None:
    assert seen("http://warning.rt.ru/?id=17") == (REDIRECT,)
    assert seen("https://WARNING.RT.RU.") == (REDIRECT,)
    assert seen("http://17.warning.rt.ru:8080/") == (REDIRECT,)
    assert seen("http://m.megafonpro.ru/rkn?u=1") == (REDIRECT,)
    assert seen("/error?blocked_url=1") == (REDIRECT,)


def test_a_redirect_elsewhere_is_not() -> None:
    assert seen("http://example.org/?next=http://warning.rt.ru/") == ()
    assert seen("http://warning.rt.ru.example.org/") == ()
    assert seen("http://m.megafonpro.ru/") == ()
    assert seen("http://[warning.rt.ru/") == ()
    assert seen("//") == ()


def test_a_title_is_marked_when_it_is_the_whole_title() -> None:
    assert seen(title="ACCOUNT SUSPENDED") == (SUSPENDED,)
    assert seen(title="Account suspended by a bank: how to get it back") == ()


def test_a_header_is_marked() -> None:
    assert seen(head=HEAD) == (FILTER,)
    assert seen(head=b"HTTP/1.1 200 OK\r\nX-Server: Filter/1.0\r\n\r\n") == ()


def test_a_page_is_read_in_its_own_character_set() -> None:
    page = "<h1>ДОСТУП ОГРАНИЧЕН</h1>"
    assert seen(body=page.encode("cp1251"), head=HEAD.replace(b"Filter", b"nginx")) == (PAGE,)
    assert seen(body=page.encode("koi8-r"), head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=koi8-r\r\n\r\n") == (PAGE,)
    assert seen(body=page.encode()) == (PAGE,)


def test_a_redirect_to_a_block_page_counts_although_its_body_is_ordinary() -> None:
    moved = b"<p>The document has moved <a href='http://warning.rt.ru/'>here</a>.</p>"
    assert seen("http://warning.rt.ru/", body=moved) == (REDIRECT,)
    assert seen("http://www.example.org/", body=moved) == (ORDINARY,)


def test_the_same_body_is_gone_through_once() -> None:
    ours = markers()
    first = ours.of_response(b"", None, None, "Доступ ограничен".encode(), "hash")
    assert ours.of_response(b"", None, None, b"something else under the same hash", "hash") == first == (PAGE,)


def test_what_is_remembered_is_bounded() -> None:
    ours = markers()
    for number in range(5000):
        ours.of_response(b"", None, None, b"x", str(number))
    assert len(ours._bodies) == 4096


@given(
    st.binary(max_size=300),
    st.one_of(st.none(), st.text(max_size=60)),
    st.one_of(st.none(), st.text(max_size=30)),
    st.binary(max_size=300),
)
def test_nothing_that_strangers_send_is_too_odd(head: bytes, location: str | None, title: str | None, body: bytes) -> None:
    ours = markers()
    assert set(ours.of_response(head, location, title, body, "hash")) <= {PAGE, REDIRECT, FILTER, SUSPENDED, ORDINARY}
