"""The gate a ticket is held against. A check looks at one thing, says why, and repairs it where the case knows how."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from holdfast.desk.cases.models import Case
from holdfast.desk.engineering.alike import Alike, alike
from holdfast.desk.engineering.citing import Place, Places
from holdfast.desk.engineering.filling import Facts, fill
from holdfast.desk.engineering.models import Reproduction, Ticket
from holdfast.desk.engineering.parts import PARTS
from holdfast.desk.people.models import Person


class Verdict(StrEnum):
    """What a check says."""

    MET = "met"
    WARNS = "warns"
    """Worth a look; it does not keep the ticket."""
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing, as it is shown at the place where it belongs."""

    part: str
    says: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What one check says of a ticket."""

    verdict: Verdict
    says: str
    gaps: tuple[Gap, ...] = ()
    repair: str = ""
    """What the repair does, where there is one."""
    other: Ticket | None = None
    """The ticket it speaks of."""


class Subject:
    """A ticket with all that checks hold it against, each looked up once."""

    def __init__(self, ticket: Ticket, by: Person) -> None:
        self.ticket, self.by = ticket, by
        self.case: Case = ticket.case
        self.parts: dict[str, str] = {name: ticket.parts.get(name, "") for name in PARTS}

    @cached_property
    def _filled(self) -> tuple[Facts, dict[str, str]]:
        return fill(self.case, self.ticket.component)

    @property
    def facts(self) -> Facts:
        """What the case holds now."""
        return self._filled[0]

    @property
    def known(self) -> dict[str, str]:
        """What the case says of each part now."""
        return self._filled[1]

    @cached_property
    def places(self) -> Places:
        """The places of the case."""
        return Places(self.case, self.facts.kept)

    @cached_property
    def cited(self) -> dict[str, list[Place]]:
        """What each part names."""
        return {name: self.places.find(text) for name, text in self.parts.items()}

    @cached_property
    def alike(self) -> list[Alike]:
        """Tickets of the owner that read like this one."""
        return alike(self.ticket, self.by)

    @cached_property
    def run(self) -> Reproduction | None:
        """The newest reproduction that the desk has run."""
        return self.ticket.reproductions.exclude(outcome=Reproduction.Outcome.WAITING).first()

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([self.ticket.summary, *self.parts.values(), self.ticket.patch])

    def lines(self, part: str) -> list[str]:
        """Return the lines of a part that have something in them."""
        return [line.strip() for line in self.parts[part].splitlines() if line.strip()]


class Check(ABC):
    """One check. A subclass in `checks/` is registered by being there."""

    registry: ClassVar[dict[str, type[Check]]] = {}
    name: ClassVar[str]
    place: ClassVar[int]
    """Where it stands in the gate."""
    title: ClassVar[str]
    why: ClassVar[str]
    """Why it matters to whoever gets the ticket."""
    part: ClassVar[str]
    """The part it is about most."""

    def __init_subclass__(cls) -> None:
        if cls.name in Check.registry:
            raise ValueError(f"two checks are called {cls.name}")
        Check.registry[cls.name] = cls

    @abstractmethod
    def look(self, subject: Subject) -> Looked:
        """Return what is to be said of a ticket."""

    def open(self, says: str, *gaps: str, repair: str = "", other: Ticket | None = None) -> Looked:
        """Return that it keeps the ticket, with what is missing in its part."""
        return Looked(Verdict.OPEN, says, tuple(Gap(self.part, gap) for gap in gaps), repair, other)

    def repair(self, subject: Subject) -> dict[str, str]:  # noqa: ARG002
        """Return the parts as they would be after the repair; nothing where there is none."""
        return {}


@dataclass(frozen=True, slots=True)
class Row:
    """A check and what it said."""

    check: Check
    looked: Looked

    @property
    def open(self) -> bool:
        """Whether it keeps the ticket."""
        return self.looked.verdict == Verdict.OPEN


@dataclass(frozen=True, slots=True)
class Quality:
    """What the gate says of a ticket."""

    rows: Sequence[Row]

    @property
    def open(self) -> list[str]:
        """The names of the checks that keep it."""
        return [row.check.name for row in self.rows if row.open]

    @property
    def met(self) -> int:
        """How many checks are met."""
        return sum(row.looked.verdict == Verdict.MET for row in self.rows)

    def gaps(self, part: str) -> list[str]:
        """Return what is missing in a part."""
        return [gap.says for row in self.rows for gap in row.looked.gaps if gap.part == part]


def all_checks() -> list[Check]:
    """Return one of each check in the order of the gate."""
    from holdfast.desk.engineering import checks

    for module in pkgutil.iter_modules(checks.__path__):
        importlib.import_module(f"{checks.__name__}.{module.name}")
    return sorted((kind() for kind in Check.registry.values()), key=lambda one: one.place)


def look(subject: Subject) -> Quality:
    """Hold a ticket against every check."""
    return Quality([Row(check, check.look(subject)) for check in all_checks()])
