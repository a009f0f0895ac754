"""How the processes log: for a person at a terminal, or as JSON lines."""

import contextlib
import logging
import sys
from typing import Literal

import structlog


class StandardError:
    """Writes lines to standard error. One that cannot be written is let go: a closed log must not stop the watching."""

    def msg(self, message: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)  # noqa: T201  this is what the class is for

    debug = info = warning = error = critical = exception = log = msg


def set_up_logs(form: Literal["human", "json"], level: int = logging.INFO) -> None:
    """Log to standard error, from `level` on. Libraries are heard from warnings on."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        # The plain traceback shows no local variables, in which secrets and the names of those we watch may stand.
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if form == "json":
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: StandardError(),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A job that is still under way when its next turn comes is named by our own watch over the jobs, if it stays so.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
