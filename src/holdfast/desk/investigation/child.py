"""The child process that reads; it loads the engine, and no Django."""

from __future__ import annotations

import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path


def read(pipe: Connection, evidence: list[Path], baseline: list[Path], at: int | None, kept: Path) -> None:
    """Read the evidence and send progress, then the report, through the pipe; end when nobody listens."""
    from holdfast.diagnostics.investigate import Cancelled, Progress, investigate

    gone = threading.Event()

    def watch() -> None:
        with suppress(EOFError, OSError):
            pipe.recv()  # nothing is ever sent: this ends when the worker is gone
        gone.set()

    def progress(now: Progress) -> None:
        if gone.is_set():
            raise Cancelled
        with suppress(OSError):
            pipe.send(("progress", (int(100 * now.done / now.total) if now.total else 0, now.what)))

    threading.Thread(target=watch, daemon=True).start()
    with suppress(Cancelled, OSError):
        diagnosis = investigate(evidence, baseline=baseline, at=at, keep=kept, progress=progress)
        pipe.send(("done", diagnosis.to_dict()))
