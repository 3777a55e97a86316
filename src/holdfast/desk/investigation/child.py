"""The child processes that read and that redact; they load the engine, and no Django."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


class _Listener:
    """Who started the child; when it is gone there is nothing more to do."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe, self._gone = pipe, threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        with suppress(EOFError, OSError):
            self.pipe.recv()  # nothing is ever sent: this ends when the worker is gone
        self._gone.set()

    def told(self, percent: int, what: str, stop: Callable[[], Exception]) -> None:
        """Tell how far it is; raises what `stop` makes when nobody listens any more."""
        if self._gone.is_set():
            raise stop()
        with suppress(OSError):
            self.pipe.send(("progress", (percent, what)))


def read(pipe: Connection, evidence: list[Path], baseline: list[Path], at: int | None, kept: Path) -> None:
    """Read the evidence and send progress, then the report, through the pipe; end when nobody listens."""
    from holdfast.diagnostics.investigate import Cancelled, Progress, investigate

    listener = _Listener(pipe)

    def progress(now: Progress) -> None:
        percent = int(100 * now.done / now.total) if now.total else 0
        listener.told(percent, now.what, Cancelled)

    with suppress(Cancelled, OSError):
        diagnosis = investigate(evidence, baseline=baseline, at=at, keep=kept, progress=progress)
        pipe.send(("done", diagnosis.to_dict()))


def redact(pipe: Connection, report: dict[str, Any], kept: Path, key: bytes) -> None:
    """Leave the derivatives of a reading in its folder and send the redacted report."""
    from holdfast.desk.investigation.deriving import derive
    from holdfast.redaction import Key

    listener = _Listener(pipe)
    with suppress(EOFError, OSError):
        made = derive(report, kept, Key(key), lambda what: listener.told(99, what, EOFError))
        pipe.send(("done", made))
