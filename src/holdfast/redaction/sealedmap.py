"""The way back from pseudonym to value, encrypted: whoever has no key reads nothing."""

from __future__ import annotations

import io
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.redaction.pseudonyms import Key
from holdfast.redaction.texts import Classed, Texts

_MAGIC = b"HFMAP2\n"


class MapUnusable(ValueError):
    """A map that cannot be opened: wrong key or damage."""


def sealed(made: Texts, values: Classed, key: Key) -> bytes:
    """Return the map of each pseudonym to its class and value, sealed with AES-256-GCM."""
    names = sorted({values.kind(number) for number in np.unique(values.kinds, return_index=True)[1].tolist()})
    numbers = {name: number for number, name in enumerate(names)}
    buffer = io.BytesIO()
    np.savez(
        buffer, made=_letters(made), made_at=made.offsets, values=_letters(values.texts),
        values_at=values.texts.offsets, kinds=values.told([numbers.get(name, 0) for name in values.classes], np.uint8),
        names=np.array(names or [""]),
    )  # fmt: skip
    nonce = os.urandom(12)
    head = _MAGIC + key.id.encode() + b"\n"
    return head + nonce + AESGCM(key.derived(b"map")).encrypt(nonce, buffer.getvalue(), head)


def _letters(texts: Texts) -> np.ndarray[Any, Any]:
    return texts.arena[: texts.offsets[-1]]


def _parts(texts: np.ndarray[Any, Any], ends: np.ndarray[Any, Any]) -> list[bytes]:
    raw = texts.tobytes()
    return [raw[a:b] for a, b in pairwise(ends.tolist())]


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
        plain = AESGCM(key.derived(b"map")).decrypt(rest[:12], rest[12:], head)
    except InvalidTag as error:
        raise MapUnusable("the map is damaged: its seal does not hold; nothing was read") from error
    with np.load(io.BytesIO(plain), allow_pickle=False) as kept:
        names = kept["names"].tolist()
        values = _parts(kept["values"], kept["values_at"])
        kinds = [names[number] for number in kept["kinds"].tolist()]
        return dict(zip(_parts(kept["made"], kept["made_at"]), zip(kinds, values, strict=True), strict=True))


def open_file(path: Path, key: Key) -> dict[bytes, tuple[str, bytes]]:
    """Open a map file; raises MapUnusable."""
    try:
        return opened(path.read_bytes(), key)
    except OSError as error:
        raise MapUnusable(f"the map {path} cannot be read: {error.strerror}") from error
