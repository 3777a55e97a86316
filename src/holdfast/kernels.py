"""How compiled loops are declared."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])
LOOP: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
"""Kept on disk, so that later starts load it. Nobody counts who holds the arrays that a loop reads or hands on: that
costs more than what a short one does. So it can make none."""


def kernel(function: F) -> F:
    """Compile a loop that makes no arrays."""
    return cast(F, njit(**LOOP)(function))


def inlined(function: F) -> F:
    """Compile a part of a loop where the call, or handing it very many arrays, costs more than what it does."""
    return cast(F, njit(**LOOP, forceinline=True)(function))


def making(function: F) -> F:
    """Compile a loop that makes arrays of its own."""
    return cast(F, njit(**LOOP | {"_nrt": True})(function))
