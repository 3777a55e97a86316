"""A key, a redactor with all rules, and a bundle made of texts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from holdfast.redaction import Key, Policy, Redactor, Report, redact_bundle

Bundle = Callable[..., tuple[Report, dict[str, bytes]]]


@pytest.fixture(scope="session")
def key() -> Key:
    """The same for every test."""
    return Key(bytes(range(32)))


@pytest.fixture(scope="session")
def redactor(key: Key) -> Redactor:
    """All rules."""
    return Redactor(key)


@pytest.fixture
def redacted(tmp_path: Path, key: Key) -> Bundle:
    """Redact files given as name -> bytes; return the report and derivatives by their first number."""

    def run(
        files: Mapping[str, bytes], policy: Policy | None = None, **options: object
    ) -> tuple[Report, dict[str, bytes]]:
        folder = tmp_path / "in"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        report = redact_bundle([folder], tmp_path / "out", key, policy, workers=1, **options)  # type: ignore[arg-type]
        names = sorted(files)
        made = {}
        for entry in report.entries:
            if entry.derivative:
                made[names[int(entry.id[1:]) - 1]] = (tmp_path / "out" / entry.derivative).read_bytes()
        return report, made

    return run
