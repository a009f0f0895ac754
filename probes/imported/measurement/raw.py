"""Bytes inside JSON: text where they are text, `{"format": "base64", "data": …}` where they are not (OONI df-001)."""

import base64
import binascii
from typing import Any

from probes.imported.measurement.fields import Fields


def packed_bytes(fields: Fields, name: str, value: Any) -> bytes:
    """The bytes of `value`, which stands under `name`. Raises `Unusable` where it is neither text nor base64."""
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    data = value.get("data") if isinstance(value, dict) and value.get("format") == "base64" else None
    if not isinstance(data, str):
        raise fields.wrong(name, "is neither text nor base64")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise fields.wrong(name, "is no base64") from None
