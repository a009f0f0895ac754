"""The web server inside the service. The application is found by its import string: the service knows no web code."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.importer import import_from_string

from monitor.service.connection import PatientConnection
from monitor.service.context import Context

APPLICATION = "api.app:app"


class CannotListen(Exception):
    """The address is taken or not ours; the message says what to do."""


class WebServer(uvicorn.Server):
    """Uvicorn, except that signals are the service's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers as they are."""
        yield


def web_server(context: Context) -> WebServer:
    """The server of the application, with `context` handed to it."""
    application = import_from_string(APPLICATION)
    application.state.context = context
    return WebServer(configured(application))


def configured(application: Callable[..., Any]) -> uvicorn.Config:
    """How any application of ours is served: in HTTP/1.1, and to no connection for longer than it makes use of it."""
    return uvicorn.Config(
        application,
        http=PatientConnection,
        ws="none",
        access_log=False,
        date_header=True,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything else starts, so that a taken port is said at once."""
    try:
        return socket.create_server((host, port), backlog=128, reuse_port=False)
    except OSError as problem:
        raise CannotListen(
            f"cannot listen on {host}:{port} ({problem.strerror or problem}): "
            "stop what uses it, or choose another with CUTWATCH_HOST and CUTWATCH_PORT"
        ) from problem
