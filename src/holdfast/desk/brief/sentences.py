"""What a brief is made of: sentences, each with the place that proves it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from holdfast.desk.cases.models import Kind

LONGEST = 320


@dataclass(frozen=True, slots=True)
class Sentence:
    """One fact and its place."""

    text: str
    label: str
    """The place as people say it: `entry 12`, `F-03`, `route.log:54`."""
    address: str
    """Path and query on the desk."""


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences that answer one question."""

    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """As much of an entry as a brief needs."""

    position: int
    kind: str
    text: str
    happened_at: datetime
    data: Mapping[str, Any]
    author: str


class Timeline:
    """The entries a reader may see, asked for the newest of its kind."""

    def __init__(self, key: str, entries: Iterable[Told]) -> None:
        self.key = key
        self.entries = list(entries)

    def newest(self, *, field: str = "", kind: str = "", has: str = "") -> Told | None:
        """Return the newest entry that changes a field, is of a kind, or carries a word in its data."""
        for one in reversed(self.entries):
            named = not field or one.data.get("field") == field
            if named and (not kind or one.kind == kind) and (not has or has in one.data):
                return one
        return None

    def say(self, text: str, entry: Told | None) -> list[Sentence]:
        """Return a sentence proved by an entry; none when the reader may not see such an entry."""
        if entry is None:
            return []
        return [Sentence(sentence(text), f"entry {entry.position}", self.at(entry.position))]

    def at(self, position: int) -> str:
        """Return the address of an entry, also of one that is pages back."""
        return f"{reverse('case', args=[self.key])}?upto={position}#entry-{position}"

    def latest(self, most: int) -> list[Told]:
        """Return the newest facts, actions and decisions, oldest first."""
        kinds = {Kind.FACT, Kind.ACTION, Kind.DECISION}
        return [one for one in self.entries if one.kind in kinds][-most:]


def place(key: str, version: int | None, locator: Mapping[str, Any]) -> tuple[str, str]:
    """Return label and address of a place in the evidence (`artefact`, `name`, `place`, `at`)."""
    query = {"version": version, "artefact": locator["artefact"], "at": f"{locator['place']}:{locator['at']}"}
    address = f"{reverse('diagnosis', args=[key])}?{urlencode(query)}#viewer"
    return f"{locator['name']}:{str(locator['at'])[:20]}", address


def finding(key: str, version: int, name: str) -> tuple[str, str]:
    """Return label and address of a finding."""
    return name, f"{reverse('diagnosis', args=[key])}?version={version}#{name}"


def sentence(text: str) -> str:
    """Return text as one sentence on one line, its middle cut out when it is long."""
    flat = " ".join(str(text).split())
    if len(flat) > LONGEST:
        flat = f"{flat[: LONGEST * 2 // 3]} … {flat[-LONGEST // 4 :]}"
    return flat if flat.endswith((".", "!", "?", "…")) else f"{flat}."


def moment(at: datetime) -> str:
    """Return a time as a brief writes it."""
    return f"{at.astimezone(UTC):%d %b %Y %H:%M} UTC"


_MARKS = re.compile(r"([\\`*_\[\]<>#|!])")


def markdown(title: str, foot: str, sections: Iterable[Section], base: str = "") -> str:
    """Return a brief as Markdown; what was written on the case stays text, whatever it looks like."""
    lines = [f"# {_plain(title)}", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        lines += [
            f"- {_plain(one.text)} [{_plain(one.label)}]({base}{one.address})" for one in section.sentences
        ]
        lines.append("")
    return "\n".join([*lines, _plain(foot), ""])


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
