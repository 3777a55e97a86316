"""Canonical JSON, so that one entry has one hash: RFC 8785 without floating-point numbers.

Floats are refused rather than normalised: two languages print them differently, and no deed needs one.
"""

from __future__ import annotations

import json
from typing import Any

MOST_EXACT = 2**53 - 1
"""Beyond it an integer is not the same number to every reader of JSON (RFC 8785, 3.2.2.3)."""


class NotCanonical(ValueError):
    """A value that has no canonical form."""


def canonical(value: Any) -> bytes:
    """Return the canonical form as UTF-8; NotCanonical for floats, huge integers, lone surrogates, other types."""
    try:
        return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("half of a surrogate pair is no text") from error


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > MOST_EXACT:
            raise NotCanonical(f"{value} is not exact everywhere; write it as text")
        return value
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise NotCanonical("names are text")
        # RFC 8785 orders names by UTF-16 code units, which differs from code points beyond U+FFFF.
        return {
            name: _ordered(value[name])
            for name in sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        }
    raise NotCanonical(f"{type(value).__name__} has no canonical form")
