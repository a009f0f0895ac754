"""What the environment says. Everything else is configuration (`config/`) or an argument."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The environment variables of `contracts.md`, all beginning with `CUTWATCH_`."""

    model_config = SettingsConfigDict(env_prefix="CUTWATCH_", extra="ignore", frozen=True)

    config: Path = Path("config")
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    database_url: str | None = None
    base_url: str | None = None
    log: Literal["human", "json"] = "human"
    vantage_country: Annotated[str, StringConstraints(to_upper=True, min_length=2, max_length=2)] | None = None
    lab_world: Path | None = Field(
        default=None,
        description="tests and demonstration only: a file that maps nominal addresses to loopback ones",
    )

    @property
    def database(self) -> str:
        """The database's SQLAlchemy address: SQLite in the data folder unless one is named."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'cutwatch.db'}"

    @property
    def address(self) -> str:
        """The address under which readers find this service, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


class MissingSecret(LookupError):
    """A secret is neither in the environment nor in a file; the message names the variable, never the value."""


def secret(name: str) -> str:
    """Read the secret `name` from the variable `NAME`, or from the file that `NAME_FILE` names."""
    value = os.environ.get(name)
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    raise MissingSecret(f"set {name}, or {name}_FILE to the path of a file that holds it")
