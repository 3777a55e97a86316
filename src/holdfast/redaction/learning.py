"""Which values are looked for everywhere: those that stand for themselves wherever they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.judging import hashes_of, is_listed
from holdfast.redaction.kernels import DIGIT, KINDS, LETTER, kernel
from holdfast.redaction.rules import SECRET
from holdfast.redaction.texts import Classed
from holdfast.redaction.words import ACCOUNTS, PLACEHOLDERS

Array = np.ndarray[Any, Any]
_ONLY_HERE = frozenset({"locality", "trait", "geo", "lookalike", "staff"})
"""Classes whose values mean something only in their field."""
_CODES = {SECRET: 1, "jwt": 2, "name": 3, "user": 4, "host": 4, **dict.fromkeys(_ONLY_HERE, 5)}
_SECRET, _JWT, _NAME, _ACCOUNT, _HERE = range(1, 6)
_LOOKED_FOR, _BOUNDED, _LINES, _NUMBER, _LISTED = 1, 2, 4, 8, 16


@kernel
def _traits(arena, offsets, kinds, words, traits):  # type: ignore[no-untyped-def]
    """Write what each value is like: a set of bits."""
    for one in range(len(offsets) - 1):
        start, end, kind = offsets[one], offsets[one + 1], kinds[one]
        digits = letters = lines = 0
        for i in range(start, end):
            digits += (KINDS[arena[i]] & DIGIT) != 0
            letters += (KINDS[arena[i]] & LETTER) != 0
            lines += arena[i] == 10
        size = end - start
        secret = kind in (_SECRET, _JWT)
        if kind == _HERE or size < 4 or size > 4096 or lines:
            looked_for = False
        elif digits == size:
            looked_for = size >= (8 if kind == _SECRET else 7)
        elif letters == size and kind in (_ACCOUNT, _NAME):
            looked_for = size >= (5 if kind == _NAME else 6)
        else:
            looked_for = size >= 6 or letters + digits < size or letters < size
        word = letters == size or digits == size or (letters + digits == size and size <= 5)
        ends = size > 0 and (KINDS[arena[end - 1]] & DIGIT) != 0
        number = (ends and letters + digits < size) or (digits == size and size > 0)
        traits[one] = (
            _LOOKED_FOR * looked_for
            + _BOUNDED * (not secret or size < 10 or word)
            + _LINES * (lines > 0)
            + _NUMBER * number
            + _LISTED * is_listed(words, arena, start, end)
        )


class Traits:
    """What values are like: which are looked for, as whole words or not, and which are written with care."""

    def __init__(self, values: Classed) -> None:
        codes = values.told([_CODES.get(kind, 0) for kind in values.classes], np.uint8)
        traits, texts = np.zeros(len(values), np.uint8), values.texts
        _traits(texts.arena, texts.offsets, codes, _WORDS, traits)
        words = [n for n in np.flatnonzero(traits & _LISTED).tolist() if _is_word(texts[n])]
        traits[words] &= ~np.uint8(_LOOKED_FOR)
        self.looked_for = np.flatnonzero(traits & _LOOKED_FOR)
        """Numbers of the values that are removed wherever they stand; the others only where they were found."""
        self.bounded = (traits[self.looked_for] & _BOUNDED) != 0
        self.has_lines = (traits & _LINES) != 0
        self.ends_as_number = (traits & _NUMBER) != 0


_WORDS = hashes_of(word.encode() for word in ACCOUNTS | PLACEHOLDERS)


def _is_word(value: bytes) -> bool:
    """Tell whether a value is an account of a system or a placeholder."""
    plain = value.decode("utf-8", "replace").lower()
    return plain in ACCOUNTS or plain in PLACEHOLDERS
