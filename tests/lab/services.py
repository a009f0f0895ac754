"""Stand-ins on loopback for the two services that look for us, by their documented shapes.

OONI: `/api/v1/measurements` and `/api/v1/raw_measurement`. Globalping: creating a measurement and asking after it, with ETags,
rate limits and the re-use of volunteers. Either can be told to misbehave for its next answers.
"""

import json
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lab.http import Request, Response, serve
from tests.lab.listening import Listener
from tests.lab.sinks import Behaviour

ADDRESS = "198.51.100.7"
"""Where the pages of these measurements are."""


def answer(content: Any, status: int = 200, **headers: str) -> Response:
    """`content` as JSON; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"content-type": "application/json", **named}, body=json.dumps(content).encode())


def saying(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """Answer with just these bytes."""

    async def behave() -> Response:
        return Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)

    return behave


class StandIn:
    """A service at `url`. Behaviours given to `then` are used up one per request, before it is itself again."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self._next: deque[Behaviour] = deque()

    def then(self, *behaviours: Behaviour) -> None:
        self._next.extend(behaviours)

    def asked(self, path: str) -> list[Request]:
        """The requests whose path begins so."""
        return [one for one in self.requests if one.target.startswith(path)]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        listener = await Listener.open("127.0.0.1", self._serve)
        self.url = f"http://{listener.endpoint}"
        try:
            yield
        finally:
            await listener.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        await serve(self._respond, reader, writer)

    async def _respond(self, request: Request) -> Response:
        self.requests.append(request)
        return await self._next.popleft()() if self._next else self.respond(request)

    def respond(self, request: Request) -> Response:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One measurement that a volunteer published: `failure` is how the handshake ended, None for a page that is well."""

    at: datetime
    host: str
    asn: int = 64500
    country: str = "RU"
    failure: str | None = None
    number: int = 0

    @property
    def uid(self) -> str:
        stamp = f"{self.at:%Y%m%d%H%M%S}"
        return f"{stamp}.000000_{self.country}_webconnectivity_{sha256(repr(self).encode()).hexdigest()[:16]}"

    @property
    def url(self) -> str:
        return f"https://{self.host}/"

    def row(self) -> dict[str, Any]:
        """Its row in the list."""
        return {
            "measurement_uid": self.uid,
            "measurement_url": f"https://api.ooni.io/api/v1/raw_measurement?measurement_uid={self.uid}",
            "measurement_start_time": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "input": self.url,
            "probe_cc": self.country,
            "probe_asn": f"AS{self.asn}",
            "report_id": f"{self.at:%Y%m%dT%H%M%SZ}_webconnectivity_{self.country}_{self.asn}_n1_{self.number:016d}",
            "test_name": "web_connectivity",
            "anomaly": self.failure is not None,
            "confirmed": False,
            "failure": False,
            "scores": {"blocking_general": 1.0 if self.failure else 0.0},
        }

    def document(self) -> dict[str, Any]:
        """The measurement itself, of the test's version 0.5."""
        row = self.row()
        return {
            "measurement_start_time": f"{self.at:%Y-%m-%d %H:%M:%S}",
            "measurement_uid": row["measurement_uid"],
            "report_id": row["report_id"],
            "test_start_time": f"{self.at:%Y-%m-%d %H:%M:%S}",
            "test_runtime": 2.5,
            "test_name": "web_connectivity",
            "test_version": "0.5.28",
            "software_name": "ooniprobe-android",
            "software_version": "5.0.0",
            "input": self.url,
            "probe_asn": row["probe_asn"],
            "probe_cc": self.country,
            "probe_ip": "127.0.0.1",
            "probe_network_name": "A volunteer's operator",
            "resolver_ip": "203.0.113.53",
            "test_keys": self._test_keys(),
        }

    def _test_keys(self) -> dict[str, Any]:
        accessible = self.failure is None
        return {
            "queries": [self._query()],
            "tcp_connect": [self._connect()],
            "tls_handshakes": [self._handshake()],
            "requests": [self._request()] if accessible else [],
            "control": self._control(),
            "control_failure": None,
            "accessible": accessible,
            "blocking": False if accessible else "http-failure",
            "dns_consistency": "consistent",
        }

    def _query(self) -> dict[str, Any]:
        return {
            "engine": "getaddrinfo",
            "resolver_address": "",
            "hostname": self.host,
            "query_type": "ANY",
            "failure": None,
            "answers": [{"answer_type": "A", "ipv4": ADDRESS}],
            "t0": 0.0,
            "t": 0.1,
            "tags": ["classic", "depth=0"],
            "transaction_id": 1,
        }

    def _connect(self) -> dict[str, Any]:
        return {
            "ip": ADDRESS,
            "port": 443,
            "status": {"failure": None, "success": True, "blocked": False},
            "t0": 0.1,
            "t": 0.2,
            "tags": ["classic", "tcptls_experiment", "depth=0"],
            "transaction_id": 10001,
        }

    def _handshake(self) -> dict[str, Any]:
        return {
            "address": f"{ADDRESS}:443",
            "network": "tcp",
            "server_name": self.host,
            "failure": self.failure,
            "no_tls_verify": False,
            "tls_version": "" if self.failure else "TLSv1.3",
            "cipher_suite": "" if self.failure else "TLS_AES_128_GCM_SHA256",
            "negotiated_protocol": "",
            "peer_certificates": [],
            "t0": 0.2,
            "t": 0.3,
            "tags": ["classic", "tcptls_experiment", "depth=0", "fetch_body=true"],
            "transaction_id": 10001,
        }

    def _request(self) -> dict[str, Any]:
        return {
            "network": "tcp",
            "address": f"{ADDRESS}:443",
            "failure": None,
            "request": {"method": "GET", "url": self.url, "headers": {}, "headers_list": [], "body": ""},
            "response": {
                "code": 200,
                "headers": {"Content-Type": "text/html"},
                "headers_list": [["Content-Type", "text/html"]],
                "body": "<title>We are here</title>",
                "body_is_truncated": False,
            },
            "t0": 0.3,
            "t": 0.5,
            "tags": ["classic", "tcptls_experiment", "depth=0", "fetch_body=true"],
            "transaction_id": 10001,
        }

    def _control(self) -> dict[str, Any]:
        return {
            "dns": {"failure": None, "addrs": [ADDRESS], "ASNs": None},
            "tcp_connect": {f"{ADDRESS}:443": {"status": True, "failure": None}},
            "tls_handshake": {f"{ADDRESS}:443": {"server_name": self.host, "status": True, "failure": None}},
            "http_request": {
                "body_length": 26,
                "failure": None,
                "title": "We are here",
                "headers": {"Content-Type": "text/html"},
                "status_code": 200,
            },
            "ip_info": {ADDRESS: {"asn": 64501, "flags": 10}},
        }


