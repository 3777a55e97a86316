"""Which values are looked for everywhere: those that stand for themselves wherever they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from holdfast.redaction.rules import SECRET
from holdfast.redaction.words import ACCOUNTS, PLACEHOLDERS

_ONLY_HERE = frozenset({"locality", "trait", "geo", "lookalike", "staff"})
"""Classes whose values mean something only in their field."""
_WORD = re.compile(rb"[A-Za-z]+|[0-9]+|[A-Za-z0-9]{1,5}")


def is_learnt(value: bytes, kind: str) -> bool:
    """Tell whether a value is removed wherever it stands, or only where it was found."""
    if kind in _ONLY_HERE or len(value) < 4 or len(value) > 4096 or b"\n" in value:
        return False
    plain = value.decode("utf-8", "replace").lower()
    if plain in ACCOUNTS or plain in PLACEHOLDERS:
        return False
    if value.isdigit():
        return len(value) >= (8 if kind == SECRET else 7)
    if kind in ("user", "host", "name") and value.isalpha():
        return len(value) >= 6 or (kind == "name" and len(value) >= 5)
    return len(value) >= 6 or (len(value) >= 4 and not value.isalnum()) or not value.isalpha()


def is_bounded(value: bytes, kind: str) -> bool:
    """Tell whether a value counts only as a whole word."""
    return kind not in (SECRET, "jwt") or len(value) < 10 or _WORD.fullmatch(value) is not None


def learnable(values: Sequence[bytes], kinds: Sequence[str]) -> tuple[list[int], list[bool]]:
    """Return the numbers of the values to look for, and which of them have to be whole words."""
    chosen, bounded = [], []
    for number, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        if is_learnt(value, kind):
            chosen.append(number)
            bounded.append(is_bounded(value, kind))
    return chosen, bounded
