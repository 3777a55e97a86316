"""Bytes as base64 (RFC 4648), written in one way only: whatever reads otherwise was changed."""

from __future__ import annotations

import base64


def written(raw: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(raw).decode()


def read(text: str) -> bytes:
    """Return what `written` was given.

    ValueError for any other text: decoders do not look at the bits the last letter has to spare (RFC 4648, 3.5).
    """
    raw = base64.b64decode(text, validate=True)
    if written(raw) != text:
        raise ValueError("the base64 is not as it is written")
    return raw
