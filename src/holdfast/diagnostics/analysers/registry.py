"""Which readers there are and which of them takes an artefact."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from holdfast.diagnostics.analysers.contract import Analyser, Sample

_by_name: dict[str, type[Analyser]] = {}


def register(analyser: type[Analyser]) -> None:
    """Add a reader; refuse a second one of the same name."""
    taken = _by_name.get(analyser.name)
    if taken is not None and taken.__module__ != analyser.__module__:
        raise TypeError(
            f"two analysers are named {analyser.name!r}: {taken.__module__}, {analyser.__module__}"
        )
    _by_name[analyser.name] = analyser


@cache
def registered() -> tuple[Analyser, ...]:
    """Return one instance of every reader, in order of name."""
    import holdfast.diagnostics.analysers as here

    for module in pkgutil.iter_modules(here.__path__):
        importlib.import_module(f"{here.__name__}.{module.name}")
    for entry in entry_points(group="holdfast.analysers"):
        entry.load()
    return tuple(_by_name[name]() for name in sorted(_by_name))


def choose(sample: Sample) -> Analyser | None:
    """Return the reader most sure of the sample, None when nobody recognises it."""
    best = max(registered(), key=lambda analyser: _sureness(analyser, sample), default=None)
    return best if best is not None and _sureness(best, sample) > 0 else None


def _sureness(analyser: Analyser, sample: Sample) -> float:
    try:
        return analyser.confidence(sample)
    except Exception:  # a reader that chokes on a sample is simply not its reader
        return 0.0
