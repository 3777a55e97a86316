"""What a reading of a log leaves beside its bytes: one array a column, mapped without being loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from holdfast.diagnostics.viewing.content import Mapped, Opener

NO_TIME = -(2**63)
LEVELS = ("", "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRITICAL", "FATAL")
"""Words of `holdfast.diagnostics.logs.Level`, whose import would load the whole log engine."""
_NAMES = ("line", "time", "level", "template", "component", "ids")
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry per record, in line order; see `holdfast.diagnostics.logs.LogTable` for the units."""

    line: Array
    time: Array
    level: Array
    template: Array
    component: Array
    ids: Array
    id_spans: Array | None
    """First byte and the byte after the last of each id, shape (ids, 2)."""
    templates: list[dict[str, Any]]
    components: list[str]
    zone: str


def open_columns(folder: Path, artefact: str, opener: Opener = Mapped, form: str = "") -> Columns | None:
    """Map the columns of a log; None when the artefact has none. form: `redacted.` for its derivative."""
    try:
        words = orjson.loads(opener(folder / f"{artefact}.{form}log.json")[:])
        line, time, level, template, component, ids = (_mapped(folder, artefact, name) for name in _NAMES)
    except (OSError, ValueError):
        return None
    try:
        spans = _mapped(folder, artefact, f"{form.replace('.', '_')}id_spans")
    except (OSError, ValueError):
        spans = None
    known = words["templates"], words["components"], words.get("zone", "")
    return Columns(line, time, level, template, component, ids, spans, *known)


def _mapped(folder: Path, artefact: str, name: str) -> Array:
    found: Array = np.load(folder / f"{artefact}.{name}.npy", mmap_mode="r", allow_pickle=False)
    return found
