"""What a reader is given and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.findings import Finding
from holdfast.diagnostics.signals import Signal

if TYPE_CHECKING:
    from holdfast.diagnostics.logbook import Logbook
    from holdfast.diagnostics.traces.spans import SpanTable

SAMPLE_BYTES = 65536
"""How much of the head of an artefact readers may look at to recognise it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of an artefact: all a reader may judge by."""

    name: str
    """A hint and nothing more: kind goes by content."""
    head: bytes
    size: int

    @property
    def text(self) -> str:
        """Return the head as text, undecodable bytes replaced."""
        return self.head.decode("utf-8", "replace")

    @property
    def whole(self) -> bool:
        """Tell whether the head is all there is."""
        return self.size <= len(self.head)


@dataclass(frozen=True, slots=True)
class Opened:
    """An artefact whose decompressed bytes lie in a file of ours."""

    artefact: Artefact
    path: Path
    keep: Path | None = None
    """Folder in which a reader may leave an index of what it read, for showing the evidence later."""
    threads: int = 1
    """How many a reader may have: its share of the processors."""

    def sample(self) -> Sample:
        """Return the head of the artefact."""
        with self.path.open("rb") as stream:
            return Sample(self.artefact.name, stream.read(SAMPLE_BYTES), self.artefact.size)


@dataclass(slots=True)
class Reading:
    """What a reader got out of one artefact."""

    kind: str
    """The kind by content that the artefact is then known by."""
    records: int = 0
    first: int | None = None
    """Nanoseconds UTC."""
    last: int | None = None
    zone: str | None = None
    note: str = ""
    """What was left unread and why."""
    remark: str = ""
    """What is worth knowing though nothing was lost."""
    findings: list[Finding] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    log: Logbook | None = None
    spans: SpanTable | None = None
    changes: list[Change] = field(default_factory=list)
    reported_at: int | None = None
    """When somebody noticed, where the artefact says so; nanoseconds UTC."""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A deploy, flag or configuration change that somebody or something made."""

    time: int
    """Nanoseconds UTC."""
    component: str
    kind: str
    title: str
    artefact: str
    entry: int
    """Number in its artefact, from 1."""


class Analyser(ABC):
    """Reads one kind of evidence."""

    name: ClassVar[str]
    """Unique; the first part of the rules of its findings."""
    reads: ClassVar[str]
    """What it reads, one line for the reference."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        from holdfast.diagnostics.analysers.registry import register

        register(cls)

    @abstractmethod
    def confidence(self, sample: Sample) -> float:
        """Return 0..1: how sure it is that the artefact is of its kind."""

    @abstractmethod
    def read(self, opened: Opened) -> Reading:
        """Read the artefact. May raise: the failure becomes a finding, the rest goes on."""
