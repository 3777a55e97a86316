"""Finds values in a text: both scanners, checks, views of other writings, values known from elsewhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from holdfast.redaction import views, webtokens
from holdfast.redaction.checks import check_of
from holdfast.redaction.database import database, digest
from holdfast.redaction.emitting import SHAPES
from holdfast.redaction.judging import ACCEPTED, ways_of
from holdfast.redaction.kernels import kernel, padded
from holdfast.redaction.learnt import SAME_LENGTH, Learnt
from holdfast.redaction.masks import lowest, mask_of, rows_of
from holdfast.redaction.naming import Naming
from holdfast.redaction.pseudonyms import Pseudonyms
from holdfast.redaction.rules import SECRET, Rule
from holdfast.redaction.runs import Run, bounds_of, runs_of
from holdfast.redaction.shapes import scan_shapes
from holdfast.redaction.spans import NESTED, Span, settled
from holdfast.redaction.triggers import BLOCK, scan_fields, scan_triggers
from holdfast.redaction.values import Values

Array = np.ndarray[Any, Any]
DEEPEST = 4
"""Writings within writings."""
_MOST_VERDICTS = 1 << 20
_UPPER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KNOWN_NOBODY = frozenset({b"0.0.0.0", b"127.0.0.1", b"255.255.255.255"})


class Written(NamedTuple):
    """What other writings may stand in a text: read of it once, of use whenever it is read."""

    escaped: bool
    printable: bool
    """Quoted-printable."""
    runs: Array
    """Where base64 and hex stand, as `runs.bounds_of` tells."""


def written_in(data: Array) -> Written:
    """Return what other writings may stand in a text."""
    return Written(views.has_escapes(data, False), bool(views.is_printable(data)), bounds_of(data))


class Engine:
    """Rules made ready to find. One per process and ruleset; not for two threads at once."""

    def __init__(self, rules: Sequence[Rule], exempt: frozenset[str] = frozenset()) -> None:
        self.rules = tuple(rules)
        self.digest = digest(self.rules)
        self._database = database(self.rules)
        self._naming = Naming(self.rules, exempt)
        numbers = {rule.id: number for number, rule in enumerate(self.rules)}
        self._shape_ids = np.array([numbers.get(name, -1) for name in SHAPES], np.int32)
        self._user = numbers.get("ssh-login", -1)
        self._checks: list[Callable[[str], bool] | None] = [
            check_of(rule.id, rule.strength, bool(rule.fields)) for rule in self.rules
        ]
        self.ways = ways_of(self._checks)
        self._ranks = np.array(
            [8 * (rule.kind == SECRET) + 4 + 2 * (rule.tier == "certain") + 1 for rule in self.rules] or [0],
            np.int64,
        )
        self._verdicts: dict[tuple[int, bytes], bool] = {}
        self._out = np.empty((4096, 4), np.int64)
        self._pending = np.empty((1024, 4), np.int64)
        self._places = np.empty(BLOCK + 1, np.int64)

    def events(self, data: Array) -> Array:
        """Return what the scanners say of a text, int64[n, 4] of (start, end, rule, how), unchecked."""
        size = len(data)
        shapes = self._run(lambda out: int(scan_shapes(data, size, self._shape_ids, out)))
        return np.concatenate((shapes, self._run(lambda out: self._triggered(data, size, out))))

    def _triggered(self, data: Array, size: int, out: Array) -> int:
        base, places, pending = self._database, self._places, self._pending
        while True:
            names = self._naming.names
            count, waiting = scan_triggers(data, 0, size, base, names, self._user, out, pending, places)
            if not waiting:
                return int(count)
            if waiting > len(pending):
                self._pending = np.empty((2 * waiting, 4), np.int64)
            waiting = min(waiting, len(pending))
            self._naming.learn(data, pending[:waiting, :2])
            if len(pending) < len(self._pending):
                pending = self._pending
                continue
            done = scan_fields(data, 0, size, base, self._naming.names, out, count, pending, waiting)
            if done >= 0:
                return int(done)

    def _run(self, scan: Callable[[Array], int]) -> Array:
        while True:
            count = scan(self._out)
            if count <= len(self._out):
                return self._out[:count].copy()
            self._out = np.empty((count * 2, 4), np.int64)

    def accepted(self, rule: int, value: bytes) -> bool:
        """Tell whether a value satisfies its rule's check; asked once for each."""
        check = self._checks[rule]
        if check is None:
            return True
        known = self._verdicts.get((rule, value))
        if known is None:
            if len(self._verdicts) > _MOST_VERDICTS:
                self._verdicts.clear()
            try:
                known = check(value.decode("utf-8", "replace"))
            except (ValueError, IndexError, KeyError):
                known = False
            self._verdicts[(rule, value)] = known
        return known

    def rule_of_field(self, name: bytes) -> int:
        """Return the rule that a column's name calls for, -1 for none."""
        meaning = self._naming.meaning(name.decode("utf-8", "replace"))
        return meaning[0] if meaning else -1

    def find(
        self,
        text: bytes,
        names: Pseudonyms | None = None,
        learnt: Learnt | None = None,
        extra: Array | None = None,
    ) -> list[Span]:
        """Return the values in a text, by place, none overlapping. Pseudonyms of `names` are left alone.

        extra: events of somebody who knows more of the text's structure.
        """
        return self._find(text, names, learnt, 0, extra)

    def _find(
        self,
        text: bytes,
        names: Pseudonyms | None,
        learnt: Learnt | None,
        depth: int,
        extra: Array | None = None,
    ) -> list[Span]:
        data = padded(text)
        found = self._direct(text, data, extra)
        found += self.indirect(data, names, learnt, depth)
        if learnt is not None:
            found += self._known(text, data, learnt)
        if names is not None and may_hold_pseudonyms(data):
            found = _without_own(text, found, names)
        return settled(found)

    def rows(self, data: Array, values: Values, extra: Array) -> Array:
        """Return the accepted finds of a text as rows (see `rows`), WHAT a number of `values`; not yet settled."""
        events = self.events(data)
        if len(extra):
            events = np.concatenate((events, extra))
        rows = np.empty((len(events), 5), np.int64)
        return rows[: _accepted(events, values.ids(data, events), values.verdicts, self._ranks, rows)]

    def rank(self, rule: int) -> int:
        """Return the rank of a rule's finds."""
        return int(self._ranks[rule])

    def indirect(
        self,
        data: Array,
        names: Pseudonyms | None,
        learnt: Learnt | None,
        depth: int = 0,
        written: Written | None = None,
    ) -> list[Span]:
        """Return what stands in a text in another writing, at its place. written: if it is known already."""
        if depth >= DEEPEST:
            return []
        written = written or written_in(data)
        found = self._undone(data, names, learnt, depth, printable=False) if written.escaped else []
        if written.printable:
            found += self._undone(data, names, learnt, depth, printable=True)
        if len(written.runs):
            found += self._runs(data, runs_of(data, written.runs), names, learnt, depth)
        return found

    def _direct(self, text: bytes, data: Array, extra: Array | None) -> list[Span]:
        found = []
        events = self.events(data)
        if extra is not None and len(extra):
            events = np.concatenate((events, extra))
        for start, end, rule, _ in events.tolist():
            value = text[start:end]
            if self.accepted(rule, value) and value not in _KNOWN_NOBODY:
                one = self.rules[rule]
                found.append(Span(start, end, one.kind, value, one.id, one.tier))
        return found

    def _undone(
        self, data: Array, names: Pseudonyms | None, learnt: Learnt | None, depth: int, *, printable: bool
    ) -> list[Span]:
        """Find in the text with escapes undone what stands there escaped."""
        view = views.unescaped(data, printable)
        if view is None:
            return []
        found = self._find(view.data.tobytes(), names, learnt, depth + 1)
        for span in found:
            span.start, span.end = int(view.back[span.start]), int(view.back[span.end - 1])
            span.end = max(span.end, span.start)
            span.escaped = True
        raw_ends = _ends(data, found)
        for span, end in zip(found, raw_ends, strict=True):
            span.end = end
        return found

    def _runs(
        self, data: Array, runs: list[Run], names: Pseudonyms | None, learnt: Learnt | None, depth: int
    ) -> list[Span]:
        if not runs:
            return []
        wides = [_wide(run.data) for run in runs]
        inners = [
            run.data.decode(wide, "replace").encode() if wide else run.data
            for run, wide in zip(runs, wides, strict=True)
        ]
        found = []
        for run, wide, inner, within in zip(
            runs, wides, inners, self._each(inners, names, learnt, depth), strict=True
        ):
            if within:
                form = run.form + (16 if wide == "utf-16-le" else 32 if wide else 0)
                raw = data[run.start : run.end].tobytes()
                found.append(
                    Span(run.start, run.end, NESTED, raw, "nested", form=form, inner=inner, within=within)
                )
        return found

    def _each(
        self, texts: list[bytes], names: Pseudonyms | None, learnt: Learnt | None, depth: int
    ) -> list[list[Span]]:
        """Return the finds of each of many small texts, looked for in one go."""
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        found: list[list[Span]] = [[] for _ in texts]
        for span in self._find(b"\n".join(texts), names, learnt, depth + 1):
            number = bisect_right(starts, span.start) - 1
            if span.end >= starts[number + 1]:
                return [self._find(text, names, learnt, depth + 1) for text in texts]
            span.start -= starts[number]
            span.end -= starts[number]
            found[number].append(span)
        return found

    def _known(self, text: bytes, data: Array, learnt: Learnt) -> list[Span]:
        found = []
        for start, end, value, writing in learnt.find(data).tolist():
            one = Span(start, end, "learnt", learnt.values[value], "learnt", escaped=writing in (1, 2))
            one.fixed = writing in SAME_LENGTH
            if one.fixed:
                one.value = text[start:end]
            found.append(one)
        return found


