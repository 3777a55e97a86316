"""Patterns of rules become automata over bytes: linear time, no backtracking, any input.

The language is the regular part of Python's: literals, sets, groups, alternatives, bounded and unbounded repeats,
`(?i)`. Look-around, anchors and back-references are refused; boundaries are the scanner's business.
"""

from __future__ import annotations

import random
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_STATES = 4000
_CATEGORIES = {
    sre.CATEGORY_DIGIT: b"0123456789",
    sre.CATEGORY_WORD: b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
    sre.CATEGORY_SPACE: b" \t\r\n\f\v",
}
_EVERY = (1 << 256) - 1
_NEWLINE = 1 << 10


class PatternError(ValueError):
    """A pattern that is not regular, too large, or matches nothing at all."""


@dataclass(slots=True)
class Automaton:
    """A deterministic automaton. State 0 is the dead one, state 1 the start.

    rows: uint16[states, 256], the next state for each byte; accepts: bool[states].
    """

    rows: np.ndarray[Any, np.dtype[np.uint16]]
    accepts: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(slots=True)
class _Nfa:
    empty: list[list[int]] = field(default_factory=list)
    steps: list[list[tuple[int, int]]] = field(default_factory=list)

    def state(self) -> int:
        self.empty.append([])
        self.steps.append([])
        if len(self.steps) > 4 * MOST_STATES:
            raise PatternError("the pattern needs too many states; use a shorter repeat")
        return len(self.steps) - 1


def parse(pattern: str) -> Any:
    """Return the parsed pattern; raises PatternError with what is wrong."""
    try:
        return parser.parse(pattern)
    except (ValueError, OverflowError) as error:
        raise PatternError(f"{pattern!r} is not a pattern: {error}") from error
    except Exception as error:
        raise PatternError(f"{pattern!r} is not a pattern: {error}") from error


def insist_regular(items: Iterable[Any]) -> None:
    """Raise PatternError for what is not regular, without compiling."""
    for op, value in items:
        if op is sre.SUBPATTERN:
            insist_regular(value[3])
        elif op is sre.BRANCH:
            for branch in value[1]:
                insist_regular(branch)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            insist_regular(value[2])
        elif op not in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
            raise PatternError(f"{str(op).lower()} is not regular; describe the shape without it")


def compiled(pattern: str) -> Automaton:
    """Compile a pattern; raises PatternError."""
    tree = parse(pattern)
    nfa = _Nfa()
    begin = nfa.state()
    end = _chain(nfa, tree, begin, bool(tree.state.flags & sre.SRE_FLAG_IGNORECASE))
    return _determined(nfa, begin, end)


def _chain(nfa: _Nfa, items: Iterable[Any], at: int, fold: bool) -> int:
    for op, value in items:
        at = _item(nfa, op, value, at, fold)
    return at


def _item(nfa: _Nfa, op: Any, value: Any, at: int, fold: bool) -> int:
    if op in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
        to = nfa.state()
        nfa.steps[at].append((members(op, value, fold), to))
        return to
    if op is sre.SUBPATTERN:
        return _chain(nfa, value[3], at, fold or bool(value[1] & sre.SRE_FLAG_IGNORECASE))
    if op is sre.BRANCH:
        to = nfa.state()
        for branch in value[1]:
            nfa.empty[_chain(nfa, branch, at, fold)].append(to)
        return to
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _repeat(nfa, value, at, fold)
    raise PatternError(f"{str(op).lower()} is not regular; describe the shape without it")


def _repeat(nfa: _Nfa, value: Any, at: int, fold: bool) -> int:
    least, most, inner = value
    for _ in range(least):
        at = _chain(nfa, inner, at, fold)
    if most is sre.MAXREPEAT:
        loop = nfa.state()
        nfa.empty[at].append(loop)
        nfa.empty[_chain(nfa, inner, loop, fold)].append(loop)
        return loop
    to = nfa.state()
    nfa.empty[at].append(to)
    for _ in range(most - least):
        at = _chain(nfa, inner, at, fold)
        nfa.empty[at].append(to)
    return to


def members(op: Any, value: Any, fold: bool) -> int:
    """Return the bytes that one item matches, as a bit mask of 256."""
    if op is sre.LITERAL:
        mask = _bit(value)
    elif op is sre.NOT_LITERAL:
        mask = _EVERY & ~_bit(value)
    elif op is sre.ANY:
        mask = _EVERY & ~_NEWLINE
    else:
        mask, negated = 0, False
        for kind, one in value:
            if kind is sre.NEGATE:
                negated = True
            elif kind is sre.LITERAL:
                mask |= _bit(one)
            elif kind is sre.RANGE:
                mask |= sum(1 << code for code in range(one[0], min(one[1], 255) + 1))
            elif kind is sre.CATEGORY and one in _CATEGORIES:
                mask |= sum(1 << code for code in _CATEGORIES[one])
            else:
                raise PatternError(f"{str(kind).lower()} cannot stand in a set")
        mask = _EVERY & ~mask if negated else mask
    if fold:
        for code in range(97, 123):
            both = (1 << code) | (1 << (code - 32))
            mask |= both if mask & both else 0
    return mask


def _bit(code: int) -> int:
    if code > 255:
        raise PatternError("a pattern matches bytes; write characters beyond U+00FF as their UTF-8 bytes")
    return 1 << code


