"""Series that correlation works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured quantity of one component over time, in time order."""

    component: str
    name: str
    times: Times
    """Nanoseconds UTC, shape (n,), ascending."""
    values: Values
    """Shape (n,); NaN where the source had no value."""
    artefact: str
    unit: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    samples: tuple[int, ...] = ()
    """Number of each value in its artefact, counted from 1: what a locator cites."""
