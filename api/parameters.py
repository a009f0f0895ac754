"""What an address may be asked with. A parameter that it does not know is an error that names those it does."""

from typing import Annotated, Any, Final

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from monitor.core.incident import IncidentStage, Kind
from monitor.core.watchlist import Country, Language, Slug

IncidentId = Annotated[str, StringConstraints(pattern=r"^CW-\d{4}-\d{4,9}$")]


class UnknownParameter(ValueError):
    """An address was asked with a parameter that it does not know; the message names those it does."""


class Parameters(BaseModel):
    """Base of every address's query parameters; alone, it is that of an address which takes only a language."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    lang: Language | None = Field(default=None, description="language of the texts; left out: by `Accept-Language`")

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown(cls, given: Any) -> Any:
        """Refuse parameters that this address does not know: a filter that is silently ignored misleads."""
        unknown = sorted(set(given) - set(cls.model_fields)) if isinstance(given, dict) else []
        if unknown:
            known = ", ".join(sorted(cls.model_fields))
            raise UnknownParameter(f"This address does not know the parameter {unknown[0][:60]}; it knows: {known}.")
        return given


async def only_language(parameters: Annotated[Parameters, Query()]) -> None:
    """Refuse every parameter but the language, for addresses that take no other."""


ONLY_LANGUAGE: Final = Depends(only_language)


class IncidentFilters(Parameters):
    """Which incidents are wanted. Filters that are left out let everything through."""

    organisation: Slug | None = Field(default=None, description="an organisation's id", examples=["ovd-info"])
    kind: Kind | None = Field(default=None, description="what sort of loss it is")
    country: Country | None = Field(default=None, description="where the loss is felt (ISO 3166)", examples=["RU"])


class IncidentPage(IncidentFilters):
    """One page of incidents, oldest first. `after` is the `next` of the page before."""

    stage: IncidentStage | None = Field(default=None, description="how far the incident has come")
    after: IncidentId | None = Field(default=None, description="the id after which the page begins")
    limit: int = Field(default=100, ge=1, le=200, description="incidents on a page")


class StateFilters(Parameters):
    """Which current states are wanted."""

    organisation: Slug | None = Field(default=None, description="an organisation's id", examples=["ovd-info"])


class EventPage(Parameters):
    """One page of the event log, oldest first. `after` is the `next` of the page before; 0 begins with the first event."""

    after: int = Field(default=0, ge=0, le=2**62, description="the sequence number after which the page begins")
    limit: int = Field(default=100, ge=1, le=200, description="events on a page")
