"""JSON Web Tokens: header and the names of claims stay, claims become pseudonyms, the signature goes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.redaction.pseudonyms import Pseudonyms

_KEPT = {"exp", "iat", "nbf", "auth_time", "alg", "typ", "enc", "zip", "cty", "ver", "updated_at"}
_MARK = "JWT"


def pseudonymised(value: bytes, names: Pseudonyms) -> bytes | None:
    """Return the token without what it gives away, None when it is none that can be read."""
    parts = value.split(b".")
    if len(parts) != 3:
        return None
    header, claims = _read(parts[0]), _read(parts[1])
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    code = names.key.code(value)
    mark = f"{_MARK}-{code}{names.key.check(_MARK, code)}".encode()
    return b".".join((_written(_told(header, names)), _written(_told(claims, names)), mark))


def claims_of(value: bytes) -> list[bytes]:
    """Return the texts in a token's claims: each is a value to be removed wherever else it stands."""
    parts = value.split(b".")
    found: list[bytes] = []
    for part in parts[:2]:
        _texts(_read(part), found, "")
    return found


def _texts(data: Any, found: list[bytes], key: str) -> None:
    if isinstance(data, dict):
        for name, inner in data.items():
            _texts(inner, found, str(name))
    elif isinstance(data, list):
        for inner in data:
            _texts(inner, found, key)
    elif isinstance(data, str) and key not in _KEPT and len(data) >= 8:
        found.append(data.encode("utf-8", "surrogatepass"))


def _told(data: Any, names: Pseudonyms, key: str = "") -> Any:
    if isinstance(data, dict):
        return {name: _told(inner, names, str(name)) for name, inner in data.items()}
    if isinstance(data, list):
        return [_told(inner, names, key) for inner in data]
    if key in _KEPT or data is None or isinstance(data, bool):
        return data
    text = str(data).encode("utf-8", "surrogatepass")
    if names.is_own(text):
        return data
    if b"@" in text and (made := names.email(text)):
        return made.decode()
    return names.tagged("claim", text).decode()


def _read(part: bytes) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None


def _written(data: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).rstrip(b"=")
