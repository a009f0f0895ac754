"""The shapes of the API's answers about targets, providers, exposure and deliveries."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.case_schemas import IncidentLink
from api.schemas import Answer, Incident, Look
from monitor.core.model import Tlp
from monitor.core.watchlist import ProviderKind
from monitor.store import ParcelState
from probes.kit.vocabulary import State, Unmeasured, Validity


class TargetSummary(Answer):
    """One asset of an organisation. `states` counts its checks by where they stand."""

    organisation: str = Field(examples=["ovd-info"])
    id: str = Field(examples=["site"])
    name: str = Field(examples=["ovdinfo.org"])
    url: str | None = Field(examples=["https://ovdinfo.org/"])
    domain: str | None = Field(examples=["ovdinfo.org"])
    tlp: Tlp
    paused: bool
    states: dict[State, int] = Field(examples=[{"ok": 1, "blocked": 1}])


class TargetList(Answer):
    """One page of the targets whose states the reader may see. `next` is null on the last."""

    items: list[TargetSummary]
    next: str | None = Field(examples=["ovd-info/site"])


class ExportedLook(Look):
    """One look and the verdict on it, with whom it is about. `check` is null for readers outside the organisation."""

    organisation: str = Field(examples=["ovd-info"])
    target: str = Field(examples=["site"])
    check: str | None = Field(examples=["0123456789abcdef"])
    ruleset: str = Field(examples=["website/3"], description="the rules that judged it")


class VerdictList(Answer):
    """One page of verdicts, oldest first. `next` is the `after` of the next page, null on the last."""

    items: list[ExportedLook]
    next: str | None = Field(examples=["1795255200000000.019ab2c3d4e5f60718293a4b5c6d7e8f"])


class Planned(Answer):
    """A change that an organisation has planned: losses within it are its own."""

    start: datetime = Field(examples=["2026-11-21T22:00:00Z"])
    end: datetime = Field(examples=["2026-11-21T23:00:00Z"])
    note: str | None = Field(examples=["We move to another server."])


class ExportedObservation(ExportedLook):
    """One look with everything that it saw: `facts`, and the same seen in the same minute from where the censor is not."""

    duration: float = Field(examples=[0.41], description="seconds")
    validity: Validity
    unmeasured: Unmeasured | None
    missed: int = Field(examples=[0], description="whole periods for which a gap stands")
    timing_suspect: bool
    probe_version: int = Field(examples=[3])
    software: str = Field(examples=["cutwatch/0.1.0"])
    facts: dict[str, Any] | None = Field(examples=[{"dns": [], "tcp": [], "tls": [], "http": []}])
    control: list[dict[str, Any]] = Field(examples=[[]])
    planned: Planned | None = Field(examples=[None], description="the planned change that explains it")


class ObservationList(Answer):
    """One page of observations, oldest first. `next` is the `after` of the next page, null on the last."""

    items: list[ExportedObservation]
    next: str | None = Field(examples=["1795255200000000.019ab2c3d4e5f60718293a4b5c6d7e8f"])


class Days(Answer):
    """A stretch of whole days, as exact as its sources: at least `least`, at most `most` (null: not bounded)."""

    least: int = Field(examples=[12])
    most: int | None = Field(examples=[43])


class Record(Answer):
    """What a provider has done, as far as you may know: how many incidents, and how many of them it took back."""

    incidents: int = Field(examples=[3])
    open: int = Field(examples=[1], description="measured, and standing now")
    attested: int = Field(examples=[2], description="stated by people and documents, and not measured here")
    with_notice: int = Field(examples=[1], description="those of which somebody says that notice was given")
    without_notice: int = Field(examples=[1], description="those of which somebody says that none was given")
    reinstated: int = Field(examples=[1])


class Provider(Answer):
    """A company or platform on which organisations depend, and its record."""

    id: str = Field(examples=["mailchimp"])
    name: str = Field(examples=["Mailchimp"])
    kinds: list[ProviderKind]
    jurisdiction: str | None = Field(examples=["US"])
    homepage: str | None = Field(examples=["https://mailchimp.com/"])
    record: Record
    url_api: str = Field(examples=["https://cutwatch.example/api/v1/providers/mailchimp"])


class ProviderList(Answer):
    """One page of the providers that are described here. `next` is null on the last."""

    items: list[Provider]
    next: str | None = Field(examples=["mailchimp"])


class ProviderIncident(Incident):
    """An incident that a provider caused, and how long it lasted until access was given back, where both dates are known."""

    until_reinstated: Days | None


class ProviderDetail(Provider):
    """A provider with the latest of its incidents; `/incidents?provider=` has them all."""

    incidents: list[ProviderIncident]


class Dependency(Answer):
    """A provider that an organisation relies on, what it has done to others, and what stands open with it."""

    provider: str = Field(examples=["mailchimp"])
    name: str = Field(examples=["Mailchimp"])
    kinds: list[ProviderKind]
    note: str | None
    record: Record
    open: list[IncidentLink] = Field(description="the organisation's own incidents with it that stand open")
    others: list[IncidentLink] = Field(description="what it did to others, the latest first, at most 20")


class Deadline(Answer):
    """A date by which somebody must act."""

    kind: str = Field(examples=["certificate"])
    target: str | None = Field(examples=["site"])
    subject: str = Field(examples=["ovdinfo.org"])
    at: datetime


class Exposure(Answer):
    """What an organisation depends on, and which dates it must not miss."""

    organisation: str = Field(examples=["ovd-info"])
    dependencies: list[Dependency]
    deadlines: list[Deadline]


class Attempt(Answer):
    """One attempt to deliver a parcel; `duration` is in seconds, `status` the channel's own code (HTTP's, SMTP's)."""

    at: datetime
    outcome: str = Field(examples=["delivered"])
    duration: float = Field(examples=[0.2])
    status: int | None = Field(examples=[200])
    error: str | None


class Delivery(Answer):
    """A parcel, what became of it, and every attempt to deliver it."""

    id: str = Field(examples=["msg_0123456789abcdef0123456789abcdef"])
    route: str = Field(examples=["on-call"])
    channel: str = Field(examples=["mail"])
    state: ParcelState
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None
    tries: int = Field(examples=[1])
    last_error: str | None
    messages: list[str] = Field(examples=[["msg_0123456789abcdef0123456789abcdef"]])
    incidents: list[str] = Field(examples=[["CW-2026-0042"]])
    attempts: list[Attempt]


class DeliveryList(Answer):
    """One page of parcels, the latest first. `next` is the `after` of the next page, null on the last."""

    items: list[Delivery]
    next: str | None = Field(examples=["msg_0123456789abcdef0123456789abcdef"])


class Replayed(Answer):
    """The messages that are owed again: those of the parcel, and what has happened since to their incidents."""

    messages: list[str] = Field(examples=[["msg_0123456789abcdef0123456789abcdef"]])
