"""Both passes over the files of a bundle, in processes; one that dies costs its file."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.redaction import memory
from holdfast.redaction.captures import CaptureBroken
from holdfast.redaction.deriving import Derived, Writer, derive, overwritten
from holdfast.redaction.files import Discovered, Reader, Withheld, discover
from holdfast.redaction.kinds import Kind
from holdfast.redaction.known import Known
from holdfast.redaction.proving import pieces_of
from holdfast.redaction.redactor import Redactor, engine_of
from holdfast.redaction.windows import Unbroken

Array = np.ndarray[Any, Any]
_WORTH_PROCESSES = 2 << 20
RELEASED = ("dump", "binary", "image", "document", "database")
"""Kinds that go out only when a person has released them, overwritten at the same length."""


@dataclass(slots=True)
class Task:
    """A file, where its rows are stored between the passes and where its derivative goes."""

    number: int
    path: Path
    kind: Kind
    store: Path
    out: Path
    size: int
    exempt: bool = False
    """Only values found elsewhere are removed from it."""
    found: Discovered = field(default_factory=Discovered)
    gids: Array = field(default_factory=lambda: np.empty(0, np.int64))


_readers: Any = None
_writers: Any = None
"""Of ordinary files, and of those that the policy exempts."""


def prepare(redactor: Redactor) -> None:
    """Make ready for both passes."""
    global _readers
    engines = redactor.engine, engine_of(())
    _readers = tuple(Reader(engine, redactor.names, redactor.policy) for engine in engines)


def prepare_writing(known: Known, explain: bool) -> None:
    """Make ready for the second pass; the processes inherit it."""
    global _writers
    pieces = pieces_of(known)
    _writers = tuple(Writer(reader, known, pieces, explain) for reader in _readers)


def discovered(task: Task) -> Discovered | str:
    """First pass over one file; a text says why the file is withheld."""
    try:
        if task.kind.name in RELEASED:
            return memory.discover(task.path, _readers[task.exempt])
        return discover(task.path, task.kind, _readers[task.exempt], task.store)
    except (Withheld, Unbroken) as why:
        return str(why)
    except OSError:
        raise
    except Exception as error:
        return f"reading it failed: {type(error).__name__}"


def derived(task: Task) -> Derived | str:
    """Second pass over one file: write, and search what is written."""
    writer = _writers[task.exempt]
    try:
        if task.kind.name in RELEASED:
            return overwritten(task.path, task.out, writer)
        return derive(task.path, task.kind, task.found, task.store, task.gids, task.out, writer)
    except (Withheld, Unbroken, CaptureBroken) as why:
        return str(why)
    except OSError:
        raise
    except Exception as error:
        return f"writing it failed: {type(error).__name__}"


def run(act: Callable[[Task], Any], tasks: Sequence[Task], workers: int) -> Iterator[tuple[Task, Any]]:
    """Run one pass, the largest files first; yields each task with its answer. OSErrors are raised."""
    order = sorted(tasks, key=lambda task: -task.size)
    workers = min(workers, len(order))
    if workers <= 1 or sum(task.size for task in order) < _WORTH_PROCESSES:
        for task in order:
            yield task, act(task)
        return
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else None)
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [(task, pool.submit(act, task)) for task in order]
        for task, future in futures:
            try:
                yield task, future.result()
            except BrokenProcessPool:
                yield task, "its reader died"
