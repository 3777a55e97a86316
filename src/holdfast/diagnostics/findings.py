"""What a reader noticed, in one plain sentence with its proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from holdfast.diagnostics.artefacts import Locator


class Severity(IntEnum):
    """How much a finding matters to somebody who has to act."""

    INFO = 1
    WARNING = 2
    ERROR = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """Return the lower-case word used in the report and its JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation. Without at least one locator it may not argue for or against anybody."""

    rule: str
    """What kind of observation, as `<reader>.<what>`: `logs.new_template`, `traces.slower`."""
    title: str
    severity: Severity
    confidence: float
    """0..1: how sure the reader is that the sentence is true."""
    components: tuple[str, ...] = ()
    first: int | None = None
    """Nanoseconds UTC."""
    last: int | None = None
    count: int = 1
    locators: tuple[Locator, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    """Numbers behind the sentence; keys are documented per rule in the reference."""
    id: str = ""
    """`F-01`, `F-02`, ...: given when the diagnosis is put together."""
