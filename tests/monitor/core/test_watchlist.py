"""What a watchlist may say."""

import pytest
from pydantic import ValidationError

from monitor.core.watchlist import Retention


def test_looks_are_kept_at_least_as_long_as_an_incident_that_begins_may_ask_for_them() -> None:
    with pytest.raises(ValidationError, match="write 8d or more: an incident keeps the looks of seven days before it"):
        Retention.model_validate({"observations": "7d"})
    assert Retention.model_validate({"observations": "8d"}).observations == 8 * 86400