def _closed(nfa: _Nfa, states: Iterable[int]) -> frozenset[int]:
    seen = set(states)
    todo = list(seen)
    while todo:
        for to in nfa.empty[todo.pop()]:
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return frozenset(seen)


def _determined(nfa: _Nfa, begin: int, end: int) -> Automaton:
    start = _closed(nfa, [begin])
    if end in start:
        raise PatternError("the pattern matches nothing at all")
    numbers = {start: 1}
    order, rows = [start], [np.zeros(256, np.uint16)]
    columns: dict[int, np.ndarray[Any, np.dtype[np.intp]]] = {}
    for states in order:
        row = np.zeros(256, np.uint16)
        for mask, targets in _parts([step for state in states for step in nfa.steps[state]]):
            closed = _closed(nfa, targets)
            number = numbers.setdefault(closed, len(numbers) + 1)
            if number == len(order) + 1:
                order.append(closed)
                if number > MOST_STATES:
                    raise PatternError("the pattern needs too many states; use a shorter repeat")
            if mask not in columns:
                columns[mask] = np.array([code for code in range(256) if mask >> code & 1])
            row[columns[mask]] = number
        rows.append(row)
    return Automaton(np.stack(rows), np.array([False, *(end in states for states in order)]))


def _parts(steps: list[tuple[int, int]]) -> Iterator[tuple[int, set[int]]]:
    """Cut the bytes into parts that lead to the same states."""
    parts: list[tuple[int, set[int]]] = []
    for mask, to in steps:
        rest, cut = mask, []
        for known, targets in parts:
            both = known & rest
            if not both:
                cut.append((known, targets))
                continue
            cut.append((both, targets | {to}))
            if known & ~both:
                cut.append((known & ~both, targets))
            rest &= ~both
        if rest:
            cut.append((rest, {to}))
        parts = cut
    yield from parts


def openings(pattern: str, most: int = 1000, wanted: int = 4) -> list[str]:
    """Return the literals a match can begin with, each at least three bytes where the pattern allows it.

    Alternatives and small sets are multiplied out as long as there are at most `most`. Raises PatternError when
    no opening of three bytes exists: such a rule has to name its triggers.
    """
    tree = parse(pattern)
    fold = bool(tree.state.flags & sre.SRE_FLAG_IGNORECASE)
    found, _ = _prefixes(list(tree), fold, most, wanted)
    short = [one for one in found if len(one) < 3]
    if short or not found:
        raise PatternError(f"{pattern!r} begins with no literal of three bytes; name its triggers")
    return sorted(set(found))


def _prefixes(items: list[Any], fold: bool, most: int, wanted: int) -> tuple[list[str], bool]:
    """Return prefixes and whether the items were consumed whole."""
    found = [""]
    for op, value in items:
        if min(map(len, found)) >= wanted and op is not sre.LITERAL:
            return found, False
        if op is sre.LITERAL:
            found = [one + (chr(value).lower() if fold else chr(value)) for one in found]
            continue
        choices, whole = _choices(op, value, fold, most, wanted)
        if not choices or len(choices) * len(found) > most:
            return found, False
        found = [one + choice for one in found for choice in choices]
        if not whole:
            return found, False
    return found, True


def _choices(op: Any, value: Any, fold: bool, most: int, wanted: int) -> tuple[list[str], bool]:
    if op is sre.IN:
        mask = members(op, value, fold)
        codes = [code for code in range(128) if mask >> code & 1]
        return ([chr(code) for code in codes], True) if len(codes) <= 36 else ([], False)
    if op is sre.SUBPATTERN:
        return _prefixes(list(value[3]), fold, most, wanted)
    if op is sre.BRANCH:
        parts = [_prefixes(list(branch), fold, most, wanted) for branch in value[1]]
        return [one for found, _ in parts for one in found], all(whole for _, whole in parts)
    if op is sre.MAX_REPEAT and value[1] == value[0] == 1:
        return _prefixes(list(value[2]), fold, most, wanted)
    if op is sre.MAX_REPEAT and (value[0], value[1]) == (0, 1):
        found, whole = _prefixes(list(value[2]), fold, most, wanted)
        return ["", *found], whole
    if op is sre.MAX_REPEAT and value[0] > 0:
        found, whole = _prefixes(list(value[2]), fold, most, wanted)
        return found, whole and value[0] == value[1] == 1
    return [], False


def specimen(pattern: str, dice: random.Random) -> str:
    """Return a text the pattern matches, sets and repeats drawn at random; for examples of rules."""
    tree = parse(pattern)
    return _drawn(tree, dice)


def _drawn(items: Iterable[Any], dice: random.Random) -> str:
    out = []
    for op, value in items:
        if op is sre.LITERAL:
            out.append(chr(value))
        elif op in (sre.IN, sre.ANY, sre.NOT_LITERAL):
            mask = members(op, value, False)
            codes = [code for code in range(33, 127) if mask >> code & 1] or [32]
            out.append(chr(dice.choice(codes)))
        elif op is sre.SUBPATTERN:
            out.append(_drawn(value[3], dice))
        elif op is sre.BRANCH:
            out.append(_drawn(dice.choice(value[1]), dice))
        else:
            least, most, inner = value
            most = least + 8 if most is sre.MAXREPEAT else most
            out.extend(_drawn(inner, dice) for _ in range(dice.randint(least, most)))
    return "".join(out)
