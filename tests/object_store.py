"""A real server that speaks S3, started by the suite."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a store on the server, with a bucket of its own."""
    with _served() as address:
        yield address


@pytest.fixture(scope="session")
def far_s3() -> Iterator[str]:
    """The address of a store on another server."""
    with _served() as address:
        yield address


@contextmanager
def _served() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    _wait_and_make_bucket(address)
    yield f"s3://key:secret@vault/sealed?endpoint={address}&region=us-east-1"
    server.terminate()
    server.wait(10)


def _wait_and_make_bucket(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(
                urllib.request.Request(f"{address}/vault", method="PUT"), timeout=5
            ).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the S3 server did not start")
