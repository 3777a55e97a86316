"""Whether what stands behind a field's name may be a secret: by what is known of the name, and by its looks."""

from __future__ import annotations

from holdfast.redaction import fields
from holdfast.redaction.gates import is_object, is_reference, is_run, looks_random
from holdfast.redaction.kernels import ALNUM, DIGIT, KINDS, LOWER, UPPER, kernel

STRONG, WEAK, DIGITS, PERSONAL = 0, 1, 2, 3
"""What a name says of its value: surely a secret, one if it looks random, digits alone, personal data."""


@kernel
def _is_mixed(data, s, e):  # type: ignore[no-untyped-def]
    """Tell whether a word is of three kinds of characters or more and looks like nothing else: a password in prose."""
    seen, special = 0, False
    for i in range(s, e):
        kind = KINDS[data[i]]
        if kind & ALNUM:
            seen |= kind & ALNUM
        elif (
            data[i] == 46 or data[i] == 47 or data[i] == 58 or data[i] == 92 or data[i] == 40 or data[i] == 61
        ):
            return False
        elif data[i] != 45 and data[i] != 95:
            special = True
    kinds = ((seen & DIGIT) != 0) + ((seen & UPPER) != 0) + ((seen & LOWER) != 0) + special
    return kinds >= 3 and (seen & DIGIT) != 0 and e - s >= 8


@kernel
def _is_any_case(data, s, e):  # type: ignore[no-untyped-def]
    """Tell whether capitals and small letters stand as in no name: about as many, one after the other."""
    upper = lower = turns = 0
    for i in range(s, e):
        one, before = KINDS[data[i]], KINDS[data[i - 1]] if i > s else KINDS[0]
        upper += (one & UPPER) != 0
        lower += (one & LOWER) != 0
        turns += (one & UPPER) != 0 and (before & LOWER) != 0
        turns += (one & LOWER) != 0 and (before & UPPER) != 0
    return 10 * min(upper, lower) >= 3 * (upper + lower) and 3 * turns >= upper + lower


@kernel
def plausible(data, s, e, strength, how, colon, high):  # type: ignore[no-untyped-def]
    """Tell whether a field's value may be a secret."""
    size = e - s
    if size < 3 or is_reference(data, s, e) or (is_run(data, s, e) and size < 40):
        return False
    if how != fields.QUOTED and is_object(data, s, e):
        return False
    if how == fields.APART:
        return strength == STRONG and (looks_random(data, s, e) or _is_mixed(data, s, e))
    if how != fields.QUOTED and ((e < high and (data[e] == 40 or data[e] == 91)) or data[s] == 40):
        return False
    if strength == DIGITS:
        return size <= 12 and (KINDS[data[s]] & DIGIT) != 0
    if strength == WEAK:
        return looks_random(data, s, e)
    upper = lower = digits = special = dots = slashes = 0
    for i in range(s, e):
        kind = KINDS[data[i]]
        if kind & UPPER:
            upper += 1
        elif kind & LOWER:
            lower += 1
        elif kind & DIGIT:
            digits += 1
        elif data[i] == 46:
            dots += 1
        elif data[i] == 47:
            slashes += 1
        else:
            special += 1
    if slashes > 1 and data[s] == 47 and digits == 0:
        # a path, unless it is base64 that happens to begin so
        return size >= 16 and dots == 0 and _is_any_case(data, s, e)
    if (how == fields.QUOTED and not colon) or how == fields.MARKUP:
        return True
    if dots and digits == 0 and special == 0:
        return False
    if colon:
        for i in range(s, e):
            if data[i] == 32:
                return False
        cased = size >= 24 and 10 * min(upper, lower) >= 3 * size  # no digit, but no words either
        return (digits > 0 or special > 0 or cased) and size >= 6
    return True
