"""Masking what is secret by the name of its key or by what it looks like, before anything is kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

MASK = "••••••"
LONGEST = 2000
_SECRET = re.compile(
    r"pass(?:word|wd|phrase)|^pass$|pwd|secret|token|credential|authori[sz]ation|cookie|bearer|dsn$|salt$|psk$"
    r"|(?:api|access|private|signing|encryption|shared|account|storage|master|license|ssh)key"
    r"|connection(?:string|url|uri)|^auth$|^pin$"
)
_LOOKS = (
    (re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)@"), r"\1:" + MASK + "@"),
    (
        re.compile(
            r"(?i)\b(password|passwd|pwd|secret|token|accountkey|sharedaccesskey|apikey)\s*=\s*([^;&\s]+)"
        ),
        r"\1=" + MASK,
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}"), r"\1 " + MASK),
)
_WHOLE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|^eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.|^(?:AKIA|ASIA)[A-Z0-9]{16}$"
    r"|^(?:ghp|gho|ghs|github_pat|glpat|xox[abprs]|sk|pk|rk)[-_][A-Za-z0-9_-]{16,}$"
)


def masked(settings: Mapping[str, str], fingerprint: Callable[[str], str]) -> tuple[dict[str, str], int]:
    """Return the settings fit to keep, and how many were masked.

    A masked value carries its fingerprint, so that two environments still show whether it differs.
    """
    kept, number = {}, 0
    for path, value in settings.items():
        shown = _shown(path, value)
        if shown != value:
            number += 1
            shown = f"{shown} ({fingerprint(value)})"
        kept[path] = _cut(shown, value)
    return kept, number


def _shown(path: str, value: str) -> str:
    if value in ("", "null", "true", "false", "{}", "[]"):
        return value
    if secret(path) or _WHOLE.search(value):
        return MASK
    for pattern, replacement in _LOOKS:
        value = pattern.sub(replacement, value)
    return value


def secret(path: str) -> bool:
    """Return whether the name of a key, or of one above it, says that its value is secret."""
    return any(_SECRET.search(re.sub(r"[-_\s\"]|\[\d+\]", "", step).lower()) for step in path.split("."))


def _cut(shown: str, value: str) -> str:
    if len(shown) <= LONGEST:
        return shown
    # what was cut off still counts in a comparison
    rest = hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{shown[:LONGEST]}… {len(shown) - LONGEST} characters more, sha256 {rest}"
