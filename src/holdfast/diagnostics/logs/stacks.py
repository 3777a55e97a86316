"""Stack traces across languages: read from exemplars, grouped by exception chain and frames."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.matching import Ints
from holdfast.diagnostics.logs.table import Stack

MOST_BYTES = 262_144  # of one exemplar that are read
MOST_FRAMES = 200  # that make the key
MOST_EXEMPLARS = 20_000

_TYPE = r"[A-Za-z_][\w.$]{0,200}"
JVM_FRAME = re.compile(r"^\s*at (?:[\w.@$-]+/)*([\w.$<>/]+)\(([^()]*)\)")
NODE_FRAME = re.compile(
    r"^\s*at (?:async )?([^(\s][^(]{0,200}?) ?\(?((?:file://|node:|[A-Za-z]:\\|/|webpack)[^()]*?):\d+:\d+\)?$"
)
DOTNET_FRAME = re.compile(r"^\s*at ([\w.`<>\[\],+$|]+)\(.*?\)(?: in (.*):line \d+)?\s*$")
PYTHON_FRAME = re.compile(r'^\s*File "([^"]{1,400})", line \d+, in (.{1,200})$')
GO_FRAME = re.compile(r"^([\w./()*-]{1,300}\.[\w.()*\[\]-]{1,200})\((?:[^()]*|\.\.\.)\)$")
RUBY_FRAME = re.compile(r"^\s*(?:from )?([^\s:]{1,300}\.rb):\d+:in [`'](.{1,200}?)'")
HEADS = (
    re.compile(
        rf"^(?:Caused by: |Suppressed: |Exception in thread \"[^\"]*\" |\s*-+> )?"
        rf"({_TYPE}(?:Exception|Error|Throwable|Failure|Interrupt|Exit|Warning)[\w$]*)(?:$|:|\s*\()"
    ),
    re.compile(r"^(panic): "),
    re.compile(rf"\(({_TYPE}(?:Error|Exception))\)\s*$"),
    re.compile(r"(?:^|[\s:>(])((?:[a-z_]\w*\.)+[A-Z][\w$]*(?:Exception|Error))(?:$|:|\s)"),
    re.compile(r"(?:^|[\s:])((?:Type|Reference|Range|Syntax|URI|Eval|Assertion|Aggregate)?Error): "),
)
GENERATED = re.compile(
    r"\$\$?(?:Lambda|EnhancerBy|FastClassBy|Proxy|jacocoInit|ByteBuddy)[\w$./]*|\$Proxy\d+|0x[0-9a-fA-F]+|\d+"
)


@dataclass(frozen=True)
class Trace:
    """One stack trace as read: exception types outermost first, frames innermost call first."""

    language: str
    exceptions: tuple[str, ...]
    frames: tuple[str, ...]

    @property
    def key(self) -> str:
        """Equal for traces that differ only in line numbers, addresses or generated names."""
        text = "\n".join((*self.exceptions, "", *self.frames))
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _frame(line: str) -> tuple[str, str] | None:
    """Language and normal form of a frame."""
    if found := PYTHON_FRAME.match(line):
        return "python", f"{found[2]} ({_file(found[1])})"
    if found := NODE_FRAME.match(line):
        return "node", f"{found[1]} ({_file(found[2])})"
    if found := JVM_FRAME.match(line):
        source = found[2].split(":")[0]
        if source.endswith((".java", ".kt", ".scala", ".groovy", "Method", "Source")) or source in {
            "",
            "<generated>",
        }:
            return "java", found[1]
    if found := DOTNET_FRAME.match(line):
        return "dotnet", found[1]
    if found := RUBY_FRAME.match(line):
        return "ruby", f"{found[2]} ({_file(found[1])})"
    if found := GO_FRAME.match(line):
        return "go", found[1]
    return None


def _file(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _head(line: str) -> str | None:
    for pattern in HEADS:
        if found := pattern.search(line):
            return found[1]
    return None


def parse_trace(lines: Iterable[str]) -> Trace | None:
    """The stack trace in these lines, or None when there is neither a frame nor an exception."""
    languages: list[str] = []
    exceptions: list[str] = []
    frames: list[str] = []
    for raw in lines:
        line = raw[:1024].rstrip()
        if framed := _frame(line):
            languages.append(framed[0])
            if len(frames) < MOST_FRAMES:
                frames.append(GENERATED.sub("", framed[1]))
        elif (name := _head(line.lstrip())) and (not exceptions or exceptions[-1] != name):
            exceptions.append(GENERATED.sub("", name))
    if not frames:
        return None
    language = Counter(languages).most_common(1)[0][0]
    if language == "python":
        frames.reverse()
    return Trace(language, tuple(exceptions[:20]), tuple(frames))


def group_stacks(
    rows: Ints, line: NDArray[np.int32], text_of: Callable[[int, int, int], list[str]]
) -> tuple[Stack, ...]:
    """Stacks of a file from (record, hash, start, end) rows; `text_of` gives the lines of one of them."""
    if not len(rows):
        return ()
    _, first, inverse = np.unique(rows[:, 1], return_index=True, return_inverse=True)
    groups: dict[str, tuple[Trace, list[Ints]]] = {}
    order = np.argsort(inverse, kind="stable")
    bounds = np.searchsorted(inverse[order], np.arange(len(first) + 1))
    for number in np.argsort(first)[:MOST_EXEMPLARS].tolist():
        record, _, start, stop = (int(value) for value in rows[first[number]])
        trace = parse_trace(text_of(record, start, min(stop, start + MOST_BYTES)))
        if trace is not None:
            members = rows[order[bounds[number] : bounds[number + 1]], 0]
            groups.setdefault(trace.key, (trace, []))[1].append(members)
    return tuple(
        _stack(key, trace, np.sort(np.concatenate(parts)), line) for key, (trace, parts) in groups.items()
    )


def _stack(key: str, trace: Trace, records: Ints, line: NDArray[np.int32]) -> Stack:
    return Stack(
        key=key,
        language=trace.language,
        exceptions=trace.exceptions,
        frames=trace.frames,
        count=len(records),
        first_line=int(line[records[0]]) + 1,
        last_line=int(line[records[-1]]) + 1,
        records=records,
    )
