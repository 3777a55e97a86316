"""A small case archive, made here."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.ledger.notes import SigningKey
from holdfast.portable import Member, write

KEY = SigningKey.make("desk.example/log")


@dataclass
class Bytes:
    data: bytes
    asked: int = 0

    @property
    def size(self):
        return len(self.data)

    def read(self, start, end):
        self.asked = max(self.asked, end - start)
        return self.data[start:end]


def packed(*members, about=None):
    found = members or (
        Member.of("records/a.jsonl", b'{"a": 1}\n{"a": 2}\n'),
        Member.of("evidence/7", b"x" * 700),
    )
    return b"".join(
        write(about or {"case": "ESC-1", "form": "redacted"}, found, KEY, lambda: {"counts": {"a": 2}})
    )


WHOLE = packed()
