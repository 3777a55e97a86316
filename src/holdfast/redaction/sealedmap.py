"""The way back from pseudonym to value, encrypted: whoever has no key reads nothing."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.redaction.pseudonyms import Key

_MAGIC = b"HFMAP1\n"


class MapUnusable(ValueError):
    """A map that cannot be opened: wrong key or damage."""


def sealed(entries: Mapping[bytes, tuple[str, bytes]], key: Key) -> bytes:
    """Return the map of pseudonym -> (class, value) sealed with AES-256-GCM."""
    plain = json.dumps(
        {made.decode("latin-1"): [kind, value.decode("latin-1")] for made, (kind, value) in entries.items()}
    ).encode()
    nonce = os.urandom(12)
    head = _MAGIC + key.id.encode() + b"\n"
    return head + nonce + AESGCM(key.derived(b"map")).encrypt(nonce, zlib.compress(plain, 1), head)


def opened(data: bytes, key: Key) -> dict[bytes, tuple[str, bytes]]:
    """Open a sealed map; raises MapUnusable with the reason."""
    head, at = data[: len(_MAGIC)], len(_MAGIC)
    if head != _MAGIC or len(data) < at + 17 + 12 + 16:
        raise MapUnusable("this is no sealed map, or its beginning is damaged")
    whose = data[at : at + 16].decode("latin-1")
    if whose != key.id:
        raise MapUnusable(f"the map was sealed with the key {whose}, this is the key {key.id}")
    head, rest = data[: at + 17], data[at + 17 :]
    try:
        plain = zlib.decompress(AESGCM(key.derived(b"map")).decrypt(rest[:12], rest[12:], head))
    except (InvalidTag, zlib.error) as error:
        raise MapUnusable("the map is damaged: its seal does not hold; nothing was read") from error
    return {
        made.encode("latin-1"): (kind, value.encode("latin-1"))
        for made, (kind, value) in json.loads(plain).items()
    }


def open_file(path: Path, key: Key) -> dict[bytes, tuple[str, bytes]]:
    """Open a map file; raises MapUnusable."""
    try:
        return opened(path.read_bytes(), key)
    except OSError as error:
        raise MapUnusable(f"the map {path} cannot be read: {error.strerror}") from error
