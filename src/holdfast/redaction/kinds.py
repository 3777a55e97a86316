"""What a file is, as far as redaction goes: text that can be rewritten, or something that is withheld."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SAMPLE = 1 << 16
_MAGICS = (
    (b"\x89PNG\r\n\x1a\n", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"BM", "image"),
    (b"II*\0", "image"), (b"MM\0*", "image"), (b"%PDF", "document"), (b"PK\x03\x04", "archive"),
    (b"MDMP", "dump"), (b"JAVA PROFILE", "dump"), (b"PAGEDU", "dump"), (b"\x7fELF", "elf"),
    (b"\xd4\xc3\xb2\xa1", "pcap"), (b"\xa1\xb2\xc3\xd4", "pcap"), (b"\x4d\x3c\xb2\xa1", "pcap"),
    (b"\xa1\xb2\x3c\x4d", "pcap"), (b"\x0a\x0d\x0d\x0a", "pcapng"), (b"SQLite format 3\0", "database"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind and, of text, its encoding (`utf-8` stands for any that keeps ASCII)."""

    name: str
    encoding: str = ""


def kind_of(path: Path) -> Kind:
    """Judge a file by its first 64 KiB and, where it seems text, its end."""
    with path.open("rb") as stream:
        head = stream.read(SAMPLE)
    for magic, name in _MAGICS:
        if head.startswith(magic):
            if name == "elf":
                return Kind("dump" if head[16:18] in (b"\x04\0", b"\0\x04") else "binary")
            if magic != b"BM" or 0 in head[:64]:
                return Kind(name)
    if wide := _wide(head):
        return Kind("text", wide)
    return Kind("text", "utf-8") if is_text(head) else Kind("binary")


def is_text(sample: bytes) -> bool:
    """Tell whether bytes are text of some encoding that keeps ASCII: no zeros, hardly any control characters."""
    if not sample:
        return True
    if 0 in sample:
        return False
    odd = len(sample) - len(sample.translate(None, _ODD))
    return odd * 50 <= len(sample)


_ODD = bytes(code for code in range(32) if code not in (9, 10, 12, 13, 27)) + b"\x7f"


def _wide(head: bytes) -> str:
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    even, odd = head[::2], head[1::2]
    if len(head) >= 16 and len(odd):
        if odd.count(0) * 10 > len(odd) * 7 and even.count(0) * 20 < len(even):
            return "utf-16-le"
        if even.count(0) * 10 > len(even) * 7 and odd.count(0) * 20 < len(odd):
            return "utf-16-be"
    return ""