@kernel
def _accepted(events, ids, verdicts, ranks, rows):  # type: ignore[no-untyped-def]
    """Write the rows of events whose values are accepted; return how many."""
    n = 0
    for k in range(len(events)):
        if verdicts[ids[k]] == ACCEPTED:
            rows[n, 0], rows[n, 1], rows[n, 2] = events[k, 0], events[k, 1], ranks[events[k, 2]]
            rows[n, 3], rows[n, 4] = ids[k], events[k, 2]
            n += 1
    return n


_code, _dash, _before = (
    mask_of(b"0123456789abcdefghijklmnopqrstuvwxyz"),
    mask_of(b"-"),
    mask_of(b"%br" % _UPPER),
)


@kernel
def may_hold_pseudonyms(data):  # type: ignore[no-untyped-def]
    """Tell whether something stands in a text that has the form of our pseudonyms."""
    base = data.ctypes.data
    for block in range(0, len(data), 52):
        marks = _dash(base + block) >> np.uint64(1) & _before(base + block)
        if marks:
            marks &= rows_of(_code(base + block), 10) >> np.uint64(2)
        while marks:
            if _is_tag(data, block + lowest(marks) + 1):
                return True
            marks &= marks - np.uint64(1)
    return False


@kernel
def _is_tag(data, i):  # type: ignore[no-untyped-def]
    """Tell whether the dash at `i` is that of a pseudonym: `TAG-` and fourteen, or `user-` and ten and an `@`."""
    if i < 3:
        return False
    k = i + 1
    while k < i + 16 and (48 <= data[k] <= 57 or 97 <= data[k] <= 122):
        k += 1
    if data[i - 1] == 114 and not (data[i - 2] == 101 and data[i - 3] == 115):
        return False
    if k == i + 11:
        return data[k] == 64
    return k == i + 15 and 65 <= data[i - 2] <= 90 and 65 <= data[i - 3] <= 90


