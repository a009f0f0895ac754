"""Makes measurements in the shapes in which OONI publishes them. Content is our own; only the shape is theirs."""

from typing import Any

NAME = "www.example.com"
URL = f"https://{NAME}/"
TRUE, FALSE = "93.184.216.34", "83.224.65.41"
MADE = "2026-08-14 12:00:00"
REPORT = "20260814T115900Z_webconnectivity_RU_12389_n1_abcdefghijklmnop"
BODY = "<html><head><title>Default Web Page</title></head><body>hello</body></html>"

Json = dict[str, Any]


def measurement(keys: Json, **changes: Any) -> Json:
    """The envelope around `test_keys`."""
    return {
        "annotations": {"engine_name": "ooniprobe-engine"},
        "data_format_version": "0.2.0",
        "input": URL,
        "measurement_start_time": MADE,
        "probe_asn": "AS12389",
        "probe_cc": "RU",
        "probe_ip": "127.0.0.1",
        "report_id": REPORT,
        "software_name": "ooniprobe-cli",
        "software_version": "3.20.0",
        "test_keys": keys,
        "test_name": "web_connectivity",
        "test_runtime": 4.25,
        "test_version": "0.5.28",
        **changes,
    }


def query(*addresses: str, failure: Any = None, engine: str = "getaddrinfo", **changes: Any) -> Json:
    return {
        "answers": [answer(address) for address in addresses],
        "engine": engine,
        "failure": failure,
        "hostname": NAME,
        "query_type": "ANY",
        "resolver_address": "",
        "t": 0.1,
        "tags": ["classic", "depth=0"] if engine == "getaddrinfo" else ["depth=0"],
        "transaction_id": 10001,
        **changes,
    }


def asn(address: str) -> int:
    """Whose network it is; zero, as OONI writes it, where nobody knows."""
    return 15133 if address == TRUE else 0


def answer(address: str) -> Json:
    family = {"answer_type": "AAAA", "ipv6": address} if ":" in address else {"answer_type": "A", "ipv4": address}
    return {"asn": asn(address), "as_org_name": "Somebody", "ttl": None, **family}


def connect(address: str = TRUE, port: Any = 443, failure: Any = None, **changes: Any) -> Json:
    return {
        "ip": address,
        "port": port,
        "status": {"failure": failure, "success": failure is None},
        "t0": 0.2,
        "t": 0.3,
        "tags": ["classic", "tcptls_experiment", "depth=0", "fetch_body=true"],
        "transaction_id": 50001,
        **changes,
    }


def handshake(address: str = TRUE, failure: Any = None, **changes: Any) -> Json:
    return {
        "address": f"{address}:443",
        "cipher_suite": "TLS_AES_128_GCM_SHA256",
        "failure": failure,
        "peer_certificates": None,
        "server_name": NAME,
        "t0": 0.3,
        "t": 0.4,
        "tags": ["classic", "tcptls_experiment", "depth=0", "fetch_body=true"],
        "tls_version": "TLSv1.3",
        "transaction_id": 50001,
        **changes,
    }


def request(url: str = URL, failure: Any = None, *, body: Any = BODY, code: int = 200, **changes: Any) -> Json:
    headers = [["Content-Type", "text/html"], ["Alt-Svc", "clear"], ["Set-Cookie", "who=you"]]
    return {
        "failure": failure,
        "request": {"method": "GET", "url": url, "headers": {}, "tor": {"is_tor": False}},
        "response": {"body": body, "body_is_truncated": False, "code": code, "headers_list": headers},
        "t0": 0.4,
        "t": 0.6,
        "tags": ["classic", "tcptls_experiment", "depth=0", "fetch_body=true"],
        "transaction_id": 50001,
        **changes,
    }


def unanswered(failure: str, url: str = URL, **changes: Any) -> Json:
    return request(url, failure, body="", code=0, **changes)


def helper(*addresses: str, failure: Any = None, **changes: Any) -> Json:
    given = addresses or (TRUE,)
    return {
        "dns": {"failure": failure, "addrs": [] if failure else list(given)},
        "tcp_connect": {f"{address}:443": {"status": True, "failure": None} for address in given},
        "tls_handshake": {f"{address}:443": {"server_name": NAME, "status": True, "failure": None} for address in given},
        "http_request": {
            "body_length": len(BODY),
            "failure": None,
            "headers": {"Alt-Svc": "clear", "Content-Type": "text/html"},
            "status_code": 200,
            "title": "Default Web Page",
        },
        "ip_info": {address: {"asn": asn(address), "flags": 11} for address in given},
        **changes,
    }


def tagged(**changes: Any) -> Json:
    """A look at a site that is well, as version 0.5 saw it."""
    keys = {
        "queries": [query(TRUE)],
        "tcp_connect": [connect()],
        "tls_handshakes": [handshake()],
        "requests": [request()],
        "control": helper(),
        "control_failure": None,
        "x_control_request": {"http_request": URL},
        "accessible": True,
        "blocking": False,
        "dns_consistency": "consistent",
    }
    return measurement({**keys, **changes})


def untagged(**changes: Any) -> Json:
    """The same as version 0.4 saw it."""
    plain: Json = {"tags": None, "transaction_id": 0}
    keys = {
        "queries": [
            query(TRUE, engine="system", query_type="A", **plain),
            query(engine="system", query_type="AAAA", failure="dns_no_answer", **plain),
        ],
        "tcp_connect": [connect(**plain)],
        "tls_handshakes": [handshake(**plain)],
        "requests": [request(**plain)],
        "control": helper(),
        "control_failure": None,
        "accessible": True,
        "blocking": False,
        "dns_consistency": "consistent",
    }
    return measurement({**keys, **changes}, test_version="0.4.3")


def without_tags(entry: Json) -> Json:
    """The same step, as written before steps were tagged."""
    return {name: value for name, value in entry.items() if name not in {"tags", "transaction_id"}}
