"""Keys that wrap keys. Data keys are stored only wrapped by a master key, which a key service holds.

The shape is that of the clouds' key services: wrap, unwrap, an id for every master key, one of which is current.
`MasterKeys` is the service of one machine: keys from a text, one a line, the first is current. A key names itself
by a digest, so that two keys never share an id and a wrong one is noticed by its name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = 32
_PREFIX = "hfvk1_"
_NONCE = 12


class KeyUnusable(ValueError):
    """No key can be read there; the message never holds one."""


class WrongKey(Exception):
    """A data key was wrapped by a master key that is not here; `wanted` is its id."""

    def __init__(self, wanted: str, have: Iterable[str]) -> None:
        self.wanted = wanted
        known = ", ".join(have) or "none"
        super().__init__(
            f"this is sealed under the master key {wanted}; the keys given are {known}. Put {wanted} back"
        )


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it may be stored."""

    key_id: str
    data: bytes


class KeyService(Protocol):
    """What holds master keys; a cloud's or a hardware module's fits as well."""

    @property
    def current(self) -> str:
        """The id of the master key that wraps from now on."""
        ...

    @property
    def ids(self) -> list[str]:
        """The ids of all that unwrap, the current one first."""
        ...

    def wrap(self, key: bytes, about: str) -> Wrapped:
        """Return a data key of 32 bytes wrapped by the current key; it opens only for the same `about`."""
        ...

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """Return the data key; raises WrongKey when its master key is not here, KeyUnusable when it was changed."""
        ...


class MasterKeys:
    """Master keys of this process, from a text or a file."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys:
            raise KeyUnusable("there is no master key; `holdfast vault key` makes one")
        self._keys = {key_id(key): key for key in keys}

    @classmethod
    def read(cls, text: str) -> MasterKeys:
        """Return the keys of a text: one a line, or separated by commas; lines that begin with # are comments."""
        lines = [line.strip() for line in text.replace(",", "\n").splitlines()]
        return cls([_parsed(line) for line in lines if line and not line.startswith("#")])

    @property
    def ids(self) -> list[str]:
        """See KeyService."""
        return list(self._keys)

    @property
    def current(self) -> str:
        """The id of the first key."""
        return self.ids[0]

    def wrap(self, key: bytes, about: str) -> Wrapped:
        """See KeyService."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._keys[self.current]).encrypt(nonce, key, about.encode())
        return Wrapped(self.current, nonce + sealed)

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """See KeyService."""
        master = self._keys.get(wrapped.key_id)
        if master is None:
            raise WrongKey(wrapped.key_id, self.ids)
        try:
            return AESGCM(master).decrypt(wrapped.data[:_NONCE], wrapped.data[_NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyUnusable(f"the wrapped key of {about} was changed; restore it from a backup") from error


def key_id(key: bytes) -> str:
    """Return the name of a master key: `k-` and 12 digits of a digest that says nothing about it."""
    return "k-" + hashlib.sha256(b"holdfast master key\x00" + key).hexdigest()[:12]


def fresh_key() -> bytes:
    """Return 32 random bytes."""
    return os.urandom(KEY)


def written(key: bytes) -> str:
    """Return a master key as text."""
    return _PREFIX + base64.urlsafe_b64encode(key).decode().rstrip("=")


def _parsed(line: str) -> bytes:
    body = line.removeprefix(_PREFIX)
    try:
        if body == line:
            raise ValueError
        key = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        if len(key) != KEY:
            raise ValueError
    except (ValueError, binascii.Error):
        raise KeyUnusable(
            f"a line of the master keys is no key: it has {len(line)} characters and does not read {_PREFIX}"
            " and 43 letters; `holdfast vault key` makes one"
        ) from None
    return key


def first_file(path: Path) -> None:
    """Make a file with one fresh key, readable by its owner alone; one that is there stays."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(written(fresh_key()) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        part.unlink()


def add_to_file(path: Path) -> str:
    """Put a fresh key first in a file of keys, the others stay below it; return its id."""
    key = fresh_key()
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"{written(key)}\n{path.read_text()}")
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    return key_id(key)
