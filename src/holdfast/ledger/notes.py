"""Signed notes (C2SP signed-note) with Ed25519: a text, a blank line, one signature a line."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from holdfast.ledger import encoded

SIGNATURE: Final = 1
COSIGNATURE: Final = 4
"""Algorithms of C2SP signed-note: a log's own signature, and a witness's with the time it saw it."""
MOST_BYTES = 1_000_000
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
_DASH = "\u2014"


class BadNote(ValueError):
    """A note or key that does not have the form it must have, or is not signed by who should have signed it."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signature it is: `name+keyid+base64(algorithm, public key)`."""

    name: str
    public: bytes
    algorithm: int = SIGNATURE

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        told = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(told).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded.written(bytes([self.algorithm]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the printed form; BadNote when it is not one or its parts contradict each other."""
        parts = text.strip().split("+", 2)
        raw = _bytes(parts[2]) if len(parts) == 3 else b""
        if len(raw) != 33 or raw[0] not in (SIGNATURE, COSIGNATURE) or not _NAME.fullmatch(parts[0]):
            raise BadNote("a key reads name+0123abcd+base64 of an algorithm and 32 bytes")
        key = cls(parts[0], raw[1:], raw[0])
        if key.id.hex() != parts[1]:
            raise BadNote(f"the key of {key.name} does not belong to its own number {parts[1][:8]}")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the 64 bytes sign the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret key and the name it signs under. Its text form is never printed by `repr`."""

    name: str
    seed: bytes = field(repr=False)
    algorithm: int = SIGNATURE

    @classmethod
    def make(cls, name: str, algorithm: int = SIGNATURE) -> SigningKey:
        """Return a fresh key."""
        if not _NAME.fullmatch(name):
            raise BadNote("a signer's name has neither blanks nor +")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw(), algorithm)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, public, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        """Return 64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def secret_text(self) -> str:
        """Return the form kept in a key file: `PRIVATE+KEY+name+keyid+base64`, as Go's note package has it."""
        key = self.verifier
        return (
            f"PRIVATE+KEY+{self.name}+{key.id.hex()}+{encoded.written(bytes([self.algorithm]) + self.seed)}"
        )

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read a key file; the error never repeats what it read."""
        parts = text.strip().split("+", 4)
        raw = _bytes(parts[4]) if len(parts) == 5 else b""
        if parts[:2] != ["PRIVATE", "KEY"] or len(raw) != 33 or raw[0] not in (SIGNATURE, COSIGNATURE):
            raise BadNote("this is not a signing key; make one with `holdfast ledger key`")
        key = cls(parts[2], raw[1:], raw[0])
        if key.verifier.id.hex() != parts[3]:
            raise BadNote("the signing key is damaged: its number does not belong to it")
        return key


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signature lines as `(name, key id, signature)`."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...] = ()

    def __str__(self) -> str:
        lines = [
            f"{_DASH} {name} {encoded.written(number + made)}\n" for name, number, made in self.signatures
        ]
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, written: str) -> Note:
        """Read a note; BadNote says what is wrong with it."""
        text, between, tail = written.rpartition("\n\n")
        if not between or len(written) > MOST_BYTES or not tail.endswith("\n"):
            raise BadNote("a note is a text, a blank line and signature lines")
        return cls(f"{text}\n", tuple(_signature(line) for line in tail.removesuffix("\n").split("\n")))

    def signed(self, key: SigningKey) -> Note:
        """Return the note with one more signature, over its text."""
        made = (key.name, key.verifier.id, key.sign(self.text.encode()))
        return Note(self.text, (*self.signatures, made))

    def of(self, key: VerifierKey) -> list[bytes]:
        """Return what the key's lines hold, unchecked."""
        return [made for name, number, made in self.signatures if name == key.name and number == key.id]

    def require(self, key: VerifierKey) -> None:
        """BadNote unless the key signed the text."""
        if not any(key.verifies(made, self.text.encode()) for made in self.of(key)):
            raise BadNote(f"not signed by {key.name} with the key {key.id.hex()}")


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    raw = _bytes(parts[2]) if len(parts) == 3 else b""
    if len(parts) != 3 or parts[0] != _DASH or not _NAME.fullmatch(parts[1]) or len(raw) < 5:
        raise BadNote("a signature line reads: em dash, name, base64")
    return parts[1], raw[:4], raw[4:]


def _bytes(text: str) -> bytes:
    try:
        return encoded.read(text)
    except ValueError:
        return b""
