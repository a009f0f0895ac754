"""What one of Globalping's volunteers reports, as the service documents it; whatever else comes is not read."""

from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_TARGET: Final = "target"
_Text = Annotated[str, Field(max_length=20_200)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Volunteer(_Lenient):
    """Who looked. City, coordinates, operator and resolvers come too, and are not even read."""

    country: str
    asn: int | None = None
    tags: tuple[str, ...] = ()

    @property
    def network(self) -> str | None:
        """The kind of line, as far as the service says so."""
        if "eyeball-network" in self.tags:
            return "eyeball"
        return "datacentre" if "datacenter-network" in self.tags else None


class _Name(_Lenient):
    common_name: str | None = Field(default=None, alias="CN", max_length=20_000)
    organisation: str | None = Field(default=None, alias="O", max_length=20_000)
    country: str | None = Field(default=None, alias="C", max_length=20_000)

    def __str__(self) -> str:
        parts = {"CN": self.common_name, "O": self.organisation, "C": self.country}
        return ",".join(f"{key}={value[:200]}" for key, value in parts.items() if value)


class Tls(_Lenient):
    """The leaf certificate that a volunteer was shown, and what its own library says against it."""

    authorized: bool
    error: _Text | None = None
    protocol: str | None = None
    cipher: str | None = Field(default=None, alias="cipherName")
    created_at: AwareDatetime | None = Field(default=None, alias="createdAt")
    expires_at: AwareDatetime | None = Field(default=None, alias="expiresAt")
    subject: _Name = _Name()
    issuer: _Name = _Name()


class _Answered(_Lenient):
    type: str = ""
    value: str = ""


class Timings(_Lenient):
    """Milliseconds."""

    total: float | None = None
    dns: float | None = None
    tcp: float | None = None
    tls: float | None = None
    first_byte: float | None = Field(default=None, alias="firstByte")
    download: float | None = None


class Outcome(_Lenient):
    """What a volunteer reports. `status` is finished, failed, offline or in-progress; `source` says whose fault a failure is."""

    status: str
    source: str | None = Field(default=None, alias="failureSource")
    said: _Text | None = Field(default=None, alias="rawOutput")
    code: int | None = Field(default=None, alias="statusCode", ge=0, le=65535)
    code_name: str | None = Field(default=None, alias="statusCodeName", max_length=1024)
    headers: dict[str, str | list[str]] = {}
    raw_headers: _Text | None = Field(default=None, alias="rawHeaders")
    body: _Text | None = Field(default=None, alias="rawBody")
    truncated: bool = False
    address: str | None = Field(default=None, alias="resolvedAddress", max_length=100)
    timings: Timings = Timings()
    tls: Tls | None = None
    answers: tuple[_Answered, ...] = ()

    @property
    def is_invalid(self) -> bool:
        """Whether the volunteer's machine, its resolver or the service failed, so that this says nothing of the target.

        A failure whose source is not told counts as such: better nothing than a wrong blame.
        """
        return self.status != "finished" and not (self.status == "failed" and self.source == _TARGET)


class Result(_Lenient):
    """One volunteer and what it reports."""

    probe: Volunteer
    result: Outcome
