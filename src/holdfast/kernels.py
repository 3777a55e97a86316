"""How compiled loops are declared."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])
SHARED = Path(__file__).parent / "diagnostics" / "logs"
"""The room whose loops the loops of others call."""
LOOP: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
"""Kept on disk, so that later starts load it. Nobody counts who holds the arrays that a loop reads or hands on: that
costs more than what a short one does. So it can make none."""


def kernel(function: F) -> F:
    """Compile a loop that makes no arrays."""
    return _compiled(function, LOOP)


def inlined(function: F) -> F:
    """Compile a part of a loop where the call, or handing it very many arrays, costs more than what it does."""
    return _compiled(function, LOOP | {"forceinline": True})


def making(function: F) -> F:
    """Compile a loop that makes arrays of its own."""
    return _compiled(function, LOOP | {"_nrt": True})


def _compiled(function: F, options: dict[str, Any]) -> F:
    forget_stale(Path(function.__code__.co_filename).parent)
    return cast(F, njit(**options)(function))


@cache
def forget_stale(room: Path) -> None:
    """Delete the compiled loops of a room that are older than any source they may be made of.

    numba looks only at the file a loop is written in; one that calls one of another, changed file would silently keep
    running the old one.
    """
    newest = max(source.stat().st_mtime for source in _sources(room))
    for kept in (room / "__pycache__").glob("*.nb[ic]"):
        with suppress(OSError):
            if kept.stat().st_mtime < newest:
                kept.unlink()


def _sources(room: Path) -> Iterator[Path]:
    return chain([Path(__file__)], room.glob("*.py"), SHARED.glob("*.py"))
