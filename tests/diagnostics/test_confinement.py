"""What a confined process can no longer do, tried by a process that is confined."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRY = """
import ctypes, json, os, pathlib, socket, subprocess, sys, threading
from holdfast.diagnostics.confinement import confine
mine, scratch, other = map(pathlib.Path, sys.argv[1:4])
parent = os.getppid()
held = confine([mine], [scratch])

def tried(deed):
    try:
        deed()
    except (OSError, subprocess.SubprocessError) as error:
        return type(error).__name__
    return "done"

def threaded():
    seen = []
    one = threading.Thread(target=lambda: seen.append(mine.read_text()))
    one.start()
    one.join()
    assert seen == ["evidence"]

deeds = {
    "read the evidence": lambda: mine.read_text(),
    "write to the scratch folder": lambda: (scratch / "x").write_text("x"),
    "start a thread": threaded,
    "import": lambda: __import__("colorsys"),
    "write over the evidence": lambda: mine.write_text("forged"),
    "remove the evidence": lambda: mine.unlink(),
    "read another file": lambda: other.read_text(),
    "write another file": lambda: (other.parent / "new").write_text("x"),
    "list another folder": lambda: os.listdir("/etc"),
    "read the passwords": lambda: open("/etc/passwd").read(),
    "link out of the scratch folder": lambda: ((scratch / "l").symlink_to("/etc/passwd"), (scratch / "l").read_text()),
    "open a socket": lambda: socket.socket(),
    "open a socket to a file": lambda: socket.socket(socket.AF_UNIX),
    "start a program": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": lambda: os._exit(0) if os.fork() == 0 else None,
    "kill its parent": lambda: os.kill(parent, 0),
    "change rights": lambda: os.chmod(scratch, 0o777),
    "change marks": lambda: os.utime(scratch, (0, 0)),
}
print(json.dumps([held, {name: tried(deed) for name, deed in deeds.items()}]))
"""
ALLOWED = {"read the evidence", "write to the scratch folder", "start a thread", "import"}
BY_LANDLOCK = {
    "write over the evidence", "remove the evidence", "read another file", "write another file",
    "list another folder", "read the passwords", "link out of the scratch folder",
}  # fmt: skip


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    folder = tmp_path_factory.mktemp("confined")
    for name in ("mine", "other"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("evidence")
    (folder / "scratch").mkdir()
    given = [folder / "mine" / "file", folder / "scratch", folder / "other" / "file"]
    done = subprocess.run(
        [sys.executable, "-c", TRY, *map(str, given)], capture_output=True, text=True, check=True, timeout=60
    )
    assert (folder / "mine" / "file").read_text() == "evidence"
    return json.loads(done.stdout)


def test_reading_goes_on_and_nothing_else_does(tried):
    held, outcomes = tried
    refused = {name for name, outcome in outcomes.items() if outcome != "done"}
    assert not refused & ALLOWED
    if "landlock" in held:
        assert refused >= BY_LANDLOCK
    if "seccomp" in held:
        assert refused >= set(outcomes) - ALLOWED - BY_LANDLOCK


def test_both_layers_hold_where_the_kernel_has_them(tried):
    if sys.platform != "linux":
        pytest.skip("layers of Linux")
    version = tuple(int(part) for part in Path("/proc/sys/kernel/osrelease").read_text().split(".")[:2])
    if version < (5, 13):
        pytest.skip("this kernel is older than Landlock")
    assert tried[0] == ["landlock", "seccomp"]