class OoniStandIn(StandIn):
    """Tells of `published` what is asked for."""

    def __init__(self, published: Iterable[Published] = ()) -> None:
        super().__init__()
        self.published = list(published)

    def respond(self, request: Request) -> Response:
        parts = urlsplit(request.target)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/api/v1/measurements":
            return self._list(given)
        if parts.path == "/api/v1/raw_measurement":
            found = [one for one in self.published if one.uid == given.get("measurement_uid")]
            return answer(found[0].document()) if found else answer({"error": "not found"}, 404)
        return answer({"error": "unknown path"}, 404)

    def _list(self, given: Mapping[str, str]) -> Response:
        since = datetime.fromisoformat(given["since"]).replace(tzinfo=UTC)
        rows = [
            one.row()
            for one in sorted(self.published, key=lambda one: one.at, reverse=given["order"] == "desc")
            if (one.host, one.country) == (given["domain"], given["probe_cc"]) and one.at >= since
            if given.get("probe_asn") in {None, f"AS{one.asn}"}
        ]
        rows = rows[: int(given["limit"])]
        metadata = {"count": len(rows), "current_page": 1, "limit": 50, "next_url": None, "offset": 0, "pages": 1}
        return answer({"metadata": metadata, "results": rows}, x_ratelimit_remaining="100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """One of Globalping's volunteers."""

    country: str = "RU"
    asn: int = 64500
    tags: tuple[str, ...] = ("eyeball-network",)
    is_online: bool = True

    def told(self) -> dict[str, Any]:
        """As the service describes it: more than anybody should keep."""
        return {
            "continent": "EU",
            "region": "Eastern Europe",
            "country": self.country,
            "state": None,
            "city": "Novosibirsk",
            "asn": self.asn,
            "longitude": 82.9,
            "latitude": 55.0,
            "network": "A volunteer's operator",
            "tags": list(self.tags),
            "resolvers": ["private", "203.0.113.53"],
        }


def page(status: int = 200, body: str = "<title>We are here</title>", **more: Any) -> dict[str, Any]:
    """A finished look at a page."""
    headers = {"content-type": "text/html", **more.pop("headers", {})}
    return {
        "status": "finished",
        "resolvedAddress": ADDRESS,
        "headers": headers,
        "rawHeaders": "\n".join(f"{name}: {value}" for name, value in headers.items()),
        "rawBody": body,
        "rawOutput": f"HTTP/1.1 {status}",
        "truncated": False,
        "statusCode": status,
        "statusCodeName": "OK",
        "timings": {"total": 400, "dns": 20, "tcp": 50, "tls": 80, "firstByte": 200, "download": 50},
        "tls": certificate(),
        **more,
    }


def certificate(**more: Any) -> dict[str, Any]:
    """A certificate that proves its host."""
    return {
        "authorized": True,
        "protocol": "TLSv1.3",
        "cipherName": "TLS_AES_256_GCM_SHA384",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "expiresAt": "2026-12-31T00:00:00.000Z",
        "subject": {"CN": "ovd-info.example", "alt": "DNS:ovd-info.example"},
        "issuer": {"C": "US", "O": "An Authority", "CN": "R1"},
        "keyType": "EC",
        "keyBits": 256,
        "serialNumber": "01",
        "fingerprint256": "AA:BB",
        "publicKey": None,
        **more,
    }


def names(*addresses: str, code: int = 0, code_name: str = "NOERROR", qtype: str = "A") -> dict[str, Any]:
    """A finished question to a volunteer's own resolver."""
    answers = [{"name": "x.", "type": qtype, "ttl": 60, "class": "IN", "value": address} for address in addresses]
    return {
        "status": "finished",
        "statusCode": code,
        "statusCodeName": code_name,
        "resolver": "203.0.113.53",
        "answers": answers,
        "timings": {"total": 30},
        "rawOutput": ";; dig",
    }


def failed(said: str, source: str | None = "target") -> dict[str, Any]:
    """A look that failed, as the volunteer tells it."""
    told = {} if source is None else {"failureSource": source}
    nothing: dict[str, Any] = {
        "resolvedAddress": None,
        "headers": {},
        "rawHeaders": None,
        "rawBody": None,
        "statusCode": None,
        "tls": None,
    }
    timings = dict.fromkeys(("total", "dns", "tcp", "tls", "firstByte", "download"))
    return {"status": "failed", "rawOutput": said, "truncated": False, "timings": timings, **nothing, **told}


Outcomes = Callable[[Helper, dict[str, Any]], dict[str, Any]]

_KEYS = {"type", "target", "inProgressUpdates", "locations", "limit", "measurementOptions"}


@dataclass(slots=True)
class _Running:
    request: dict[str, Any]
    helpers: list[Helper]
    polls_left: int
    polled: int = 0


@dataclass(slots=True)
class Limits:
    """What the service grants."""

    limit: int = 250
    remaining: int = 250
    reset: int = 1800


class GlobalpingStandIn(StandIn):
    """Looks by its `helpers`; `outcome` says what each of them sees of a request."""

    def __init__(self, outcome: Outcomes, helpers: Iterable[Helper] = (Helper(),), *, polls: int = 1) -> None:
        super().__init__()
        self.outcome = outcome
        self.helpers = list(helpers)
        self.limits = Limits()
        self.polls = polls
        """How often a measurement is still in progress when it is asked after."""
        self.running: dict[str, _Running] = {}

    def respond(self, request: Request) -> Response:
        if request.method == "POST" and request.target == "/v1/measurements":
            return self._create(json.loads(request.body))
        name = request.target.removeprefix("/v1/measurements/")
        if request.method == "GET" and name in self.running:
            return self._tell(name, request.headers.get("if-none-match"))
        return answer({"error": {"type": "not_found", "message": "Couldn't find the requested item."}}, 404)

    def _create(self, asked: dict[str, Any]) -> Response:
        if not set(asked) <= _KEYS or asked["type"] not in {"http", "dns"}:
            return answer({"error": {"type": "validation_error", "message": "Parameter validation failed."}}, 400)
        chosen = self._chosen(asked)
        if not chosen:
            return answer({"error": {"type": "no_probes_found", "message": "No matching IPv4 probes available."}}, 422)
        if self.limits.remaining < len(chosen):
            return answer({"error": {"type": "too_many_requests", "message": "Too many requests."}}, 429, **self._limits())
        self.limits.remaining -= len(chosen)
        name = f"measurement{len(self.running) + 1}"
        self.running[name] = _Running(asked, chosen, self.polls)
        where = f"{self.url}/v1/measurements/{name}"
        return answer({"id": name, "probesCount": len(chosen)}, 202, location=where, **self._limits())

    def _chosen(self, asked: dict[str, Any]) -> list[Helper]:
        where = asked.get("locations", [])
        if isinstance(where, str):
            return self.running[where].helpers if where in self.running else []
        (place,) = where
        fitting = [
            one
            for one in self.helpers
            if one.country == place["country"] and place.get("asn") in {None, one.asn} and set(place["tags"]) <= set(one.tags)
        ]
        return fitting[: asked.get("limit", 1)]

    def _limits(self) -> dict[str, str]:
        told = {"limit": self.limits.limit, "remaining": self.limits.remaining, "reset": self.limits.reset}
        return {f"x_ratelimit_{name}": str(value) for name, value in told.items()}

    def _tell(self, name: str, known: str | None) -> Response:
        one = self.running[name]
        one.polled += 1
        is_done = one.polled > one.polls_left
        tag = f'W/"{name}-{is_done}"'
        if tag == known:
            return Response(status=304, headers={"etag": tag})
        results = [{"probe": helper.told(), "result": self._seen(helper, one, is_done=is_done)} for helper in one.helpers]
        content = {
            "id": name,
            "type": one.request["type"],
            "target": one.request["target"],
            "status": "finished" if is_done else "in-progress",
            "createdAt": "2026-03-01T12:00:00.000Z",
            "updatedAt": "2026-03-01T12:00:01.000Z",
            "probesCount": len(one.helpers),
            "results": results,
        }
        return answer(content, etag=tag)

    def _seen(self, helper: Helper, one: _Running, *, is_done: bool) -> dict[str, Any]:
        if not helper.is_online:
            return {"status": "offline", "rawOutput": "This probe is currently offline. Please try again later."}
        return self.outcome(helper, one.request) if is_done else {"status": "in-progress", "rawOutput": ""}


@dataclass(slots=True)
class Passing:
    """Time that passes only by being slept through, for clients of the stand-ins."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
