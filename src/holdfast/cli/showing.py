"""`holdfast show`: the proof of a finding, at its line."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text


def run(what: str, report: Path, keep: Path, around: int) -> int:
    """Print the places that prove a finding (or one place, `A7:54`); return the exit code."""
    try:
        diagnosis = orjson.loads(report.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        print(f"holdfast: {report} is not a report: {error}", file=sys.stderr)
        return 2
    places = _places(what, diagnosis)
    if not places:
        print(f"holdfast: {what} names no finding and no place of {report}", file=sys.stderr)
        return 2
    names = {artefact["id"]: artefact["name"] for artefact in diagnosis["artefacts"]}
    console = Console()
    for place in places:
        _show(console, place, names, keep, around)
    return 0


def _places(what: str, diagnosis: dict[str, Any]) -> list[dict[str, Any]]:
    for finding in diagnosis["findings"]:
        if finding["id"] == what:
            return list(finding["locators"])
    artefact, _, line = what.partition(":")
    return [{"artefact": artefact, "line": int(line)}] if line.isdigit() else []


def _show(console: Console, place: dict[str, Any], names: dict[str, str], keep: Path, around: int) -> None:
    artefact = place["artefact"]
    path = keep / f"{artefact}.data"
    if artefact not in names or not path.exists():
        console.print(f"{artefact} is not among the evidence kept in {keep}", markup=False)
        return
    line = place.get("line") or _line_of(path, str(place.get("span", "")))
    console.print(Text(f"{names[artefact]}:{line}", style="bold cyan"))
    first = max(1, int(line) - around)
    with path.open("rb") as stream:
        for number, text in enumerate(islice(stream, first - 1, int(line) + around), first):
            mark = "▸" if number == line else " "
            said = text[:2000].decode("utf-8", "replace").rstrip()
            console.print(
                Text(f" {mark}{number:>7} {said}", style="bold" if number == line else ""), soft_wrap=True
            )


def _line_of(path: Path, mark: str) -> int:
    """Return the first line that holds a mark, 1 when none does."""
    with path.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            if mark and mark.encode() in text:
                return number
    return 1
