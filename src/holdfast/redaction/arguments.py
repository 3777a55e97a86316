"""The arguments of a command line, as compiled loops read them."""

from __future__ import annotations

import numpy as np

from holdfast.redaction.kernels import DIGIT, KINDS, LOWER, UPPER, kernel

_ENDS = np.array([code <= 32 or chr(code) in "\"'`;|&<>)\\" for code in range(256)])
"""Bytes that end an argument without quotes."""


@kernel
def argument(data, at, high):  # type: ignore[no-untyped-def]
    """Return the bounds of the argument at `at`, its quotes left out, and where it ends."""
    wide = 2 if data[at] == 92 and data[at + 1] == 34 else 1
    quote = data[at + wide - 1]
    if quote == 34 or quote == 39:
        e = at + wide
        while (
            e < high
            and data[e] != 10
            and data[e] != quote
            and not (wide == 2 and data[e] == 92 and data[e + 1] == 34)
        ):
            e += 1
        return at + wide, e, min(e + wide, high)
    e = at
    while e < high and not _ENDS[data[e]]:
        e += 1
    return at, e, e


@kernel
def word_end(data, at, high):  # type: ignore[no-untyped-def]
    """Return where what holds no blank and no quote ends."""
    e = at
    while e < high and data[e] > 32 and data[e] != 34:
        e += 1
    return e


@kernel
def blanks(data, at, high):  # type: ignore[no-untyped-def]
    """Return where blanks end."""
    i = at
    while i < high and (data[i] == 32 or data[i] == 9):
        i += 1
    return i


@kernel
def ended(data, at, high):  # type: ignore[no-untyped-def]
    """Tell whether the command ends here: with its line, another command, or the quote around it."""
    if at >= high or data[at] < 32 or data[at] == 59 or data[at] == 124 or data[at] == 96:
        return True
    if data[at] == 34 or (data[at] == 92 and data[at + 1] == 34):
        return not _opens(data, at)
    return data[at] == 92 and data[at + 1] == 110  # an escaped line feed


@kernel
def _opens(data, at):  # type: ignore[no-untyped-def]
    """Tell whether a quote opens an argument: a blank stands in front of it and none behind."""
    behind = data[at + 2] if data[at] == 92 else data[at + 1]
    return data[at - 1] == 32 and behind > 32 and behind != 44


@kernel
def mixed(data, s, e):  # type: ignore[no-untyped-def]
    """Return how many of lower case, upper case and digits a value has."""
    seen = 0
    for i in range(s, e):
        seen |= KINDS[data[i]] & (DIGIT | UPPER | LOWER)
    return ((seen & DIGIT) != 0) + ((seen & UPPER) != 0) + ((seen & LOWER) != 0)
