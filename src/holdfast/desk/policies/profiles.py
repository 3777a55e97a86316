"""Profiles: sets of policies for one sort of organisation, as data; applying one publishes versions.

A profile is a folder in `profiles/`: `profile.yaml` with its title, what it is for and which kinds go back to
the shipped text, and a file `<kind>.<name>.yaml` for each policy of its own. A kind that comes later joins by
such a file, nothing else is edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import F

from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.policies.commands import Overtaken, Proposed, publish_all, require_publisher
from holdfast.desk.policies.comparing import Line, compare
from holdfast.desk.policies.kind import DEFAULT, PolicyKind, all_kinds
from holdfast.desk.policies.models import Version
from holdfast.desk.policies.queries import Policy, holding

FOLDER = Path(__file__).parent / "profiles"


class Overtakes(Overtaken):
    """Applying a profile would overtake versions the organisation wrote itself; nobody agreed to that yet."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A set of policies for one sort of organisation."""

    name: str
    title: str
    says: str
    texts: dict[tuple[str, str], str]
    """By kind and name of the policy."""


@dataclass(frozen=True, slots=True)
class Step:
    """What applying a profile does to one policy."""

    kind: type[PolicyKind[Any]]
    name: str
    holds: Policy[Any] | None
    """What holds before; None where nothing is called so."""
    text: str
    own: bool
    """Whether the organisation wrote what holds itself."""

    @property
    def changes(self) -> bool:
        """Whether it would change anything."""
        return self.holds is None or self.holds.text.rstrip() != self.text.rstrip()

    @property
    def lines(self) -> list[Line]:
        """What it would change, line by line."""
        return compare(self.holds.text if self.holds else "", self.text)


def profiles() -> dict[str, Profile]:
    """Return the profiles by name."""
    return {one.name: one for one in _read(FOLDER)}


def profile(name: str) -> Profile:
    """Return one profile; ObjectDoesNotExist when there is none of that name."""
    found = profiles().get(name)
    if found is None:
        raise ObjectDoesNotExist(f"no profile is called {name}")
    return found


@cache
def _read(folder: Path) -> tuple[Profile, ...]:
    return tuple(_profile(path.parent) for path in sorted(folder.glob("*/profile.yaml")))


def _profile(folder: Path) -> Profile:
    about = yaml.safe_load((folder / "profile.yaml").read_text("utf-8"))
    texts = {(kind, DEFAULT): all_kinds()[kind].shipped()[DEFAULT] for kind in about.get("shipped", ())}
    for path in sorted(folder.glob("*.*.yaml")):
        kind, name, _ = path.name.split(".")
        texts[kind, name] = path.read_text("utf-8")
    return Profile(folder.name, about["title"], about["says"], texts)


def plan(chosen: Profile, organisation: Organisation) -> list[Step]:
    """Return what applying a profile would do, in the order of the kinds."""
    kinds = {kind: all_kinds()[kind] for kind, _ in sorted(chosen.texts)}
    held = holding(organisation.id, kinds.values())
    return [
        _step(kinds[kind], name, held[kind].get(name), text)
        for (kind, name), text in sorted(chosen.texts.items())
    ]


def _step(kind: type[PolicyKind[Any]], name: str, holds: Policy[Any] | None, text: str) -> Step:
    ours = {one.rstrip() for one in _known(kind.kind, name)} | {kind.shipped().get(name, "").rstrip()}
    own = holds is not None and holds.version > 0 and holds.text.rstrip() not in ours
    return Step(kind, name, holds, text, own and holds is not None and holds.text.rstrip() != text.rstrip())


def _known(kind: str, name: str) -> Iterator[str]:
    """Return what the profiles write under a name: such a version is nobody's own."""
    for one in profiles().values():
        if (kind, name) in one.texts:
            yield one.texts[kind, name]


@transaction.atomic
def apply_profile(
    chosen: Profile, organisation: Organisation, *, by: Person, overtake: bool = False
) -> list[Version]:
    """Publish what a profile has otherwise than what holds; applied again it publishes nothing.

    Versions the organisation wrote itself are overtaken only where that was agreed to (`overtake`); they stay
    among the versions and can be published again.
    """
    require_publisher(organisation, by)
    # The row lock makes this take turns with whoever publishes meanwhile.
    Organisation.objects.filter(id=organisation.id).update(policies_at=F("policies_at"))
    return publish_all(organisation, proposed(chosen, organisation, overtake), by=by, why=reason(chosen))


def proposed(chosen: Profile, organisation: Organisation, overtake: bool) -> list[Proposed]:
    """Return what applying a profile would publish; raises Overtakes where that takes an agreement."""
    steps = [step for step in plan(chosen, organisation) if step.changes]
    own = [step for step in steps if step.own]
    if own and not overtake:
        listed = ", ".join(f"{s.kind.title} ({s.name}), {s.holds.label}" for s in own if s.holds)
        raise Overtakes(f"these of your own would be overtaken: {listed}; confirm that, or leave the profile")
    return [Proposed(s.kind, s.name, s.text, s.holds.version if s.holds else 0) for s in steps]


def reason(chosen: Profile) -> str:
    """Return why the versions of a profile were published."""
    return f"Profile {chosen.title}"
