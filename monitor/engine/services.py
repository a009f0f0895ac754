"""How the services that look for us are reached."""

from dataclasses import dataclass
from typing import Final

from monitor.clock import Clock
from monitor.core.watchlist import VantagePoint
from monitor.engine.markers import markers_for
from monitor.settings import Settings, secret
from probes.imported.services import globalping, ooni
from probes.imported.services.bucket import Bucket, Gate
from probes.imported.services.witness import Source
from probes.kit.api import Api
from probes.kit.vocabulary import VantageKind

_PUBLIC: Final = {VantageKind.OONI: ooni.PUBLIC, VantageKind.GLOBALPING: globalping.PUBLIC}


@dataclass(frozen=True, slots=True)
class Services:
    """Opens services. `agent` is what they are told of who asks: to them, unlike to what is looked at, we say who we are."""

    settings: Settings
    clock: Clock
    agent: str

    def open(self, vantage: VantagePoint) -> Source:
        """The service of `vantage`.

        Raises `monitor.settings.MissingSecret` where its token is not in the environment, and ValueError where its address
        cannot be used, as in the lab, which has no public one.
        """
        if vantage.kind not in _PUBLIC:
            raise ValueError(f"nobody else looks from a vantage point of kind {vantage.kind}")
        api, markers = self._api(vantage), markers_for(self.settings.config, self.settings.data_dir)
        if vantage.kind is VantageKind.OONI:
            return ooni.Ooni(api, self._gate(ooni.RATE, ooni.BURST), markers)
        gate = self._gate(globalping.RATE, globalping.BURST)
        return globalping.Globalping(api, gate, self.clock.monotonic, self.clock.sleep, markers)

    def _api(self, vantage: VantagePoint) -> Api:
        service = vantage.service
        if service.url is None and self.settings.lab_world is not None:
            raise ValueError("in the lab a service needs a `url` of its own: nothing outside this machine may be asked")
        token = secret(service.token) if service.token else None
        return Api(service.url or _PUBLIC[vantage.kind], agent=self.agent, token=token)

    def _gate(self, rate: float, size: float) -> Gate:
        return Gate(Bucket(rate=rate, size=size), self.clock.monotonic, self.clock.sleep)
