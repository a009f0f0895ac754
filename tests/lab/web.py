"""Web servers of the lab: who asks for what gets which page, under which certificate."""

import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from email.utils import formatdate
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

from tests.lab.certificates import Certificate, server_context, server_context_without_chain
from tests.lab.http import HangUp, Request, Response, serve
from tests.lab.listening import Handler
from tests.lab.opening import read_opening
from tests.lab.relaying import pump, relay, reset
from tests.lab.topology import Page, Port, Reply, Topology

_HTML: Final = "text/html; charset=utf-8"

PortNow = Callable[[], Port | None]
"""The port as it is at this moment, since a phase may change it; None while it is closed."""

VantageOf = Callable[[str], str | None]
"""From a source address to the vantage point that binds it."""


ServerOf = Callable[[str], str | None]
"""From a name to the server, as `127.x.y.z:port`, that has this port under this name; None where there is none."""


def handler(topology: Topology, port_now: PortNow, vantage_of: VantageOf, pass_on: Handler) -> Handler:
    """What serves the connections to one port, unless the port has others serve them by `pass_on`."""

    async def respond(request: Request) -> Response:
        port = port_now()
        if port is None or port.site is None:
            raise HangUp
        reply = choose(topology.sites[port.site], request, vantage_of(request.source))
        return Response(status=404) if reply is None else _response(topology, reply, port.bytes_per_second)

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        port = port_now()
        if port is not None and port.passes_on:
            await pass_on(reader, writer)
        else:
            await serve(respond, reader, writer)

    return connected


def pass_on(server_of: ServerOf, source: str) -> Handler:
    """Relays connections, unread, to the server that their SNI or Host names; from the address `source`."""

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        opening = await read_opening(reader)
        server = server_of(opening.sni or opening.host or "")
        if server is None:
            reset(writer)
        else:
            await relay(server, source, opening.data, reader, writer, pump)

    return connected


def page_handler(body: bytes | None) -> Handler:
    """Gives this page to every request; without one it closes once it was asked."""

    async def respond(_: Request) -> Response:
        if body is None:
            raise HangUp
        return Response(headers={"Content-Type": _HTML}, body=body)

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        await serve(respond, reader, writer)

    return connected


def choose(site: Sequence[Reply], request: Request, vantage: str | None) -> Reply | None:
    """The first reply of the site that fits what was asked, and by whom."""
    host = request.headers.get("host", "").partition(":")[0].lower()
    fitting = (
        reply
        for reply in site
        if fnmatchcase(host, reply.host) and fnmatchcase(request.target, reply.path) and (not reply.to or vantage in reply.to)
    )
    return next(fitting, None)


def _response(topology: Topology, reply: Reply, bytes_per_second: int | None) -> Response:
    body = b"" if reply.page is None else render(topology.pages[reply.page])
    headers = {"Content-Type": _HTML, "Date": formatdate(usegmt=True), **reply.headers}
    if reply.redirect is not None:
        headers["Location"] = reply.redirect
    return Response(status=reply.status, headers=headers, body=body, bytes_per_second=bytes_per_second)


@cache
def render(page: Page) -> bytes:
    """The page as bytes, padded with a comment to the length that it asks for."""
    if page.html is not None:
        return page.html.encode()
    title = "" if page.title is None else f"<title>{page.title}</title>"
    document = f"<!doctype html>{title}<p>{page.text}</p>".encode()
    frame = len(b"<!---->")
    missing = (page.bytes or 0) - len(document) - frame
    return document + b"<!--" + b"." * missing + b"-->" if missing >= 0 else document


def tls_context(port_now: PortNow, names: tuple[str, ...]) -> ssl.SSLContext:
    """A context that chooses the chain when it hears whom the client wants. `names` are those of the machine."""

    def choose_chain(connection: ssl.SSLObject, asked: str | None, _: ssl.SSLContext) -> None:
        kind = _kind(port_now(), asked)
        minted = asked is not None and kind is not Certificate.GOOD
        connection.context = server_context(kind, (asked,) if minted else names)

    context = server_context_without_chain()
    context.sni_callback = choose_chain
    return context


def _kind(port: Port | None, asked: str | None) -> Certificate:
    given = port.certificate if port else None
    if isinstance(given, dict):
        return given.get(asked or "", Certificate.GOOD)
    return given or Certificate.GOOD
