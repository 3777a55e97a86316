"""Checkpoints: how long the log is and what its root is, signed by the log and cosigned by witnesses.

The text is C2SP tlog-checkpoint (origin, size, root); a cosignature is C2SP tlog-cosignature and says when.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from holdfast.ledger import encoded
from holdfast.ledger.notes import COSIGNATURE, BadNote, Note, SigningKey, VerifierKey

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log claims of itself at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encoded.written(self.root)}\n"

    def signed(self, key: SigningKey) -> Note:
        """Return the checkpoint as a note signed by the log."""
        return Note(self.text()).signed(key)

    @classmethod
    def of(cls, note: Note) -> Checkpoint:
        """Read a note's text; extension lines are allowed and stay signed."""
        lines = note.text.split("\n")
        if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
            raise BadNote("a checkpoint has an origin, a size and a root, one a line")
        try:
            root = encoded.read(lines[2])
        except ValueError:
            root = b""
        if len(root) != 32:
            raise BadNote("a checkpoint's root is 32 bytes as base64")
        return cls(lines[0], int(lines[1]), root)


def read(note: Note, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint if the log's key signed it and its origin is the key's name."""
    note.require(key)
    found = Checkpoint.of(note)
    if found.origin != key.name:
        raise BadNote(f"the checkpoint is of {found.origin}, the key of {key.name}")
    return found


def cosigned(note: Note, key: SigningKey, when: int) -> Note:
    """Return the note with a witness's signature; `when` is in seconds since 1970."""
    if key.algorithm != COSIGNATURE:
        raise BadNote("a witness signs with a cosignature key")
    made = when.to_bytes(8, "big") + key.sign(_seen(note, when))
    return Note(note.text, (*note.signatures, (key.name, key.verifier.id, made)))


def seen_at(note: Note, witness: VerifierKey) -> int | None:
    """Return when the witness saw the checkpoint, in seconds since 1970; None when it did not sign it."""
    for made in note.of(witness):
        when = int.from_bytes(made[:8], "big")
        if witness.algorithm == COSIGNATURE and witness.verifies(made[8:], _seen(note, when)):
            return when
    return None


def _seen(note: Note, when: int) -> bytes:
    return f"cosignature/v1\ntime {when}\n{note.text}".encode()
