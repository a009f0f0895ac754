"""Forms of our own pages: nothing of them is read before it is known who sends it, and only as UTF-8."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from tests.api import cast
from tests.api.conftest import House
from tests.api.test_secrecy import routes_of

COSTLY = b"-" + b"a" * 60_000
"""What takes long to decode as Punycode."""


def multipart(charset: str, **fields: bytes) -> dict[str, Any]:
    """A form with files, as whoever sends it says in `charset`."""
    head = b'--XX\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    parts = (head % (name.encode(), said) for name, said in fields.items())
    kind = f"multipart/form-data; boundary=XX; charset={charset}"
    return {"content": b"".join(parts) + b"--XX--\r\n", "headers": {"content-type": kind}}


def forms_of(house: House) -> list[str]:
    posted = {one.path for one in routes_of(house.app.routes) if "POST" in (one.methods or ())}
    return sorted(path.format(name="CW-2026-0001") for path in posted if not path.startswith(("/api/", "/sign-")))


@pytest.fixture
def forms_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses whose form was read."""
    read: list[str] = []
    form = Request.form

    def noting(self: Request, **limits: Any) -> Any:
        read.append(self.url.path)
        return form(self, **limits)

    monkeypatch.setattr(Request, "form", noting)
    return read


async def token(staff: httpx2.AsyncClient) -> bytes:
    found = re.search(r'name="token" value="([0-9a-f]+)"', (await staff.get("/notices/new")).text)
    assert found
    return found[1].encode()


async def test_nobody_but_signed_in_staff_has_a_form_read(
    house: House, anonymous: httpx2.AsyncClient, forms_read: list[str]
) -> None:
    assert len(forms_of(house)) >= 7
    for form in forms_of(house):
        answer = await anonymous.post(form, **multipart("punycode", reason=COSTLY))
        assert (answer.status_code, forms_read) == (401, []), form
    async with house.client(secret=await house.key()) as keyed:
        assert (await keyed.post(form, **multipart("utf-8", reason=b"x"))).status_code == 401
    assert forms_read == []


@pytest.mark.parametrize("charset", ["utf-7", "punycode", "idna", "unicode_escape", "utf-16", '"latin-1"', "no-such"])
async def test_a_form_in_another_charset_is_refused_unread(
    house: House, staff: httpx2.AsyncClient, forms_read: list[str], charset: str
) -> None:
    for form in forms_of(house):
        answer = await staff.post(form, **multipart(charset, token=b"+2AA-", title_en=b"+2AA-"))
        assert (answer.status_code, forms_read) == (415, []), form
    assert "Send the form in UTF-8" in answer.text
    assert (await staff.post("/sign-in", **multipart(charset, token=b"x"))).status_code == 415


async def test_a_form_in_utf_8_is_read_however_that_is_spelled(staff: httpx2.AsyncClient) -> None:
    for charset in ("utf-8", "UTF-8", '"utf8"'):
        sent = multipart(charset, token=await token(staff), about=b"ovd-info", title_en="Мемориал".encode())
        assert (await staff.post("/notices/new", **sent)).status_code == 303


@pytest.mark.parametrize("said", [b"\xed\xa0\x80", b"a\0b", b"\x1b[31mred", b"a\x9bb"])
async def test_what_is_no_text_never_fails_and_is_not_kept(house: House, staff: httpx2.AsyncClient, said: bytes) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    held = {"token": await token(staff), "version": b"2", "about": b"ovd-info", "title_en": said, "reason": said}
    for form in ("/notices/new", "/review/CW-2026-0001/retraction"):
        assert (await staff.post(form, **multipart("utf-8", **held))).status_code == 303, form
    for name in ("CW-2026-0001", "CW-2026-0002"):
        assert not set("\0\x1b\x80\x9b") & set((await staff.get(f"/incidents/{name}")).text)
        async with house.store.reading() as reading:
            events = await reading.events(name)
        assert not set("\0\x1b\x80\x9b") & set("".join(text for one in events for text in strings(one.data)))


def strings(data: Any) -> Iterator[str]:
    """Every text in what is stored."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from strings(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from strings(value)


async def test_a_browsers_ends_of_lines_are_no_control_characters(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    held: Mapping[str, bytes] = {"token": await token(staff), "version": b"2", "reason": b"first,\r\n\tthen"}
    assert (await staff.post("/review/CW-2026-0001/retraction", **multipart("utf-8", **held))).status_code == 303
    async with house.store.reading() as reading:
        assert (await reading.events("CW-2026-0001"))[-1].data["reason"] == "first,\n\tthen"
