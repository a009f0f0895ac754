"""Three namespaces on one road: here, the border, and abroad; and a place elsewhere whose road passes no border."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
TOOLS: Final = ("ip", "nft", "tc")
SERVER: Final = "198.18.2.2"
INNOCUOUS: Final = "198.18.2.3"
NOBODY: Final = "198.18.2.99"
"""An address of the benchmarking range (RFC 2544) like all of these, at which nobody is."""

_PLACES: Final = ("here", "border", "abroad", "elsewhere")
_ROADS: Final = (
    ("here", "198.18.1.2/24", "border", "198.18.1.1/24"),
    ("border", "198.18.2.1/24", "abroad", f"{SERVER}/24"),
    ("elsewhere", "198.18.3.2/24", "abroad", "198.18.3.1/24"),
)
_DEFAULT_ROUTES: Final = {"here": "198.18.1.1", "abroad": "198.18.2.1", "elsewhere": "198.18.3.1"}


def missing() -> str | None:
    """Why namespaces cannot be made here; None where they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"network namespaces need {', '.join(absent)}: install iproute2 and nftables"
    tried = subprocess.run(["ip", "netns", "add", _name("trial")], capture_output=True, text=True, timeout=10, check=False)
    subprocess.run(["ip", "netns", "del", _name("trial")], capture_output=True, timeout=10, check=False)
    return None if tried.returncode == 0 else f"this kernel makes no network namespaces: {tried.stderr.strip()}"


def say_ready() -> None:
    """Tell whoever started this process that it is up."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def _name(place: str) -> str:
    return f"cutwatch-{os.getpid()}-{place}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


@dataclass
class Country:
    """The places, and whoever runs in them. Everything ends with the `with` block of `founded`."""

    folder: Path
    running: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def founded(cls, folder: Path) -> Iterator["Country"]:
        """Make the namespaces and the roads between them, and put the server abroad."""
        country = cls(folder)
        with country.running:
            for place in _PLACES:
                _ip("netns", "add", _name(place))
                country.running.callback(_ip, "netns", "del", _name(place))
                _ip("-n", _name(place), "link", "set", "lo", "up")
            country._build_roads()
            country.start("abroad", "tests.namespaces.abroad", str(country.trust))
            yield country

    @property
    def trust(self) -> Path:
        """The PEM file of the authority whose certificates are good."""
        return self.folder / "trust.pem"

    def start(self, place: str, module: str, *words: str) -> None:
        """Run a module in a place until the end, and wait until it says that it is ready."""
        self.running.callback(_end, self._begin(place, module, words))

    def _begin(self, place: str, module: str, words: Sequence[str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(self._command(place, module, words), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            _end(process)
            raise RuntimeError(f"{module} did not come up in its namespace")
        return process

    @contextmanager
    def censored(self, module: str, *words: str) -> Iterator[None]:
        """Run a censor at the border for a while; afterwards nothing of what it did is left."""
        process = self._begin("border", module, words)
        try:
            yield
        finally:
            _end(process)
            self.at_the_border("nft", "flush", "ruleset")

    def ask(self, place: str, module: str, question: dict[str, Any]) -> Any:
        """Run a module in a place to its end: a question as JSON in, an answer as JSON out."""
        done = subprocess.run(
            self._command(place, module, ()),
            cwd=ROOT,
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def at_the_border(self, *words: str) -> None:
        """Run a command at the border, such as `tc`."""
        subprocess.run(["ip", "netns", "exec", _name("border"), *words], check=True, capture_output=True, timeout=10)

    def _command(self, place: str, module: str, words: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", _name(place), sys.executable, "-m", module, *words]

    def _build_roads(self) -> None:
        for number, (one, its_address, other, the_others) in enumerate(_ROADS):
            ends = (f"to-{other}", f"to-{one}")
            _ip("-n", _name(one), "link", "add", ends[0], "type", "veth", "peer", "name", f"way{number}")
            _ip("-n", _name(one), "link", "set", f"way{number}", "netns", _name(other))
            _ip("-n", _name(other), "link", "set", f"way{number}", "name", ends[1])
            for place, address, end in ((one, its_address, ends[0]), (other, the_others, ends[1])):
                _ip("-n", _name(place), "addr", "add", address, "dev", end)
                _ip("-n", _name(place), "link", "set", end, "up")
        _ip("-n", _name("abroad"), "addr", "add", f"{INNOCUOUS}/24", "dev", "to-border")
        for place, gateway in _DEFAULT_ROUTES.items():
            if place != "abroad":
                _ip("-n", _name(place), "route", "add", "default", "via", gateway)
        _ip("-n", _name("abroad"), "route", "add", "198.18.1.0/24", "via", _DEFAULT_ROUTES["abroad"])
        self.at_the_border("sysctl", "-qw", "net.ipv4.ip_forward=1")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    if process.stdout is not None:
        process.stdout.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
