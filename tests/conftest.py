"""What every test shares: a reproducible hypothesis, and the place of the reference data."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.lab.fixtures import start_world, webhook_sink

__all__ = ["reference", "start_world", "webhook_sink"]

settings.register_profile("cutwatch", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cutwatch")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of recorded data from outside the project, or a skip that says where it was sought."""
    folder = Path(os.environ.get("CUTWATCH_REFERENCE", ROOT.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"the reference data is not at {folder}: set CUTWATCH_REFERENCE to its folder")
    return folder
