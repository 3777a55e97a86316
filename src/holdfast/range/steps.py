"""The little language in which a topology says what a route, consumer or job does.

A step is one line, `verb word word key=value`, quoted like a shell command, or a mapping of such a line
to the steps inside it.
"""

import shlex
from dataclasses import dataclass, field
from typing import Any

VERBS = {
    "call", "sql", "transaction", "cached", "uncache", "publish", "compute", "wait", "write", "verify",
    "reject", "glitch", "log", "give", "parallel", "maybe",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One parsed line: its verb, the words after it, its options and the steps inside."""

    verb: str
    words: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    inner: tuple["Step", ...] = ()

    def number(self, name: str, default: float) -> float:
        return float(self.options.get(name, default))


def parse_steps(raw: list[Any]) -> tuple[Step, ...]:
    """Parse a list of lines; an unknown verb is a `ValueError` that names it."""
    return tuple(_parse(item) for item in raw)


def _parse(item: Any) -> Step:
    line, inner = next(iter(item.items())) if isinstance(item, dict) else (item, [])
    try:
        verb, *rest = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"{error} in step {line!r}") from None
    if verb not in VERBS:
        raise ValueError(f"unknown verb {verb!r} in step {line!r}")
    words = tuple(word for word in rest if not _is_option(word))
    options = dict(word.split("=", 1) for word in rest if _is_option(word))
    return Step(verb, words, options, parse_steps(inner))


def _is_option(word: str) -> bool:
    name, mark, _ = word.partition("=")
    return bool(mark) and name.isidentifier() and name.islower()


def walk(steps: tuple[Step, ...]) -> list[Step]:
    """Every step, outer before inner."""
    return [found for step in steps for found in (step, *walk(step.inner))]
