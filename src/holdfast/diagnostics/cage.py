"""Readers in a cage: child processes with limits that can be killed, one artefact at a time.

A reader that raises, hangs, eats memory or is killed costs its artefact and nothing else. It sees the evidence and
Python, writes where it is told, reaches nobody (`confinement`), and what it answers is data and never runs
(`answers`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from holdfast.diagnostics.analysers.contract import Opened, Reading
from holdfast.diagnostics.answers import understood
from holdfast.diagnostics.confinement import LAYERS
from holdfast.diagnostics.findings import Finding, Severity

GIB = 1 << 30


def processors() -> int:
    """How many processors reading may take: those there are, four at most."""
    return min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Cage:
    """Limits of one reader process."""

    processes: int = field(default_factory=processors)
    memory: int = 6 * GIB
    """Address space in bytes."""
    patience: float = 60.0
    """Seconds an artefact may take, and one more for each 2 MB of it."""
    work: float = 120.0
    """Seconds of a processor it may take, and one more for each MB of it: kept by the kernel, also when whoever
    watches the deadline is gone."""
    readable: tuple[Path, ...] = ()
    """Files and folders a reader may read, besides Python."""
    writable: tuple[Path, ...] = ()
    """Folders in which it may make files; the first is for what it needs only while it reads."""

    def deadline(self, opened: Opened) -> float:
        """Return the seconds this artefact may take."""
        return self.patience + opened.artefact.size / 2e6


def start(cage: Cage | None = None) -> Readers:
    """Start the reader processes; they warm up while the evidence is being opened."""
    return Readers(cage or Cage())


class Readers:
    """Some reader processes. Use as a context manager: leaving it ends them."""

    def __init__(self, cage: Cage) -> None:
        self._cage = cage
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-m", "holdfast.diagnostics.zygote", str(theirs.fileno())]
        self._zygote = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.PIPE)  # noqa: S603
        theirs.close()
        self._say(cage)
        self.confinement: tuple[str, ...] | None = None
        """The layers of `confinement` that hold in the readers; None until one is ready."""
        self._idle = [self._reader() for _ in range(cage.processes)]

    def _say(self, cage: Cage) -> None:
        assert self._zygote.stdin is not None
        limits = {
            "memory": cage.memory,
            "work": cage.work,
            "readable": [str(path.resolve()) for path in cage.readable],
            "writable": [str(path.resolve()) for path in cage.writable],
        }
        with contextlib.suppress(BrokenPipeError), self._zygote.stdin as pipe:
            pipe.write(json.dumps(limits).encode())

    def _reader(self) -> _Reader:
        return _Reader(self._cage, self._control)

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self._idle:
            reader.end()
        self._control.close()
        self._zygote.wait(10)

    def read(
        self, artefacts: Sequence[Opened], done: Callable[[Opened, Reading], None] | None = None
    ) -> list[Reading]:
        """Read all artefacts, the largest first; the readings come in the order given.

        One that is most of the evidence gets threads for the processes that will have nothing to do.
        """
        readings: dict[int, Reading] = {}
        given = shared(artefacts, self._cage.processes)
        waiting = sorted(range(len(artefacts)), key=lambda at: artefacts[at].artefact.size)
        busy: dict[_Reader, int] = {}
        try:
            while waiting or busy:
                while waiting and self._idle:
                    reader = self._idle.pop()
                    busy[reader] = waiting.pop()
                    reader.give(given[busy[reader]])
                for reader, reading in _finished(busy):
                    at = busy.pop(reader)
                    self._idle.append(self._reader() if reader.ended else reader)
                    readings[at] = reading
                    self.confinement = reader.confinement
                    if done:
                        done(artefacts[at], reading)
        finally:
            for reader in busy:  # cancelled from within `done`
                reader.end()
        return [readings[at] for at in range(len(artefacts))]


def shared(artefacts: Sequence[Opened], processes: int) -> list[Opened]:
    """The artefacts, each with threads for its share of all bytes."""
    total = sum(opened.artefact.size for opened in artefacts) or 1
    return [
        replace(opened, threads=max(1, round(processes * opened.artefact.size / total)))
        for opened in artefacts
    ]


def _finished(busy: dict[_Reader, int]) -> Iterator[tuple[_Reader, Reading]]:
    ready = wait([reader.pipe for reader in busy], timeout=0.2)
    for reader in list(busy):
        if reader.pipe in ready or reader.late():
            reading = reader.take()
            if reading is not None:
                yield reader, reading


class _Reader:
    """One process, forked off the zygote; it says its number when it is ready."""

    def __init__(self, cage: Cage, control: socket.socket) -> None:
        self._cage = cage
        ours, theirs = socket.socketpair()
        socket.send_fds(control, [b"1"], [theirs.fileno()])
        theirs.close()
        self.pipe = Connection(ours.detach())
        self.ended = False
        self.confinement: tuple[str, ...] = ()
        self._number = 0
        self._opened: Opened | None = None
        self._until = float("inf")

    def late(self) -> bool:
        return time.monotonic() > self._until

    def give(self, opened: Opened) -> None:
        self._opened = opened
        if self._number:  # the time counts from when it is ready
            self._until = time.monotonic() + self._cage.deadline(opened)
        with contextlib.suppress(OSError):  # a reader already dead is noticed when its answer is taken
            self.pipe.send(opened)

    def take(self) -> Reading | None:
        """Return the reading, or one that says how the reader ended; None when it only said it is ready."""
        assert self._opened is not None
        if self.late() and not self.pipe.poll():
            self.end()
            return failure(
                self._opened, f"took longer than {self._cage.deadline(self._opened):.0f} s and was stopped"
            )
        try:
            answer = understood(self.pipe.recv_bytes())
        except (EOFError, OSError):
            self.end()
            return failure(self._opened, "killed its reader")
        except ValueError as error:
            self.end()
            return failure(self._opened, f"made its reader answer {error}")
        if isinstance(answer, tuple):
            self._number, *held = answer
            self.confinement = tuple(layer for layer in LAYERS if layer in held)
            self._until = time.monotonic() + self._cage.deadline(self._opened)
            return None
        return answer

    def end(self) -> None:
        self.ended = True
        self.pipe.close()
        if self._number:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._number, signal.SIGKILL)


def failure(opened: Opened, what: str) -> Reading:
    """Return the reading of an artefact that could not be read: a finding, and the rest lives on."""
    finding = Finding(
        "reader.failed", f"{opened.artefact.name} {what}; it was kept unread", Severity.WARNING, 1.0
    )
    return Reading("unread", note=what, findings=[finding])
