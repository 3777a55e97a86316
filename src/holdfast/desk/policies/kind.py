"""What a kind of policy is: a schema, a check for self-contradiction, and the defaults it ships with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

DEFAULT = "default"


class PolicyModel(BaseModel):
    """A piece of a policy: unknown words are faults, since a misspelt rule would silently not count."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things a policy says that cannot both hold."""

    at: tuple[str | int, ...]
    """The way to the place: keys and indexes."""
    reason: str


Value = TypeVar("Value", bound=PolicyModel)


class PolicyKind(Generic[Value]):
    """A kind of policy. A subclass, imported when its room starts, is registered by being there."""

    registry: ClassVar[dict[str, type[PolicyKind[Any]]]] = {}
    kind: ClassVar[str]
    """As in addresses and file names: `severity-matrix`."""
    title: ClassVar[str]
    says: ClassVar[str]
    """One sentence: what it decides."""
    schema: ClassVar[type[PolicyModel]]
    folder: ClassVar[Path]
    """Where the room ships `<kind>.<name>.yaml`."""

    def __init_subclass__(cls) -> None:
        if cls.kind in PolicyKind.registry:
            raise ValueError(f"two kinds of policy are called {cls.kind}")
        PolicyKind.registry[cls.kind] = cls

    @classmethod
    def contradictions(cls, value: Any) -> Iterable[Contradiction]:  # noqa: ARG003
        """Return what the policy says against itself; a kind with rules overrides this."""
        return ()

    @classmethod
    def unmet(cls, value: Any, organisation_id: int) -> Iterable[Contradiction]:  # noqa: ARG003
        """Return what the policy names that the organisation does not have; asked when it is published."""
        return ()

    @classmethod
    def shipped(cls) -> dict[str, str]:
        """Return the shipped texts by name."""
        return dict(_shipped(cls.folder, cls.kind))


@cache
def _shipped(folder: Path, kind: str) -> tuple[tuple[str, str], ...]:
    found = sorted(folder.glob(f"{kind}.*.yaml"))
    return tuple((path.name.split(".")[1], path.read_text("utf-8")) for path in found)


Heard = Callable[[str, int], None]
"""Told the kind and the organisation whose policy changed, in the transaction that published it."""
_listeners: list[Heard] = []


def when_published(heard: Heard) -> Heard:
    """Register who has to know of a published policy: rooms that keep something counted by it."""
    _listeners.append(heard)
    return heard


def tell_published(kind: str, organisation_id: int) -> None:
    """Tell everybody who has to know."""
    for heard in _listeners:
        heard(kind, organisation_id)


def all_kinds() -> dict[str, type[PolicyKind[Any]]]:
    """Return the kinds by their names."""
    return dict(sorted(PolicyKind.registry.items()))
