"""How much of a kept file is looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from holdfast.diagnostics.viewing.content import Content, Opener
from holdfast.diagnostics.viewing.pages import DATA, REDACTED


@dataclass(eq=False)
class Counted:
    """A content that counts the bytes it is asked for or searches."""

    inner: Content
    looked_at: int = 0

    @property
    def size(self) -> int:
        return self.inner.size

    def __getitem__(self, span: slice) -> bytes:
        found = self.inner[span]
        self.looked_at += len(found)
        return found

    def find(self, sought: bytes, start: int = 0, end: int | None = None) -> int:
        return self._told(self.inner.find(sought, start, end), start, end)

    def search(self, pattern: re.Pattern[bytes], start: int, end: int, longest: int) -> int:
        return self._told(self.inner.search(pattern, start, end, longest), start, end)

    def _told(self, at: int, start: int, end: int | None) -> int:
        self.looked_at += (at if at >= 0 else self.size if end is None else end) - start
        return at


@dataclass(eq=False)
class Counting:
    """An opener whose kept lines are counted."""

    opener: Opener
    lines: Counted | None = None

    def __call__(self, path: Path) -> Content:
        opened = self.opener(path)
        if path.suffix in (DATA, REDACTED):
            opened = self.lines = Counted(opened)
        return opened
