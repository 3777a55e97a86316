"""Words that are nobody's secret: accounts of systems, placeholders, endings of files; data beside the rules."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "rules"


def _read(name: str) -> frozenset[str]:
    return frozenset((_FOLDER / f"{name}.txt").read_text("utf-8").split())


ACCOUNTS = _read("accounts")
PLACEHOLDERS = _read("placeholders")
ENDINGS_OF_FILES = _read("endings_of_files")
