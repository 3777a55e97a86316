"""The process from which readers are forked: it has loaded everything, so a new reader costs nothing.

Run as `python -m holdfast.diagnostics.zygote FD` with the readers' limits as JSON on standard input. For each file
descriptor that arrives on FD it forks a reader which answers on it. It ends, and its readers with it, when the other
end of FD closes.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def main(control: socket.socket, limits: dict[str, Any]) -> None:
    """Fork a reader for each descriptor received, until there are no more.

    limits: `memory` in bytes of address space, `work` in seconds of a processor, `readable` and `writable` paths; see
    `cage.Cage`.
    """
    from holdfast.diagnostics.reading import warm

    warm()  # what every reader needs, loaded and compiled once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started the readers decides when to stop
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            return
        child = os.fork()
        if child == 0:
            control.close()
            _die_with_parent()
            with contextlib.suppress(BrokenPipeError):  # nobody waits for the answer any more
                _answer(Connection(descriptors[0]), limits)
            os._exit(0)
        os.close(descriptors[0])


def _die_with_parent() -> None:
    with contextlib.suppress(
        OSError, AttributeError
    ):  # Linux only; elsewhere the closed pipe ends the reader
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _answer(pipe: Connection, limits: dict[str, Any]) -> None:
    from holdfast.diagnostics.confinement import confine
    from holdfast.diagnostics.reading import read_one

    writable = [Path(one) for one in limits["writable"]]
    if writable:
        tempfile.tempdir = str(writable[0])
    for limit, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(limit, (most, most))
    compile_for_itself()
    held = confine([Path(one) for one in limits["readable"]], writable)
    pipe.send((os.getpid(), *held))
    while True:
        try:
            opened = pipe.recv()
        except (EOFError, OSError):
            return
        allow(limits["work"] + opened.artefact.size / 1e6)
        pipe.send(read_one(opened))


def compile_for_itself() -> None:
    """Keep nothing that this process has to compile: it may not write where compiled loops are kept."""
    from numba.core.caching import Cache

    Cache.save_overload = lambda *_: None  # type: ignore[method-assign]


def allow(seconds: float) -> None:
    """Let this process take so many more seconds of a processor; then the kernel ends it, whatever it runs."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), json.load(sys.stdin))
