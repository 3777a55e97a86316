"""A pinned package with a known vulnerability fails the check; advisories that do not answer do not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[2] / "requirements" / "audit.py"
CASES = {
    '{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}': (0, "1 packages audited, 0 known"),
    '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}]}': (
        1,
        "a 1: X-1, fixed in 2",
    ),
    '{"dependencies": [{"name": "a", "skip_reason": "not there"}]}': (0, "1 packages not audited"),
    "": (0, "not audited: no answer"),
}


@pytest.mark.parametrize("answer", CASES)
def test_what_the_advisories_say_decides(answer, tmp_path):
    asked = tmp_path / "pip-audit"
    asked.write_text(f"#!{sys.executable}\nprint({answer!r})\n", "utf-8")
    asked.chmod(0o755)
    done = subprocess.run([sys.executable, AUDIT, asked], capture_output=True, text=True, check=False)
    code, told = CASES[answer]
    assert done.returncode == code
    assert told in done.stdout


def test_the_real_one_takes_every_list_of_pinned_packages():
    for name in ("run.txt", "test.txt", "assets.txt"):
        assert f'"{name}"' in AUDIT.read_text("utf-8")
        assert (AUDIT.parent / name).exists()


def test_every_test_the_threat_model_names_is_there():
    root = AUDIT.parents[1]
    named = set(re.findall(r"`(tests/[\w./]+)`", (root / "SECURITY.md").read_text("utf-8")))
    assert len(named) > 15
    assert [one for one in sorted(named) if not (root / one).exists()] == []
