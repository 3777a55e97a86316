"""What a caged reader answers, taken apart without trusting it.

A reader has had hostile bytes in its hands, so what it sends is taken as if they had sent it: a pickle that may name
our own classes of data, arrays and times, and nothing that could be called to do something.
"""

from __future__ import annotations

import dataclasses
import enum
import io
import pickle
from typing import Any

from holdfast.diagnostics.analysers.contract import Reading

_OURS = "holdfast.diagnostics."
_PLAIN = {
    ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "bytearray"), ("builtins", "complex"),
    ("collections", "OrderedDict"), ("collections", "Counter"), ("collections", "deque"),
    ("datetime", "datetime"), ("datetime", "timedelta"), ("datetime", "timezone"), ("datetime", "date"),
    ("pathlib", "PosixPath"), ("pathlib", "PurePosixPath"), ("pathlib", "WindowsPath"),
    ("polars.dataframe.frame", "DataFrame"),
    ("numpy", "ndarray"), ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}  # fmt: skip


def understood(answer: bytes) -> Reading | tuple[Any, ...]:
    """Return a reading, or the tuple a reader says hello with. Raises ValueError for anything else."""
    try:
        found = _Plain(io.BytesIO(answer)).load()
    except Exception as error:
        raise ValueError(f"nothing that can be understood ({type(error).__name__}: {error})"[:200]) from error
    if isinstance(found, tuple) and found and all(isinstance(one, int | str) for one in found):
        return found
    if not isinstance(found, Reading):
        raise ValueError(f"with a {type(found).__name__}")
    return found


def _member(*given: object) -> enum.Enum:
    """Return the member of an enumeration, which some versions of Python 3.11 write as `getattr(kind, name)`."""
    match given:
        case type() as kind, str() as name if issubclass(kind, enum.Enum):
            return kind[name]
    raise pickle.UnpicklingError("builtins.getattr is no data")


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _member
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith(_OURS) and "." not in name else None
        if isinstance(found, type) and (
            dataclasses.is_dataclass(found) or issubclass(found, enum.Enum | tuple)
        ):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no data")
