"""Both passes over the files of a bundle, in processes; one that dies costs its file."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.redaction.captures import CaptureBroken
from holdfast.redaction.files import Derived, Discovered, Reader, Withheld, derive, discover, verify
from holdfast.redaction.kinds import Kind
from holdfast.redaction.learnt import Learnt
from holdfast.redaction.redactor import Redactor
from holdfast.redaction.windows import Unbroken


@dataclass(frozen=True, slots=True)
class Task:
    """A file and where its derivative goes."""

    number: int
    path: Path
    kind: Kind
    out: Path


@dataclass(slots=True)
class Setting:
    """What the second pass needs: the values of the whole bundle in all their writings."""

    redactor: Redactor
    learnt: Learnt
    gate: Learnt
    classes: Mapping[bytes, str]
    explain: bool


_setting: Any = None


def setting(
    redactor: Redactor, chosen: tuple[list[bytes], list[bool]], classes: Mapping[bytes, str], explain: bool
) -> Setting:
    """Make ready for the second pass; done once, the processes inherit it."""
    return Setting(redactor, Learnt(*chosen), Learnt(*chosen, whole=True), classes, explain)


def discovered(task: Task) -> Discovered | str:
    """First pass over one file; a text says why the file is withheld."""
    try:
        return discover(task.path, task.kind, _reader(_setting))
    except (Withheld, Unbroken) as why:
        return str(why)
    except OSError:
        raise
    except Exception as error:
        return f"reading it failed: {type(error).__name__}"


def derived(task: Task) -> Derived | str:
    """Second pass over one file: write, then search what was written."""
    now = _setting
    try:
        made = derive(
            task.path,
            task.kind,
            task.out,
            _reader(now.redactor),
            now.learnt,
            now.classes,
            explain=now.explain,
        )
        verify(task.out, now.gate)
    except (Withheld, Unbroken, CaptureBroken) as why:
        return str(why)
    except OSError:
        raise
    except Exception as error:
        return f"writing it failed: {type(error).__name__}"
    return made


def _reader(redactor: Redactor) -> Reader:
    return Reader(redactor.engine, redactor.names, redactor.policy)


def run(
    act: Callable[[Task], Any], tasks: Sequence[Task], now: Any, workers: int
) -> Iterator[tuple[Task, Any]]:
    """Run one pass, the largest files first; yields each task with its answer. OSErrors are raised."""
    global _setting
    _setting = now
    order = sorted(tasks, key=lambda task: -task.path.stat().st_size)
    workers = min(workers, len(order))
    if workers <= 1 or sum(task.path.stat().st_size for task in order) < 1 << 21:
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
