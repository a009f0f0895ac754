"""An incident that people entered from documents: one file in `config/incidents/`.

Such an incident is attested: nothing of it was measured here. It never notifies anybody and never counts as open; readers see
it "as of" the time up to which its sources speak.
"""

from typing import Final

from pydantic import Field

from monitor.core.dossier import Dossier
from monitor.core.kinds import IncidentStage, Kind, RelationKind
from monitor.core.model import Model, Slug, Text, Tlp

ATTESTED_STAGES: Final = frozenset(IncidentStage) - {IncidentStage.SUSPECTED}
"""How far a documented incident can have come: a mere suspicion is no document."""


class RelatedEntry(Model):
    """Another documented incident to which this one stands in some relation."""

    entry: Slug
    relation: RelationKind = RelationKind.SEE_ALSO


class Documented(Dossier):
    """One documented incident.

    `organisation`, `target` and `provider` are ids of this configuration, where the one that was struck, or acted, is
    described here; `subject` and `actors` say it in the source's own words in any case. `revision` says why the file was
    last changed: it becomes the reason of the correction that readers see. `formerly` are the names that the file had before,
    so that its incident keeps its number.
    """

    id: Slug
    kind: Kind
    stage: IncidentStage = IncidentStage.CONFIRMED
    organisation: Slug | None = None
    target: Slug | None = None
    provider: Slug | None = None
    tlp: Tlp = Tlp.CLEAR
    related: tuple[RelatedEntry, ...] = Field(default=(), max_length=50)
    revision: Text | None = None
    formerly: tuple[Slug, ...] = Field(default=(), max_length=20)
