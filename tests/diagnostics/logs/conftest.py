"""Writing small log files."""

from collections.abc import Callable
from pathlib import Path

import pytest

Writer = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write lines (text or bytes) to a file and give its path."""

    def writer(*lines: str | bytes, name: str = "app.log", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        raw = [line.encode(encoding) if isinstance(line, str) else line for line in lines]
        path.write_bytes(b"".join(line + b"\n" for line in raw))
        return path

    return writer
