"""Where decompressed evidence lies while it is read: files of ours, named by number."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from holdfast.diagnostics.bundle.limits import LimitHit, Limits

CHUNK = 1 << 16


class Readable(Protocol):
    """Anything with `read(size)`."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(slots=True)
class Spooled:
    """What came out of a stream."""

    path: Path
    size: int
    sha256: str
    cut: str = ""
    """Why it is not whole; empty when it is."""
    rule: str = ""


@dataclass(slots=True)
class Spool:
    """A folder of ours; keeps the count of all bytes against the limits."""

    folder: Path
    limits: Limits
    hashed: bool = True
    started: float = field(default_factory=time.monotonic)
    written: int = 0
    files: int = 0

    def keep(self, stream: Readable, broken: tuple[type[BaseException], ...], head: bytes = b"") -> Spooled:
        """Write a stream to a file of ours. A stream that breaks off is kept as far as it goes."""
        self.files += 1
        path = self.folder / f"{self.files}.data"
        digest, size, cut, rule = hashlib.sha256() if self.hashed else None, 0, "", ""
        with path.open("wb") as out:
            try:
                data = head or stream.read(CHUNK)
                while data:
                    self._count(len(data))
                    out.write(data)
                    if digest:
                        digest.update(data)
                    size += len(data)
                    data = stream.read(CHUNK)
            except LimitHit as hit:
                cut, rule = str(hit), hit.rule
            except broken as error:
                cut, rule = f"breaks off after {size:,} bytes: {_reason(error)}", "bundle.truncated"
        return Spooled(path, size, digest.hexdigest() if digest else "", cut, rule)

    def _count(self, size: int) -> None:
        self.written += size
        if self.written > self.limits.total:
            raise LimitHit(
                "bundle.too_large", f"more than {self.limits.total:,} bytes in all; the rest was left"
            )
        if time.monotonic() - self.started > self.limits.seconds:
            raise LimitHit(
                "bundle.too_slow", f"opening took more than {self.limits.seconds:.0f} s; the rest was left"
            )


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