def _ends(data: Array, found: Iterable[Span]) -> list[int]:
    """Return where the last character of each span ends, its escape included."""
    ends = []
    for span in found:
        at = span.end
        _, size, _ = (
            views._escape(data, at, len(data), False)
            if at + 1 < len(data) and data[at] in (37, 38, 92)
            else (0, 0, 0)
        )
        if size == 0 and at + 2 < len(data) and data[at] == 61:
            _, size, _ = views._escape(data, at, len(data), True)
        ends.append(at + max(int(size), 1))
    return ends


def _wide(data: bytes) -> str:
    """Return the name of the UTF-16 a decoded run is written in, or nothing."""
    head = data[:64]
    if len(head) >= 8:
        if head[1::2].count(0) * 4 > len(head[1::2]) * 3:
            return "utf-16-le"
        if head[::2].count(0) * 4 > len(head[::2]) * 3:
            return "utf-16-be"
    return ""


def _without_own(text: bytes, found: list[Span], names: Pseudonyms) -> list[Span]:
    """Drop what touches our own pseudonyms; take in look-alikes that are not ours."""
    own = names.own_within(text)
    kept = [span for span in found if not any(a < span.end and span.start < b for a, b in own)]
    return kept + [Span(a, b, "lookalike", text[a:b], "lookalike") for a, b in names.lookalikes(text)]


def values_of(found: Iterable[Span]) -> Iterable[tuple[bytes, str]]:
    """Return the values of spans with their classes; of a token its claims too."""
    for span in found:
        for leaf in span.leaves():
            if leaf.rule == "learnt":
                continue
            yield leaf.value, leaf.kind
            if leaf.rule == "jwt":
                for claim in webtokens.claims_of(leaf.value):
                    yield claim, SECRET
