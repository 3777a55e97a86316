"""What of a case travels to another desk: each room says it of its own records, in its module `carrying`.

Of every model that hangs on a case a room says one of two things: it is carried, and how; or it stays, and why. The
rooms only declare; `desk.portable` writes and reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from holdfast.desk.cases.models import Case, Entry, Notice, Part, SentKey
from holdfast.desk.outbox.models import Event, Job, Letter
from holdfast.desk.people.models import Person

Told = Callable[[Any, Person], Mapping[str, Any] | None]
"""Told a row and who exports it, whom nothing is told of that they may not see."""


@dataclass(frozen=True, slots=True)
class Record:
    """How the rows of one model travel."""

    model: type[Model]
    within: str = "case"
    """The column by which a row hangs on the case, or on a row that hangs on it."""
    anew: frozenset[str] = frozenset()
    """Columns that are of the desk it is on, and begin anew on the other."""
    plain: frozenset[str] = frozenset()
    """Columns of digests and codes, in which the gate looks for nothing."""
    shapes: Mapping[str, Any] = field(default_factory=dict)
    """Of each JSON column the type it has to have; pydantic checks it."""
    stops: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Values that stand for something under way there, and what they become here, by column."""
    ended: str = ""
    """The column that says when it ended; told so of what stops."""
    told: Told = lambda _, __: {}
    """Columns told otherwise than they stand; None leaves the row where it is."""

    @property
    def name(self) -> str:
        """What it is called in an archive: `updates.promise`."""
        return self.model._meta.label_lower


_carried: dict[str, Record] = {}
_staying: dict[str, str] = {}


def carries(*records: Record) -> None:
    """Say how models of a room travel; what others refer to first."""
    for one in records:
        _said_once(one.name)
        _carried[one.name] = one


def stays(reasons: Mapping[type[Model], str]) -> None:
    """Say which models of a room do not travel, and why."""
    for model, why in reasons.items():
        _said_once(model._meta.label_lower)
        _staying[model._meta.label_lower] = why


def _said_once(name: str) -> None:
    if name in _carried or name in _staying:
        raise ValueError(f"twice it is said whether {name} travels")


def carried() -> Mapping[str, Record]:
    """Return every record that travels by its name, in an order in which each comes after what it refers to."""
    return _carried


def staying() -> Mapping[str, str]:
    """Return what does not travel, with the reason."""
    return _staying


_OURS = ("organisation", "number", "customer", "owner", "entries_count", "head", "points", "standing")
_COUNTED = ("next_due_at", "next_clock", "next_clock_from", "clock_percent", "attention_at")

carries(
    Record(
        Case,
        within="",
        anew=frozenset((*_OURS, *_COUNTED)),
        shapes={"criteria": dict[str, str | int | bool], "scope": dict[str, list[str]]},
    ),
    Record(
        Entry,
        anew=frozenset({"person"}),
        plain=frozenset({"previous", "hash"}),
        shapes={"data": dict[str, Any]},
    ),
)
stays(
    {
        Part: "who helps is said by the desk that has the case",
        Notice: "it was said to people of the other desk",
        SentKey: "it keeps one desk from taking the same thing twice",
        Event: "it is in the ledger, which travels with its proofs",
        Job: "it was work of the other desk's machine",
        Letter: "it was sent; what it said is on the timeline",
    }
)
