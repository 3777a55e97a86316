"""A small log as a desk would keep it, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from holdfast.ledger.canonical import canonical
from holdfast.ledger.checkpoints import Checkpoint
from holdfast.ledger.commitments import Opening, commit, committed
from holdfast.ledger.exporting import Export, KeptCheckpoint, Proven, write
from holdfast.ledger.merkle import inclusion_proof, leaf_hash, root
from holdfast.ledger.notes import Note, SigningKey
from holdfast.ledger.tiles import Tiles

ORIGIN = "desk.example/log"


@dataclass
class Log:
    """A log as a desk would keep it."""

    key: SigningKey = field(default_factory=lambda: SigningKey.make(ORIGIN))
    tiles: Tiles = field(default_factory=lambda: Tiles({}))
    entries: list[bytes] = field(default_factory=list)
    openings: list[tuple[int, str, Opening]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def append(self, number: int) -> Note:
        """Append entries of somebody with a name, and sign a checkpoint."""
        for _ in range(number):
            who = commit(f"person {len(self.entries) % 7}")
            self.openings.append((len(self.entries), "by", who))
            deed = {"deed": "case.acknowledged", "case": f"ESC-{len(self.entries)}", "by": committed(who)}
            self.entries.append(canonical(deed))
        self.tiles.extend(
            len(self.entries) - number, map(leaf_hash, self.entries[len(self.entries) - number :])
        )
        self.notes.append(self.checkpoint(len(self.entries)).signed(self.key))
        return self.notes[-1]

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(ORIGIN, size, root(size, self.tiles))

    def export(self, out: Path, **other: object) -> Path:
        """Export the whole log; `part` chooses entries with their proofs."""
        size = len(self.entries)
        part = other.get("part")
        proven = None
        if isinstance(part, list):
            proven = [Proven(n, self.entries[n], tuple(inclusion_proof(n, size, self.tiles))) for n in part]
        openings = [one for one in self.openings if proven is None or one[0] in (part or [])]
        kept = [KeptCheckpoint(str(note)) for note in self.notes]
        write(Export(ORIGIN, str(self.key.verifier), kept, self.entries, proven, openings), out)
        return out
