"""Reading ahead on a thread: what is decompressed and what becomes of it take a processor each."""

from __future__ import annotations

import queue
import threading
from types import TracebackType

from holdfast.diagnostics.bundle.spool import Readable

WORTH = 1 << 20
"""Bytes after which a stream gets a thread: most members of a bundle are smaller, and one for each costs more."""
PIECE, PIECES = 1 << 18, 8
"""Bytes read at a time, and how many such pieces may wait."""


class Ahead:
    """A stream read ahead of its reader. What goes wrong is raised where the reader gets there.

    Use as a context manager: after it nobody reads the stream below any more.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream, self._given = stream, 0
        self._waiting: queue.Queue[bytes | BaseException] = queue.Queue(PIECES)
        self._piece = memoryview(b"")
        self._thread: threading.Thread | None = None
        self._left = threading.Event()
        self._ended: BaseException | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        while self._thread is not None and self._thread.is_alive():
            while not self._waiting.empty():  # it may wait for room
                self._waiting.get()
            self._thread.join(0.01)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, none at the end."""
        if self._thread is None:
            data = self._stream.read(size)
            self._given += len(data)
            if self._given >= WORTH:
                self._thread = threading.Thread(target=self._run, name="reading ahead", daemon=True)
                self._thread.start()
            return data
        if not self._piece:
            self._piece = memoryview(self._next())
        size = len(self._piece) if size < 0 else size
        data, self._piece = bytes(self._piece[:size]), self._piece[size:]
        return data

    def _next(self) -> bytes:
        """Return the next piece; once the stream has ended, or failed, it stays so."""
        if self._ended is not None:
            raise self._ended
        piece = self._waiting.get()
        if isinstance(piece, BaseException):
            self._ended = piece
            raise piece
        if not piece:
            self._waiting.put(piece)
        return piece

    def _run(self) -> None:
        piece: bytes | BaseException = b" "
        while piece and not isinstance(piece, BaseException) and not self._left.is_set():
            try:
                piece = self._stream.read(PIECE)
            except BaseException as error:  # it is raised where the reader gets there
                piece = error
            self._waiting.put(piece)
