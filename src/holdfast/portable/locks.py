"""The lock of a sealed archive: encrypted to the key of the desk that receives it, or by a passphrase.

    HOLDFAST SEALED CASE\\n
    {"format": 1, "to": ..., "salt": ..., "wrapped": ...}\\n
    a sealed thing (`sealing.frames`) that holds the archive

A fresh key seals the archive; it is wrapped by AES-256-GCM under a key that both sides come to: X25519 with a pair of
keys made for this archive alone, or scrypt of the passphrase. The two lines are part of every frame's tag.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from holdfast.portable.container import FORMAT, Source
from holdfast.portable.failures import Refused
from holdfast.sealing import Damaged, Opened, Sealer, fresh_key

MAGIC = b"HOLDFAST SEALED CASE\n"
SHORTEST = 12
"""Characters of a passphrase."""
_MOST = 4096
_KEY, _NONCE, _SALT = 32, 12, 32
_COST = {"n": 2**16, "r": 8, "p": 1}
"""Of scrypt: 64 MiB, some tenths of a second. Of the format, and not of the archive: nobody makes us spend more."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public key of the desk that opens it."""

    public: bytes

    def __str__(self) -> str:
        number = hashlib.sha256(self.public).digest()[:4]
        return "hfdesk1-" + base64.urlsafe_b64encode(self.public + number).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Words both sides know."""

    words: str

    def __post_init__(self) -> None:
        """Raise ValueError for words that are guessed."""
        if len(self.words) < SHORTEST:
            raise ValueError(f"a passphrase has at least {SHORTEST} characters")

    def __repr__(self) -> str:
        return "Passphrase(...)"


def recipient(text: str) -> Recipient:
    """Read the printed form of a desk's key; ValueError when it is none, or was mistyped."""
    try:
        raw = base64.urlsafe_b64decode(text.strip().removeprefix("hfdesk1-") + "==")
    except ValueError:
        raw = b""
    found = Recipient(raw[:_KEY])
    if not text.strip().startswith("hfdesk1-") or len(raw) != _KEY + 4 or str(found) != text.strip():
        raise ValueError("a desk's key reads hfdesk1-..., as the receiving desk shows it; copy all of it")
    return found


def receiving_key(secret: bytes) -> X25519PrivateKey:
    """Return the key a desk opens archives with, made from 32 secret bytes."""
    return X25519PrivateKey.from_private_bytes(
        HKDF(SHA256(), _KEY, None, b"holdfast receiving 1").derive(secret)
    )


def lock(blocks: Iterable[bytes], to: Recipient | Passphrase) -> Iterator[bytes]:
    """Return an archive sealed, in pieces."""
    key = fresh_key()
    if isinstance(to, Recipient):
        mine = X25519PrivateKey.generate()
        salt = mine.public_key().public_bytes_raw()
        wrapping = _agreed(mine, to.public, salt, to.public)
        who = str(to)
    else:
        salt, who = os.urandom(_SALT), "passphrase"
        wrapping = _stretched(to.words, salt)
    nonce = os.urandom(_NONCE)
    wrapped = nonce + AESGCM(wrapping).encrypt(nonce, key, MAGIC)
    told = {"format": FORMAT, "to": who, "salt": salt.hex(), "wrapped": wrapped.hex()}
    head = MAGIC + json.dumps(told).encode() + b"\n"
    sealer = Sealer(key, _context(head))
    yield head + sealer.header
    for block in blocks:
        yield sealer.take(block)
    yield sealer.end()


def _context(head: bytes) -> bytes:
    return b"case archive" + hashlib.sha256(head).digest()


def _agreed(mine: X25519PrivateKey, theirs: bytes, sender: bytes, receiver: bytes) -> bytes:
    shared = mine.exchange(X25519PublicKey.from_public_bytes(theirs))
    return HKDF(SHA256(), _KEY, sender + receiver, b"holdfast case archive 1").derive(shared)


def _stretched(words: str, salt: bytes) -> bytes:
    return Scrypt(salt, _KEY, **_COST).derive(words.encode())


class _Behind:
    """A source without its first bytes."""

    def __init__(self, source: Source, first: int) -> None:
        self._source, self._first = source, first

    def size(self) -> int:
        return self._source.size - self._first

    def read(self, start: int, end: int) -> bytes:
        return self._source.read(self._first + start, self._first + end)


class _Spoken:
    """A sealed archive opened, whose damage is told as an archive's is."""

    def __init__(self, opened: Opened) -> None:
        self._opened, self.size = opened, opened.size

    def read(self, start: int, end: int) -> bytes:
        try:
            return self._opened.read(start, end)
        except Damaged as damage:
            raise Refused(f"the sealed archive was changed: {damage}") from damage


def opened(source: Source, secret: Callable[[], bytes], passphrase: str = "") -> Source:
    """Return an archive as it can be read: as it is where it is not sealed, else unlocked; raises Refused.

    `secret` returns what the desk's receiving key is made from.
    """
    if source.read(0, len(MAGIC)) != MAGIC:
        return source
    head, told = _head(source)
    salt, wrapped = bytes.fromhex(told["salt"]), bytes.fromhex(told["wrapped"])
    if told["to"] == "passphrase":
        if not passphrase:
            raise Refused("it is sealed by a passphrase; give it")
        wrapping, hint = _stretched(passphrase, salt), "another passphrase, or"
    else:
        mine = receiving_key(secret())
        public = mine.public_key().public_bytes_raw()
        if told["to"] != str(Recipient(public)):
            raise Refused(f"it is sealed for another desk, {told['to']}; this one is {Recipient(public)}")
        wrapping, hint = _agreed(mine, salt, salt, public), ""
    try:
        key = AESGCM(wrapping).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], MAGIC)
        return _Spoken(Opened(_Behind(source, len(head)), key, _context(head)))
    except (InvalidTag, ValueError, Damaged) as error:
        where = f"bytes 0 to {len(head)}"
        raise Refused(
            f"it does not open: {hint} its beginning ({where}) was changed".replace("  ", " ")
        ) from error


def _head(source: Source) -> tuple[bytes, dict[str, Any]]:
    beginning = source.read(0, _MOST)
    line, end, _ = beginning[len(MAGIC) :].partition(b"\n")
    try:
        told = json.loads(line)
        version = told["format"]
        if isinstance(version, int) and version > FORMAT:
            raise Refused(
                f"it is sealed in format {version}, this desk reads up to {FORMAT}: update Holdfast first"
            )
        if version != FORMAT or not end or len(bytes.fromhex(told["salt"])) != _SALT:
            raise ValueError("not as it is written here")
        bytes.fromhex(told["wrapped"]), told["to"].encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"bytes 0 to {len(MAGIC) + len(line)}: its beginning was changed ({error})") from error
    return MAGIC + line + b"\n", told
