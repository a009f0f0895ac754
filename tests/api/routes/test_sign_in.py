"""`/sign-in` and `/sign-out`: how staff get a session, who does not, and when it ends."""

from datetime import timedelta

import httpx2
import pytest
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from monitor.settings import Settings
from tests.api import cast
from tests.api.conftest import House, press, standing_still
from tests.api.markup import Page


async def test_a_sign_in_address_opens_the_pages_of_the_staff_once(house: House) -> None:
    address = await house.sign_in_address()
    async with house.client() as client, house.client() as thief:
        answer = await press(client, address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "Memorial" in (await client.get("/")).text
        assert (await press(thief, address)).status_code == 403
        assert "Memorial" not in (await thief.get("/")).text


@pytest.mark.parametrize(
    "headers", [{"sec-purpose": "prefetch"}, {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"}, {}]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_whatever_looks_at_a_sign_in_address_ahead_of_the_person_leaves_it_good(
    house: House, method: str, headers: dict[str, str]
) -> None:
    address = await house.sign_in_address()
    async with house.client() as prefetching, house.client() as person:
        answer = await prefetching.request(method, address, headers=headers)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert "Memorial" not in (await prefetching.get("/")).text
        assert (await press(person, address)).status_code == 303
        assert "Memorial" in (await person.get("/")).text


@pytest.mark.parametrize(("language", "button"), [("en", "Sign in"), ("ru", "Войти")])
async def test_a_sign_in_address_shows_one_button_that_sends_its_token(house: House, language: str, button: str) -> None:
    address = await house.sign_in_address()
    async with house.client() as client:
        answer = await client.get(address, headers={"accept-language": language})
    page = Page(answer.text)
    assert page.mistakes == []
    assert f'<button class="chief">{button}</button>' in answer.text
    secret = address.partition("=")[2]
    assert {"type": "hidden", "name": "token", "value": secret} in [given for tag, given in page.tags if tag == "input"]
    assert answer.headers["cache-control"] == "private, no-store"
    other = {"en": "ru", "ru": "en"}[language]
    async with house.client() as client:
        turned = await client.get(f"{address}&lang={other}", headers={"accept-language": language})
    assert turned.headers["content-language"] == other
    assert secret in turned.text


async def test_signing_in_again_ends_the_session_that_the_browser_had(house: House) -> None:
    async with house.staff() as client:
        former = dict(client.cookies)
        assert (await house.sign_in(client)).status_code == 303
        assert "Memorial" in (await client.get("/")).text
    async with house.client(cookies=former) as thief:
        assert "Memorial" not in (await thief.get("/")).text


async def test_a_spent_sign_in_address_leaves_the_session_that_the_browser_has(house: House) -> None:
    async with house.staff() as client:
        address = await house.sign_in_address(expires=cast.NOW)
        assert (await press(client, address)).status_code == 403
        assert "Memorial" in (await client.get("/")).text


async def test_an_expired_sign_in_address_opens_nothing_and_says_how_to_get_another(house: House) -> None:
    async with house.client() as client:
        answer = await press(client, await house.sign_in_address(expires=cast.NOW))
        assert answer.status_code == 403
        assert "<code>cutwatch keys sign-in</code>" in answer.text
        assert not client.cookies


@pytest.mark.parametrize("address", ["/sign-in", "/sign-in?token=", "/sign-in?token=a&token=b", "/sign-in?token=%ff%00"])
async def test_a_sign_in_address_without_a_good_token_opens_nothing(house: House, address: str) -> None:
    async with house.client() as client:
        assert (await client.get(address)).status_code == 403
        assert (await client.post(address)).status_code == 403
        assert not client.cookies


@pytest.mark.parametrize("token", ["", "\0", "cutwatch_\u202e", "x" * 200])
async def test_the_button_of_no_address_of_ours_opens_nothing(house: House, token: str) -> None:
    async with house.client() as client:
        assert (await client.post("/sign-in", data={"token": token})).status_code == 403


async def test_what_is_no_plain_form_is_not_read_where_anybody_may_send_one(house: House) -> None:
    address = await house.sign_in_address()
    secret = address.partition("=")[2]
    async with house.client() as client:
        assert (await client.post("/sign-in", files={"token": (None, secret)})).status_code == 415
        assert (await client.post("/sign-in", json={"token": secret})).status_code == 415
        long = await client.post("/sign-in", data={"token": secret, "more": "x" * 5000})
        assert long.status_code == 400
        assert (await press(client, address)).status_code == 303


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites_forms(house: House) -> None:
    async with house.client() as client:
        cookie = (await house.sign_in(client)).headers["set-cookie"]
    assert cookie.startswith("__Host-cutwatch=")
    for attribute in ("HttpOnly", "Secure", "Path=/"):
        assert attribute in cookie


async def test_a_link_in_webmail_or_a_chat_opens_what_a_signed_in_person_may_read(house: House) -> None:
    """A browser sends a strict cookie with no link on another site; a lax one goes with links, and with no form."""
    async with house.client() as client:
        cookie = (await house.sign_in(client)).headers["set-cookie"]
    assert "SameSite=lax" in cookie


async def test_the_browser_keeps_a_session_as_long_as_the_server_does(house: House) -> None:
    async with house.client() as client:
        cookie = (await house.sign_in(client)).headers["set-cookie"]
    assert f"Max-Age={7 * 24 * 3600}" in cookie


async def test_without_tls_the_cookie_does_without_the_attribute_that_browsers_would_refuse(house: House) -> None:
    house.change(settings=Settings(base_url=None))
    async with house.client(base_url="http://127.0.0.1:8000") as client:
        cookie = (await house.sign_in(client)).headers["set-cookie"]
    assert cookie.startswith("cutwatch_session=")
    assert "Secure" not in cookie


async def test_a_session_ends_after_a_week(house: House) -> None:
    async with house.staff() as client:
        house.change(clock=standing_still(cast.NOW + timedelta(days=7, seconds=-1)))
        assert "Memorial" in (await client.get("/")).text
        house.change(clock=standing_still(cast.NOW + timedelta(days=7)))
        assert "Memorial" not in (await client.get("/")).text


async def test_signing_out_takes_the_session_from_the_browser(house: House) -> None:
    async with house.staff() as client:
        assert (await client.post("/sign-out")).status_code == 303
        assert not client.cookies
        assert "Memorial" not in (await client.get("/")).text


async def test_another_sites_form_signs_nobody_out(house: House) -> None:
    """The cookie does not come along with it; were the answer to take it away all the same, the browser would let it."""
    async with house.client() as elsewhere:
        assert "set-cookie" not in (await elsewhere.post("/sign-out")).headers


async def test_after_signing_out_a_stolen_copy_of_the_session_opens_nothing_either(house: House) -> None:
    async with house.staff() as client, house.client(cookies=dict(client.cookies)) as thief:
        assert "Memorial" in (await thief.get("/")).text
        await client.post("/sign-out")
        assert "Memorial" not in (await thief.get("/")).text


async def test_a_session_of_somebodys_invention_opens_nothing(house: House) -> None:
    async with house.staff() as client:
        (name,) = client.cookies
        assert "Memorial" in (await client.get("/")).text
    async with house.client(cookies={name: "cutwatch_invented"}) as client:
        assert "Memorial" not in (await client.get("/")).text


async def test_the_sign_in_token_is_gone_from_the_address_before_a_server_writes_its_log(house: House) -> None:
    logged: list[bytes] = []

    async def server(scope: AsgiScope, receive: Receive, send: Send) -> None:
        await house.app(scope, receive, send)
        logged.append(scope["query_string"])

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(server), base_url=cast.ADDRESS) as client:
        address = await house.sign_in_address()
        assert (await client.get(address)).status_code == 200
        assert (await client.post(address)).status_code == 403
    assert logged == [b"", b""]
