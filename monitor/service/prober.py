"""The prober as a child of the service: started with it, restarted when it dies, and given time to finish at the end."""

import asyncio
import contextlib
import os
import sys

import structlog

from monitor.settings import Settings

_log = structlog.get_logger()

DRAIN = 12.0
"""Seconds that the prober has at the end to finish its looks and hand them over."""

BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before a prober that died is started again."""

STEADY = 300.0
"""A prober that lasted this long starts again with the shortest wait."""


class ProberProcess:
    """One prober process of `cutwatch run`."""

    def __init__(self, settings: Settings, command: tuple[str, ...] = ("-m", "monitor.agent")) -> None:
        self._settings = settings
        self._command = (sys.executable, *command, "--parent", str(os.getpid()))
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self.restarts = 0

    async def run(self) -> None:
        """Keep the prober running until `stop`."""
        failures = 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._once()
            if self._stopping.is_set():
                return
            lasted = asyncio.get_running_loop().time() - began
            failures = 0 if lasted > STEADY else failures + 1
            wait = BACKOFF[min(failures, len(BACKOFF) - 1)]
            self.restarts += 1
            _log.error("the prober ended by itself; it is started again", code=code, after_seconds=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.DEVNULL, start_new_session=True, env=self._environment()
        )
        return await self._process.wait()

    def _environment(self) -> dict[str, str]:
        """The child sees what we see; a Ctrl-C on the terminal is for the service, which then ends the child in order."""
        return {**os.environ, "CUTWATCH_DATA_DIR": str(self._settings.data_dir)}

    async def stop(self) -> None:
        """Let the prober finish, then end it."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), DRAIN)
        except TimeoutError:
            _log.warning("the prober did not finish in time and was ended", seconds=DRAIN)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
