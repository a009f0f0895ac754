"""From a single incident, as a reader may see it, to the shapes of the API."""

from dataclasses import asdict, dataclass

from fastapi import Request

from api import answers, case_schemas, schemas, told
from api.answers import API
from api.show import wording
from api.visible import Related, Visible
from api.wording import Wording
from monitor.core.incident import Incident


@dataclass(frozen=True, slots=True)
class Telling:
    """What it takes to tell one reader of incidents: what they may see, the words of their language, and our address."""

    visible: Visible
    words: Wording
    address: str

    @classmethod
    def to(cls, request: Request, visible: Visible) -> "Telling":
        """To whoever has sent this request."""
        return cls(visible, wording(request, visible), visible.context.settings.address)

    def incident(self, found: Incident) -> schemas.Incident:
        """An incident as lists show it."""
        return answers.incident(found, self.words, self.address)

    def link(self, found: Incident) -> case_schemas.IncidentLink:
        """An incident in short."""
        return case_schemas.IncidentLink.model_validate(self._link(found))

    def _link(self, found: Incident) -> dict[str, object]:
        return {
            "id": found.id,
            "title": self.words.title(found),
            "kind": found.kind,
            "stage": found.stage,
            "origin": found.origin,
            "updated": found.updated,
            "url": f"{self.address}/incidents/{found.id}",
            "url_api": f"{self.address}{API}/incidents/{found.id}",
        }

    def _related(self, found: Related, of: Incident) -> case_schemas.RelatedIncident:
        subject = found.incident.id if found.is_theirs else of.id
        related = {**self._link(found.incident), "relation": found.kind, "subject": subject}
        return case_schemas.RelatedIncident.model_validate(related)

    def version(self, found: Incident) -> case_schemas.IncidentVersion:
        """An incident as it was: nothing in it depends on what has become of others since."""
        return case_schemas.IncidentVersion(
            **self.incident(found).model_dump(),
            dossier=found.dossier,
            seen_from=list(found.seen_from),
            relations=[case_schemas.StatedRelation(relation=one.kind, incident=one.incident) for one in found.relations],
            members=list(found.members),
        )

    async def detail(self, found: Incident) -> case_schemas.IncidentDetail:
        """An incident with everything that is stated of it, and what it is related to now."""
        return case_schemas.IncidentDetail(
            **self.incident(found).model_dump(),
            dossier=found.dossier,
            seen_from=list(found.seen_from),
            part_of=found.parent,
            relations=[self._related(one, found) for one in await self.visible.related(found)],
            members=[self.link(one) for one in await self.visible.members(found)],
        )


def entry(step: told.Step, *, is_insider: bool) -> case_schemas.LogEntry:
    """An event with its reason and what it changed, where both versions are for the reader."""
    event = step.event
    return case_schemas.LogEntry(
        **answers.event(event).model_dump(),
        reason=event.data.get("reason"),
        by=event.data.get("by"),
        differences=[case_schemas.Difference(**asdict(one)) for one in told.changed(step, is_insider=is_insider)],
    )
