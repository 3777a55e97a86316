"""The figures, one module each; being a subclass in this folder is what registers one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from holdfast.desk.insight.figure import Figure


def all_figures() -> dict[str, Figure]:
    """Return one of each figure by its name, in the order of their ids."""
    _load()
    found = sorted(Figure.registry.values(), key=lambda kind: (kind.id[0] != "F", int(kind.id[1:])))
    return {kind.name: kind() for kind in found}


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
