"""`holdfast serve`: more than one process answers, one that dies costs nobody the desk, and none is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")


def beside(number: int) -> dict[int, str]:
    """Return the modules that run as children of a process."""
    found = {}
    for one in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((one / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (one / "cmdline").read_bytes().decode().split("\0")
            if parent == number and "-m" in words:
                found[int(one.name)] = words[words.index("-m") + 1]
    return found


def runs(number: int) -> bool:
    """Whether a process is there and no zombie that nobody has buried yet."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(what, seconds=30.0):
    ends = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.1)
    return found


@pytest.fixture
def served(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "holdfast.web.settings",
        "HOLDFAST_DATA": str(tmp_path),
        "HOLDFAST_DATABASE_URL": "",
        "HOLDFAST_WEB_PROCESSES": "2",
    }
    command = [sys.executable, "-m", "holdfast.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    yield process, address
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_process_that_dies_is_replaced_and_all_end_with_the_server(served):
    process, address = served
    answering = until(
        lambda: [n for n, module in beside(process.pid).items() if module == "holdfast.web.answering"]
    )
    os.kill(answering[0], signal.SIGKILL)
    for _ in range(20):
        with contextlib.suppress(
            httpx.TransportError
        ):  # the one that was killed may have held this connection
            assert httpx.get(f"{address}/healthz", timeout=10).status_code == 200
    again = until(
        lambda: [n for n, module in beside(process.pid).items() if module == "holdfast.web.answering"]
    )
    assert again != answering
    left = beside(process.pid)
    assert sorted(left.values()) == ["holdfast.web.answering", "holdfast.web.worker"]
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    until(lambda: not any(map(runs, left)))


def test_none_is_left_behind_where_the_server_is_killed(served):
    process, _ = served
    left = until(lambda: beside(process.pid))
    process.kill()
    process.wait()
    until(lambda: not any(map(runs, left)))


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_address_that_is_taken_is_said_at_once(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "holdfast.cli", command, "--port", str(port)],
            env=os.environ | {"HOLDFAST_DATA": str(tmp_path)}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
