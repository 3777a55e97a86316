"""How a file's bytes become text: UTF-8, UTF-16, Latin-1; and whether it is text at all."""

import codecs
import tempfile
from pathlib import Path
from typing import IO

import numpy as np

from holdfast.diagnostics.logs.lanes import controls_and_nuls
from holdfast.diagnostics.logs.matching import Bytes, Ints

BLOCK = 1 << 20
CONTROL_SHARE = 0.1  # of control bytes, above which a file is no text


def sample_of(data: Bytes) -> bytes:
    """Head, middle and tail, 64 KB each."""
    size = len(data)
    starts = [0] if size <= 1 << 16 else [0, size // 2, size - (1 << 16)]
    return b"".join(data[start : start + (1 << 16)].tobytes() for start in starts)


def encoding_of(data: Bytes) -> str:
    """`utf-8`, `utf-8-sig`, `utf-16-le`, `utf-16-be`, `latin-1`, `mixed` (UTF-8 and Latin-1) or `binary`."""
    sample = sample_of(data)
    if sample.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if sample.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if wide := _wide(sample[:4096]):
        return wide
    if _binary(sample):
        return "binary"
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return _narrow(sample)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: every second byte is NUL in mostly ASCII text."""
    if len(sample) < 16:
        return ""
    even, odd = sample[0::2].count(0) / (len(sample) / 2), sample[1::2].count(0) / (len(sample) / 2)
    if odd > 0.6 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.05 else ""


def _binary(sample: bytes) -> bool:
    if not sample:
        return False
    base = int(np.frombuffer(sample, np.uint8).ctypes.data)
    controls, nuls = controls_and_nuls(base, base + len(sample))
    if controls / len(sample) > CONTROL_SHARE:
        return True
    runs = sample.count(b"\0" * 64) * 64 if nuls else 0
    return nuls / len(sample) - runs / len(sample) > 0.3


def _narrow(sample: bytes) -> str:
    if _valid(sample):
        return "utf-8"
    lines = sample.split(b"\n")[1:-1] or [sample]
    if all(_valid(line) for line in lines):
        return "utf-8"
    multibyte = any(not line.isascii() and _valid(line) for line in lines)
    return "mixed" if multibyte else "latin-1"


def _valid(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def to_text(raw: bytes) -> str:
    """UTF-8, else Latin-1: no byte is lost, and mixed files read line by line."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def transcoded(path: Path, encoding: str) -> IO[bytes]:
    """A temporary UTF-8 copy of a UTF-16 file; it is removed when closed."""
    copy = tempfile.NamedTemporaryFile(prefix="holdfast-", suffix=".log")  # noqa: SIM115 the caller closes it
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as source:
        while block := source.read(BLOCK):
            copy.write(decoder.decode(block).removeprefix("\ufeff").encode("utf-8", "replace"))
        copy.write(decoder.decode(b"", final=True).encode("utf-8", "replace"))
    copy.flush()
    return copy


def wide_line_starts(data: Bytes, encoding: str) -> Ints:
    """Byte offset in the UTF-16 file of each line's first character."""
    whole = data[: len(data) - len(data) % 2]
    units = np.frombuffer(whole, "<u2" if encoding.endswith("le") else ">u2")
    starts = (np.flatnonzero(units == 10) + 1) * 2
    return np.concatenate([np.zeros(1, np.int64), starts])
