"""Texts of templates: exemplars written out with `<*>` where they vary."""

import re

import numpy as np

from holdfast.diagnostics.logs.encoding import to_text
from holdfast.diagnostics.logs.induction import Clusters
from holdfast.diagnostics.logs.lanes import MARKING_LINES
from holdfast.diagnostics.logs.matching import Bytes, Ints
from holdfast.diagnostics.logs.records import S_MESSAGE
from holdfast.diagnostics.logs.tokens import F_VARIABLE, SEPARATORS, places
from holdfast.kernels import kernel, making

VARIES = np.frombuffer(b"<*>", np.uint8)
LONGEST_TAIL = 64  # bytes after the last token that are written out
COLOURS = re.compile(r"(?:\x1b|\\u001b)\[[0-9;]*[A-Za-z]")


@kernel
def written(buf: Bytes, start: int, stop: int, out: Bytes, at: int, floor: int) -> int:
    """Append bytes to a text that began at `floor`: runs of blanks count once, and so do runs of `<*>`."""
    for place in range(start, stop):
        byte = buf[place]
        if byte == 32 or 9 <= byte <= 13:
            if at > floor and out[at - 1] != 32:
                out[at] = 32
                at += 1
            continue
        out[at] = byte
        at += 1
        if (
            byte == 62
            and at - floor >= 7
            and varies(out, at - 3)
            and varies(out, at - 7)
            and out[at - 4] == 32
        ):
            at -= 4
    return at


@kernel
def varies(text: Bytes, at: int) -> bool:
    """Whether `<*>` stands there."""
    return bool(text[at] == 60 and text[at + 1] == 42 and text[at + 2] == 62)


@making
def written_out(
    buf: Bytes, ends: Ints, spans: Ints, bounds: Ints, flags: Bytes, first: Ints, mark: Bytes
) -> tuple[Bytes, Ints]:
    """Texts of exemplars, which end at `ends`, one after the other with `mark` where they vary; where each ends.

    `bounds` are those of each one's tokens in `spans`, `first` the place of its first token in `flags`.
    """
    room = 0
    for number in range(len(ends)):
        low, high = bounds[number], bounds[number + 1]
        room += (ends[number] - spans[low, 0] if high > low else 0) + (high - low + 1) * len(mark)
    out, stops, at = np.empty(room, np.uint8), np.empty(len(ends), np.int64), 0
    for number in range(len(ends)):
        low, high, floor = bounds[number], bounds[number + 1], at
        done = spans[low, 0] if high > low else ends[number]
        for token in range(low, high):
            at = written(buf, done, spans[token, 0], out, at, floor)
            done = spans[token, 1]
            if flags[first[number] + token - low] & F_VARIABLE:
                at = written(mark, 0, len(mark), out, at, floor)
            else:
                at = written(buf, spans[token, 0], done, out, at, floor)
        if ends[number] - done > LONGEST_TAIL:
            at = written(mark, 0, len(mark), out, at, floor)
        else:
            at = written(buf, done, ends[number], out, at, floor)
        if at > floor and out[at - 1] == 32:
            at -= 1
        stops[number] = at
    return out[:at], stops


def template_texts(buf: Bytes, slots: Ints, clusters: Clusters) -> list[str]:
    """The text of each cluster's exemplar with `<*>` where it varies. Runs of blanks, and of `<*>`, count once."""
    exemplars, first = slots[clusters.exemplar], clusters.bounds[clusters.exemplar]
    bounds = np.append(0, np.cumsum(clusters.bounds[clusters.exemplar + 1] - first))
    spans = places(buf, exemplars, bounds, SEPARATORS, MARKING_LINES.ctypes.data)
    ends = exemplars[:, S_MESSAGE + 1].copy()
    text, stops = written_out(buf, ends, spans, bounds, clusters.flags, first, VARIES)
    whole, start, texts = text.tobytes(), 0, []
    for stop in stops.tolist():
        texts.append(to_text(whole[start:stop]))
        start = stop
    if b"\x1b" in whole or b"\\u001b" in whole:
        return [COLOURS.sub("", text) for text in texts]
    return texts
