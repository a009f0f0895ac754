"""How long and how much a look may take: a stranger's server decides neither."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

BODY_CAP: Final = 512 * 1024
"""Bytes of a response body that are kept (OONI Web Connectivity's own cap)."""

MAX_HOPS: Final = 10
"""Redirects that are followed (OONI Web Connectivity)."""


class Budgets(BaseModel):
    """Seconds that each stage, and a whole look, may take. The stage values are those of OONI Web Connectivity 0.5."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dns: float = Field(default=4.0, gt=0, le=60)
    tcp: float = Field(default=10.0, gt=0, le=60)
    tls: float = Field(default=10.0, gt=0, le=60)
    http: float = Field(default=10.0, gt=0, le=60)
    look: float = Field(default=60.0, gt=0, le=600)
    late: float = Field(default=0.5, ge=0, le=5, description="how long a full look listens on for further DNS answers")
