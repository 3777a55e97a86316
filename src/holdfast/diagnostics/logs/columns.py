"""Logs that name their columns in a line of their own: the W3C extended format and its kin."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from holdfast.diagnostics.logs.layouts import Layout

MOST_COLUMNS = 100
MOST_LINES = 4  # different namings of one file that are read
NAMING = b"#Fields:"
NAMES = re.compile(NAMING + rb"[ \t]*(\S.*)")
TIMES = {
    ("date", "time"): "%i",
    ("date-time",): "%i",
    ("timestamp",): "%s",
    ("timestamp(ms)",): "%s",
    ("time",): "%H:%M:%S%f",
}


def columned(layout: Layout, lines: Sequence[bytes]) -> Iterator[Layout]:
    """The layout once for each line that names the columns; its `columns` says which names mean what.

    Of the names of a role the first in the file counts; `message` runs from its first name to its last.
    """
    found = dict.fromkeys(match[1] for line in lines if (match := NAMES.match(line)))
    for named in list(found)[:MOST_LINES]:
        text = named.decode("utf-8", "replace").strip()
        commas = "," in text
        names = [name.strip().lower() for name in text.split("," if commas else None)]
        if 2 <= len(names) <= MOST_COLUMNS:
            yield _laid_out(layout, names, commas)


def _laid_out(layout: Layout, names: list[str], commas: bool) -> Layout:
    roles: dict[int, str] = {}
    spoken = [names.index(name) for name in layout.columns.get("message", ()) if name in names]
    for role, known in layout.columns.items():
        held = [names.index(name) for name in known if name in names]
        if held and role != "message":
            roles[held[0]] = role
    at, length, time = next(
        (at, len(parts), time)
        for parts, time in [*TIMES.items(), ((), "")]
        for at in range(len(names))
        if tuple(names[at : at + len(parts)]) == parts
    )
    kind = "cell" if commas else "field"
    pieces = []
    for number, _ in enumerate(names):
        if at < number < at + length:
            continue
        role = roles.get(number, "column")
        piece = (
            "{time}" if number == at and length else "{status}" if role == "status" else f"{{{role}:{kind}}}"
        )
        opening = "{begin}" if spoken and number == min(spoken) else ""
        pieces.append(opening + piece + ("{upto}" if spoken and number == max(spoken) else ""))
    pattern = ("," if commas else " ").join(pieces) + "{end}"
    unanswered = pattern.replace("{status}", f"{{column:{kind}}}")  # a request that got no status
    patterns = (pattern, unanswered) if unanswered != pattern else (pattern,)
    return replace(
        layout, patterns=(*patterns, *layout.patterns), times=tuple(filter(None, (time, *layout.times)))
    )


__all__ = ["columned"]
