"""Gates against false alarms, compiled: does this look like a secret at all?"""

from __future__ import annotations

import numpy as np

from holdfast.redaction.kernels import DIGIT, HEX, KINDS, LOWER, UPPER, kernel, making


@making
def entropy(data, start, end):  # type: ignore[no-untyped-def]
    """Return the bits per byte of a value."""
    counts = np.zeros(256, np.int32)
    for i in range(start, end):
        counts[data[i]] += 1
    total, bits = end - start, 0.0
    for code in range(256):
        if counts[code]:
            share = counts[code] / total
            bits -= share * np.log2(share)
    return bits


@kernel
def is_run(data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether a value is one character again and again, or a row like 12345678: a placeholder."""
    same, row = True, True
    for i in range(start + 1, end):
        same = same and data[i] == data[start]
        row = row and (data[i] == data[i - 1] + 1 or data[i] == data[i - 1])
    return same or row


@kernel
def is_reference(data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether a value names another place (`${X}`, `{{ x }}`, `<x>`, `%s`, `$(x)`) or is starred out."""
    first = data[start]
    second = data[start + 1] if end - start > 1 else np.uint8(0)
    if first == 60 or first == 42:  # < *
        return True
    if first == 36:  # $ followed by a name, brace or parenthesis; not $2a$ and the like
        if second == 123 or second == 40:
            return True
        for i in range(start + 1, end):
            if not (KINDS[data[i]] & (UPPER | 8 | DIGIT)):
                return False
        return True
    if first == 123 and second == 123:  # {{
        return True
    if first == 37 and (second == 40 or end - start == 2):  # %( %s
        return True
    if (first == 35 or first == 64) and second == 123:  # #{ @{
        return True
    return (
        first == 91 and data[end - 1] == 93 and end - start < 24 and (KINDS[second] & UPPER) != 0
    )  # [REDACTED]


@kernel
def is_object(data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether a value is how a program names an object: `Token{1b030ce6`, its type and its number."""
    i = start
    while i < end and KINDS[data[i]] & (UPPER | LOWER):
        i += 1
    if i == start or not (KINDS[data[start]] & UPPER) or end - i < 6 or data[i] != 123:
        return False
    for k in range(i + 1, end):
        if not (KINDS[data[k]] & HEX):
            return False
    return True


@kernel
def looks_random(data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether a value has a secret's shape: long, mixed, no hex id, no dotted or dashed words, no path."""
    size = end - start
    if size < 12 or size > 4096 or data[start] == 123 or data[start] == 40:
        return False
    digits = letters = hexes = dots = slashes = turns = other = 0
    last = 0
    for i in range(start, end):
        kind = KINDS[data[i]]
        group = kind & (DIGIT | UPPER | LOWER)
        if kind & DIGIT:
            digits += 1
        elif kind & (UPPER | LOWER):
            letters += 1
        elif data[i] == 46 or data[i] == 58:
            dots += 1
        elif data[i] == 47 or data[i] == 92:
            slashes += 1
        elif data[i] != 45 and data[i] != 95:
            other += 1
        if kind & HEX or data[i] == 45:
            hexes += 1
        if group and last and group != last:
            turns += 1
        if group:
            last = group
    if digits == 0 or letters == 0 or hexes == size:
        return False
    if dots * 12 > size or slashes * 12 > size or other * 6 > size:
        return False
    if turns * 4 < size:
        return False
    return entropy(data, start, end) >= (3.0 if size >= 16 else 2.8)


@kernel
def luhn(data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether the digits of a value, other bytes left out, satisfy Luhn's check."""
    total, double = 0, False
    for i in range(end - 1, start - 1, -1):
        if KINDS[data[i]] & DIGIT:
            digit = int(data[i]) - 48
            if double:
                digit = digit * 2 - 9 if digit > 4 else digit * 2
            total += digit
            double = not double
    return total % 10 == 0


@kernel
def is_issuer(data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether digits begin like a payment card of their length."""
    prefix, count = 0, 0
    for i in range(start, end):
        if KINDS[data[i]] & DIGIT:
            if count < 4:
                prefix = prefix * 10 + int(data[i]) - 48
            count += 1
    if count < 13 or count > 19:
        return False
    one, two, three = prefix // 1000, prefix // 100, prefix // 10
    if one == 4:
        return count == 13 or count == 16 or count == 19
    if 51 <= two <= 55 or 2221 <= prefix <= 2720:
        return count == 16
    if two == 34 or two == 37:
        return count == 15
    if prefix == 6011 or two == 65 or 644 <= three <= 649 or two == 62:
        return count >= 16
    if 3528 <= prefix <= 3589:
        return count == 16
    if 300 <= three <= 305 or two == 36 or two == 38 or two == 39:
        return count == 14
    return count == 16 and (two == 50 or 56 <= two <= 58 or two == 67)
