"""The one network door: nothing else in a probe opens a socket. See `Look` for what goes through it."""

from probes.kit.network.door import Door
from probes.kit.network.look import Look
from probes.kit.network.network import Network

__all__ = ["Door", "Look", "Network"]
