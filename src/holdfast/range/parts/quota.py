"""A directory that holds no more bytes than its quota, enforced on every write."""

import errno
import os
from pathlib import Path


class QuotaDirectory:
    """Appends to files in `root`; a write that would pass `quota` bytes fails with ENOSPC."""

    def __init__(self, root: Path, quota: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.quota = quota

    def used(self) -> int:
        """Bytes really lying in the directory."""
        return sum(entry.stat().st_size for entry in os.scandir(self.root) if entry.is_file())

    def append(self, name: str, data: bytes) -> None:
        """Append to the file `name` or raise `OSError(ENOSPC)` without writing."""
        if self.used() + len(data) > self.quota:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(Path("/var/lib/data") / name))
        with (self.root / name).open("ab") as file:
            file.write(data)

    def truncate(self, name: str) -> int:
        """Empty the file `name`; returns how many bytes that freed."""
        path = self.root / name
        freed = path.stat().st_size if path.exists() else 0
        path.write_bytes(b"")
        return freed
