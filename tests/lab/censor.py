"""The censor: a relay on the path that listens to how a connection opens, and then lets it through or does not."""

from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Final

from tests.lab.conditions import Action, PathRule
from tests.lab.listening import Handler
from tests.lab.opening import Opening, read_opening
from tests.lab.relaying import Flow, frozen, hold, pump, relay, reset, throttled
from tests.lab.spelling import endpoint, is_under

_BARE_HEAD: Final = b"HTTP/1.0 200 OK\r\n\r\n"
"""An injected page comes without headers, and the connection's end ends it."""


@dataclass(slots=True)
class Memory:
    """What the censor of one vantage point remembers: connections that fitted a rule, and addresses that are still punished."""

    fitting: Counter[PathRule] = field(default_factory=Counter)
    punished: dict[str, tuple[float, PathRule]] = field(default_factory=dict)

    def still_punishing(self, address: str, now: float) -> PathRule | None:
        """The rule that an address set off a while ago and from which it suffers still."""
        until, rule = self.punished.get(address, (float("-inf"), None))
        return rule if now < until else None

    def set_off(self, rule: PathRule, address: str, now: float) -> bool:
        """Note that a connection fits the rule, and say whether it is the rule's turn to act."""
        self.fitting[rule] += 1
        acts = (self.fitting[rule] - 1) % rule.every == 0
        if acts and rule.residual is not None:
            self.punished[address] = (now + rule.residual, rule)
        return acts


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The way from one vantage point to one nominal endpoint, as it is for every new connection.

    `source` is the vantage point's loopback address, which the server must see; `server` is where the endpoint really is,
    None while it is closed; `page` gives the bytes of a page to inject; `impostor` is the server that shows a rule's
    certificate; `now` is the story's time in seconds.
    """

    address: str
    source: str
    rules: Callable[[], Sequence[PathRule]]
    server: Callable[[], str | None]
    page: Callable[[str], bytes]
    impostor: Callable[[PathRule], str]
    memory: Callable[[], Memory]
    now: Callable[[], float]


def handler(path: Path) -> Handler:
    """What sits on one path."""

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        rules = path.rules()
        opening = await read_opening(reader) if rules else Opening(b"")
        rule = _choose(path, rules, opening)
        if rule is None:
            await _pass_on(path, opening, reader, writer, pump)
        else:
            await _act(rule, path, opening, reader, writer)

    return connected


def _choose(path: Path, rules: Sequence[PathRule], opening: Opening) -> PathRule | None:
    if not rules:
        return None
    memory, now = path.memory(), path.now()
    lasting = memory.still_punishing(path.address, now)
    fitting = (rule for rule in rules if is_triggered(rule, opening) and memory.set_off(rule, path.address, now))
    return lasting or next(fitting, None)


async def _act(rule: PathRule, path: Path, opening: Opening, reader: StreamReader, writer: StreamWriter) -> None:
    match rule.action:
        case Action.RESET | Action.REFUSE | Action.UNREACHABLE:
            reset(writer)
        case Action.DROP:
            await hold(reader)
        case Action.INJECT:
            writer.write(_injected(rule, path))
            await writer.drain()
        case Action.CLOSE:
            return
        case Action.INTERCEPT:
            await relay(path.impostor(rule), path.source, opening.data, reader, writer, pump)
        case Action.THROTTLE | Action.FREEZE:
            await _pass_on(path, opening, reader, writer, _flow(rule))


def _flow(rule: PathRule) -> Flow:
    if rule.after_bytes is not None:
        return frozen(rule.after_bytes)
    assert rule.bytes_per_second is not None
    return throttled(rule.bytes_per_second)


async def _pass_on(path: Path, opening: Opening, reader: StreamReader, writer: StreamWriter, back: Flow) -> None:
    server = path.server()
    if server is None:
        reset(writer)
    else:
        await relay(server, path.source, opening.data, reader, writer, back)


def _injected(rule: PathRule, path: Path) -> bytes:
    body = b"" if rule.page is None else path.page(rule.page)
    if rule.status is None and rule.redirect is None:
        return _BARE_HEAD + body
    status = rule.status or HTTPStatus.FOUND.value
    lines = [f"HTTP/1.1 {status} ", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(body)}"]
    lines += [f"Location: {rule.redirect}"] if rule.redirect else []
    return "\r\n".join((*lines, "Connection: close", "", "")).encode("ascii") + body


def concerns(rule: PathRule, address: str, port: int, asn: int | None) -> bool:
    """Whether the rule is about connections to this endpoint, in the autonomous system `asn`."""
    to = rule.to
    if to is None or to in {address, endpoint(address, port), f"AS{asn}"}:
        return True
    return "/" in to and ip_address(address) in ip_network(to)


def is_triggered(rule: PathRule, opening: Opening) -> bool:
    """Whether what the client said sets the rule off. Every trigger that the rule has must be met."""
    return (
        (rule.sni is None or is_under(opening.sni, rule.sni))
        and (rule.host is None or is_under(opening.host, rule.host))
        and (rule.contains is None or rule.contains.encode() in opening.data)
    )
