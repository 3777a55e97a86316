"""The derivative of a reading: what is seen of it without a grant. Runs in the reading's child, without Django.

Everything a reading shows goes through one redaction: the readable bytes of each artefact, the words of its
templates, and every sentence of the report, so that a value learnt from one file is gone from all of them. What
could not be redacted is withheld with the reason; what went wrong withholds everything.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from holdfast.diagnostics.diagnosis import EXEMPLARS
from holdfast.redaction import Key, redact_bundle
from holdfast.redaction.files import digest_of
from holdfast.redaction.policy import Policy

WITHHELD = "[withheld]"
MAP = "pseudonyms.map"
_OURS = {
    *("id", "rule", "kind", "sign", "sort", "severity", "certainty", "verdict", "time", "first", "last"),
    *("earliest", "latest", "sha256", "artefact", "level", "domain", "zone", "schema", "span", "unit", "way"),
    *("finding", "reasons", "template"),
}
"""Fields that hold words of ours, numbers and times, and never a word of the evidence."""
_PART = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,80}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
Step = Callable[[str], None]


def derive(report: dict[str, Any], kept: Path, key: Key, step: Step) -> dict[str, Any]:
    """Leave `<id>.redacted` beside each `<id>.data` and return the report redacted, with what was withheld and why."""
    try:
        made = _Derivatives(kept, key)
        return made.run(report, step)
    except (OSError, ValueError, RuntimeError) as error:
        for path in kept.glob("*.redacted*"):
            path.unlink()
        reason = f"it could not be redacted ({type(error).__name__})"
        withheld = {path.name.removesuffix(".data"): reason for path in kept.glob("*.data")}
        return {**_mapped(report, lambda _: WITHHELD), "withheld": withheld}


class _Derivatives:
    def __init__(self, kept: Path, key: Key) -> None:
        self.kept, self.key = kept, key
        self.out = kept.with_name("derived")
        self.words = kept.with_name("words.json")
        texts = [*kept.glob("*.log.json"), *kept.glob(EXEMPLARS)]
        self.texts = {path: orjson.loads(path.read_bytes()) for path in texts}

    def run(self, report: dict[str, Any], step: Step) -> dict[str, Any]:
        told = (report, *self.texts.values())
        policy = replace(
            Policy.default(), parts=frozenset(part.encode() for one in told for part in parts_of(one))
        )
        words = sorted({word for one in told for word in _words(one)})
        self.words.write_bytes(orjson.dumps(words, option=orjson.OPT_INDENT_2))
        data = {path: path.resolve() for path in sorted(self.kept.glob("*.data"))}
        paths = [*dict.fromkeys(data.values()), self.words]
        done = redact_bundle(
            paths,
            self.out,
            self.key,
            policy,
            map_path=self.kept / MAP,
            workers=2,
            progress=lambda what, number, total: step(f"{what}, file {number} of {total}"),
        )
        found = {entry.sha256: entry for entry in done.entries}
        withheld = {}
        for path, target in data.items():
            entry = found.get(digest_of(target))
            if entry is not None and entry.derivative:
                self._placed(path, self.out / entry.derivative)
            else:
                name = path.name.removesuffix(".data")
                withheld[name] = (
                    entry.withheld if entry and entry.withheld else "it was not read for redaction"
                )
        said = self._said(words, found.get(digest_of(self.words)))
        self._templates(said)
        return {**_mapped(report, said), "withheld": withheld}

    def _placed(self, path: Path, derivative: Path) -> None:
        stem = path.name.removesuffix(".data")
        target = self.kept / f"{stem}.redacted"
        shutil.copyfile(derivative, target)  # of two files of one content both have one
        spans = self.kept / f"{stem}.id_spans.npy"
        if spans.exists():
            moved = moved_spans(np.load(spans), path, target)
            np.save(self.kept / f"{stem}.redacted_id_spans.npy", moved)

    def _said(self, words: list[str], entry: Any) -> Callable[[str], str]:
        if entry is None or not entry.derivative:
            return lambda _: WITHHELD
        lines = (self.out / entry.derivative).read_bytes().splitlines()[1:-1]  # a word on each
        if len(lines) != len(words):
            return lambda _: WITHHELD
        known = {word: _read(line) for word, line in zip(words, lines, strict=True)}
        return lambda word: known.get(word, WITHHELD)

    def _templates(self, said: Callable[[str], str]) -> None:
        for path, texts in self.texts.items():
            target = path.with_name(redacted(path.name))
            target.write_bytes(orjson.dumps(_mapped(texts, said)))


def redacted(name: str) -> str:
    """Return the name of the derivative of a text: `A1.redacted.log.json`."""
    stem, dot, end = name.partition(".")
    return f"{stem}.redacted{dot}{end}"


def _read(line: bytes) -> str:
    """Return the word on a line of the derivative; one that can no longer be read is withheld, and no other with it."""
    try:
        return str(orjson.loads(line.strip().removesuffix(b",")))
    except orjson.JSONDecodeError:
        return WITHHELD


def moved_spans(spans: np.ndarray[Any, Any], raw: Path, made: Path) -> np.ndarray[Any, Any]:
    """Return byte spans of a file as they stand in its derivative; (0, 0) where the line's length changed."""
    before, after = _ends(raw), _ends(made)
    if len(before) != len(after) or not len(spans):
        return np.zeros_like(spans)
    lines = np.searchsorted(before, spans[:, 0], side="right")
    lines = np.minimum(lines, len(before) - 1)
    starts = np.concatenate([[0], before[:-1] + 1]), np.concatenate([[0], after[:-1] + 1])
    same = (before - starts[0])[lines] == (after - starts[1])[lines]
    inside = spans[:, 1] <= before[lines]
    shift = (starts[1] - starts[0])[lines]
    moved: np.ndarray[Any, Any] = spans + shift[:, None]
    moved[~(same & inside)] = 0
    return moved


def _ends(path: Path) -> np.ndarray[Any, Any]:
    """Return the byte at which each line ends, the last one's the size of the file."""
    found, at = [], 0
    with path.open("rb") as file:
        while block := file.read(1 << 24):
            found.append(np.flatnonzero(np.frombuffer(block, np.uint8) == 10).astype(np.int64) + at)
            at += len(block)
    return np.concatenate([*found, np.array([at], np.int64)])


def parts_of(value: Any) -> Iterator[str]:
    """Return the names of components a report speaks of."""
    if isinstance(value, list):
        for item in value:
            yield from parts_of(item)
    elif isinstance(value, dict):
        named = [value.get("component"), *_listed(value.get("components"))]
        yield from (one for one in named if isinstance(one, str) and _PART.fullmatch(one))
        for item in value.values():
            yield from parts_of(item)


def _listed(components: Any) -> list[Any]:
    if not isinstance(components, list):
        return []
    return [one.get("name") if isinstance(one, dict) else one for one in components]


def _words(value: Any) -> Iterator[str]:
    """Return every word that may come from the evidence."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not _NAME.fullmatch(name):
                yield name
            if name not in _OURS or not _plain(item):
                yield from _words(item)


def _plain(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _mapped(value: Any, said: Callable[[str], str]) -> Any:
    """Return the same with every such word replaced."""
    if isinstance(value, str):
        return said(value)
    if isinstance(value, list):
        return [_mapped(item, said) for item in value]
    if isinstance(value, dict):
        return {
            name if _NAME.fullmatch(name) else said(name): item
            if name in _OURS and _plain(item)
            else _mapped(item, said)
            for name, item in value.items()
        }
    return value
