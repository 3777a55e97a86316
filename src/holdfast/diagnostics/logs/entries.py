"""Logs whose entries are not lines: event XML, JSON documents with a list of events, the journal's export.

Each entry becomes one line of JSON in a temporary copy that is read like any log; lines and offsets
reported are those of the original.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from typing import IO
from xml.sax.saxutils import unescape

import numpy as np
import orjson

from holdfast.diagnostics.logs.encoding import to_text
from holdfast.diagnostics.logs.keyed import array_end
from holdfast.diagnostics.logs.matching import Bytes, Ints
from holdfast.kernels import kernel

Entry = tuple[int, bytes]
"""Where it starts in the file, and its line of JSON."""

HEAD = 65_536
LIST = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{(?:[^\[\]]{0,60000}?,)?\s*"(?:Records|items)"\s*:\s*\[\s*\{')
EVENT_XML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<Events[^>]*>\s*)?<Event[\s>]")
EXPORT = re.compile(rb"\A__CURSOR=[^\n]+\n(?:[A-Z_][A-Z0-9_]*(?:=[^\n]*|\n[\s\S]{8})\n){0,3}")
EVENT_EDGE = re.compile(rb"<Event[\s>]|</Event>")
MOST_EVENT = 1 << 20  # bytes of one event that are read
# Attributes are looked for within so many bytes of their tag: tags that never close must not cost a scan each.
ATTRIBUTES = {
    "provider": re.compile(rb"<Provider[^>]{0,400}?\bName=['\"]([^'\"]*)"),
    "time": re.compile(rb"<TimeCreated[^>]{0,400}?\bSystemTime=['\"]([^'\"]*)"),
    "event": re.compile(rb"<EventID[^>]{0,400}>([^<]*)"),
    "computer": re.compile(rb"<Computer>([^<]*)"),
    "message": re.compile(rb"<Message>([^<]*)"),
    "activity": re.compile(rb"<Correlation[^>]{0,400}?\bActivityID=['\"]\{?([^'\"}]*)"),
}
LEVEL = re.compile(rb"<Level>(\d+)")
LEVELS = {b"1": "critical", b"2": "error", b"3": "warning", b"4": "info", b"5": "verbose"}
DATA = re.compile(rb"<Data(?:\s{1,20}Name=['\"]([^'\"]{0,400})['\"])?[^>]{0,400}>([^<]*)</Data>")


def entries_of(data: Bytes) -> Callable[[Bytes], Iterator[Entry]] | None:
    """What cuts the file into entries, or None when its lines are its entries."""
    head = data[:HEAD].tobytes()
    if EVENT_XML.match(head):
        return event_xml
    if LIST.match(head):
        return listed
    return exported if EXPORT.match(head) else None


def event_xml(data: Bytes) -> Iterator[Entry]:
    """Events of the Windows event log as XML, with or without the rendered message."""
    for start, raw in _events(data):
        fields = {
            name: _plain(match[1]) for name, pattern in ATTRIBUTES.items() if (match := pattern.search(raw))
        }
        if level := LEVEL.search(raw):
            fields["level"] = LEVELS.get(level[1], "info")
        if "message" not in fields:
            values = [(_plain(name), _plain(value)) for name, value in DATA.findall(raw)]
            told = ", ".join(f"{name}={value}" if name else value for name, value in values)
            fields["message"] = f"event {fields.get('event', '?')}: {told}"
        yield start, orjson.dumps(fields)


def _events(data: Bytes) -> Iterator[tuple[int, bytes]]:
    """Start and bytes of each event that is closed."""
    start = -1
    for edge in EVENT_EDGE.finditer(data.data):
        if edge[0] != b"</Event>":
            start = edge.start() if start < 0 else start
        elif start >= 0:
            yield start, data[start : min(edge.end(), start + MOST_EVENT)].tobytes()
            start = -1


def _plain(raw: bytes) -> str:
    return unescape(to_text(raw), {"&quot;": '"', "&apos;": "'", "&#xD;": "", "&#xA;": "\n"}).strip()


@kernel
def object_end(pos: int, end: int) -> int:
    """Address after the JSON object at pos, or -1 when it is cut."""
    return array_end(pos, end, 0)


def listed(data: Bytes) -> Iterator[Entry]:
    """Objects of the list in a JSON document: CloudTrail's Records, a Kubernetes event list's items."""
    found = LIST.match(data[:HEAD].tobytes())
    base, size = int(data.ctypes.data), len(data)
    pos = found.end() - 1 if found else size
    while pos < size and data[pos] == ord("{"):
        end = object_end(base + pos, base + size)
        stop = size if end < 0 else end - base
        yield pos, re.sub(rb"\s*[\r\n]\s*", b" ", data[pos:stop].tobytes())
        pos = stop
        while pos < size and data[pos] in b" \t\r\n,":
            pos += 1


def exported(data: Bytes) -> Iterator[Entry]:
    """Entries of `journalctl -o export`: fields a line each, those with newlines as length and bytes."""
    view, pos, size = data.data, 0, len(data)
    fields: dict[str, str] = {}
    start = 0
    while pos < size:
        end = _newline(view, pos, size)
        line = bytes(view[pos:end])
        if not line:
            if fields:
                yield start, orjson.dumps(fields)
            fields, start = {}, end + 1
        elif b"=" in line:
            name, _, value = line.partition(b"=")
            fields[to_text(name)] = to_text(value)
        else:
            length = int.from_bytes(view[end + 1 : end + 9], "little")
            fields[to_text(line)] = to_text(bytes(view[end + 9 : min(end + 9 + length, size)]))
            end += 9 + length
        pos = end + 1
    if fields:
        yield start, orjson.dumps(fields)


def _newline(view: memoryview, pos: int, size: int) -> int:
    while pos < size:
        found = bytes(view[pos : pos + 4096]).find(b"\n")
        if found >= 0:
            return pos + found
        pos += 4096
    return size


def as_lines(data: Bytes, cut: Callable[[Bytes], Iterator[Entry]]) -> tuple[IO[bytes], Ints]:
    """A temporary copy with one line of JSON for each entry, and where each entry starts in the file."""
    copy = tempfile.NamedTemporaryFile(prefix="holdfast-", suffix=".log")  # noqa: SIM115 the caller closes it
    starts = []
    for start, line in cut(data):
        starts.append(start)
        copy.write(line + b"\n")
    copy.flush()
    return copy, np.array(starts, np.int64)


def line_numbers(data: Bytes, offsets: Ints) -> Ints:
    """1-based line of each offset (ascending) in the file."""
    numbers, line, done = [], 1, 0
    for offset in offsets.tolist():
        line += int(np.count_nonzero(data[done:offset] == 10))
        done = offset
        numbers.append(line)
    return np.array(numbers, np.int64)


def span_in(data: Bytes, text: str, start: int, within: int = 1 << 20) -> tuple[int, int]:
    """Where an id stands in the original, from its first entry on; an empty span when it is written otherwise."""
    raw = text.encode()
    at = data[start : start + within].tobytes().find(raw) if raw else -1
    return (start + at, start + at + len(raw)) if at >= 0 else (start, start)


__all__ = ["as_lines", "entries_of", "line_numbers", "span_in"]
