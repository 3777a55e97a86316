"""Numbers: cards, identity numbers and IPv4 addresses, by the sizes of their groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.emitting import (
    AADHAAR,
    AHV,
    BITCOIN,
    CARD,
    CNID,
    CNPJ,
    CPF,
    CUIT,
    DNI,
    HETU,
    IPV4,
    NIR,
    NRN,
    PHONE,
    PNR,
    RC,
    RRN,
    RUT,
    SIN,
    SSN,
    VIN,
)
from holdfast.redaction.gates import is_issuer, is_run, luhn
from holdfast.redaction.kernels import DIGIT, KINDS, LETTER, LOWER, UNDER, UPPER, WORD, kernel

_VERSION, _CULTURE = np.frombuffer(b"Version=", np.uint8), np.frombuffer(b", Culture=", np.uint8)


@kernel
def _groups(data, at, high):  # type: ignore[no-untyped-def]
    """Read up to eight groups of digits parted by one mark each; return (groups, end, sizes, marks).

    Sizes, under 40, and the marks behind the groups are bytes of a number, the first group's lowest.
    """
    i, n, sizes, marks = at, 0, 0, np.int64(0)
    while n < 8:
        k = i
        while k < high and (KINDS[data[k]] & DIGIT) and k - i < 40:
            k += 1
        if k == i:
            break
        sizes |= (k - i) << 8 * n
        n += 1
        i = k
        if i + 1 < high and (KINDS[data[i + 1]] & DIGIT):
            code = np.int64(data[i])
            if code == 46 or code == 45 or code == 32 or code == 47:
                marks |= code << 8 * (n - 1)
                i += 1
                continue
        break
    return n, i, sizes, marks


@kernel
def _of(packed, k):  # type: ignore[no-untyped-def]
    """Return byte k of sizes or marks."""
    return packed >> 8 * k & 255


def _maybe() -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which sizes of the first two groups, by their mark, may begin something known."""
    table = np.zeros((16, 16, 256), np.bool_)
    table[1:4, 1:4, ord(".")] = True
    for one, two, marks in (
        *(
            (4, 4, " -"),
            (4, 6, " -"),
            (3, 2, "-"),
            (3, 3, "-."),
            (6, 7, "-"),
            (2, 8, "-"),
            (6, 4, "-/"),
            (8, 4, "-"),
        ),
        *((3, 4, "."), (6, 3, "/-"), (1, 2, " ")),
    ):
        for mark in marks:
            table[one, two, ord(mark)] = True
    return table


_MAYBE = _maybe()


@kernel
def _run(data, at, high):  # type: ignore[no-untyped-def]
    i = at
    while i < high and (KINDS[data[i]] & DIGIT):
        i += 1
    return i - at


@kernel
def _is(sizes, marks, n, a, b, c, d, m):  # type: ignore[no-untyped-def]
    """Tell whether the first groups have these sizes, 0 for none, all parted by the mark m and then at an end."""
    count = 2 + (c > 0) + (d > 0)
    every = (1 << 8 * count) - 1
    if n < count or sizes & every != a | b << 8 | c << 16 | d << 24:
        return False
    if (marks ^ m * 0x01010101) & every >> 8:
        return False
    last = _of(marks, count - 1)
    return last == 0 or (last == 32 and m == 32)


@kernel
def _octets(data, at, sizes, marks, n):  # type: ignore[no-untyped-def]
    """Tell whether four groups are an IPv4 address that could be somebody's."""
    if n < 4 or marks & 0xFFFFFF != 0x2E2E2E or _of(marks, 3) == 46:
        return False
    i, first = at, 0
    for k in range(4):
        size = _of(sizes, k)
        if size > 3 or (size > 1 and data[i] == 48):
            return False
        number = 0
        for _ in range(size):
            number = number * 10 + int(data[i]) - 48
            i += 1
        if number > 255:
            return False
        if k == 0:
            first = number
        i += 1
    return not (first == 0 or first == 127 or first >= 224)


@kernel
def _stands(data, at, word):  # type: ignore[no-untyped-def]
    """Tell whether a word stands at a place of data that is padded."""
    for k in range(len(word)):
        if data[at + k] != word[k]:
            return False
    return True


@kernel
def _is_version(data, at, end, low):  # type: ignore[no-untyped-def]
    """Tell whether what looks like an address is a version: a browser's as `Chrome/120.0.0.0` and `rv:1.9.1.8) Gecko`,
    an assembly's of .NET as `Version=4.0.0.0, Culture=neutral`."""
    if at - len(_VERSION) >= low and _stands(data, at - len(_VERSION), _VERSION):
        return _stands(data, end, _CULTURE)
    if at - 3 >= low and data[at - 1] == 58 and data[at - 2] == 118 and data[at - 3] == 114:
        return data[end] == 41 and data[end + 1] == 32 and data[end + 2] == 71 and data[end + 3] == 101
    if at - 2 < low or data[at - 1] != 47 or not (KINDS[data[at - 2]] & LETTER):
        return False
    for k in range(1, 7):
        if data[end - k] != (48 if k % 2 else 46):
            return False
    return True


@kernel
def may_be_number(data, at, first, high):  # type: ignore[no-untyped-def]
    """Tell whether digits at data[at:first] may begin something known, by what follows: a look that rejects most."""
    mark = data[first]
    if (mark == 46 or mark == 45 or mark == 32 or mark == 47) and KINDS[data[first + 1]] & DIGIT:
        return _MAYBE[min(first - at, 15), min(_run(data, first + 1, high), 15), mark]
    return KINDS[mark] & LETTER != 0 or first - at >= 13


@kernel
def number(data, at, low, high):  # type: ignore[no-untyped-def]
    """Read the number that begins at `at`; return (its shape or -1, its end, where to go on)."""
    n, end, sizes, marks = _groups(data, at, high)
    one = at + _of(sizes, 0)
    before = data[at - 1] if at > low else np.uint8(32)
    glued = (
        before == 46
        or before == 45
        or before == 95
        or (before == 47 and at - 1 > low and (KINDS[data[at - 2]] & DIGIT))
    )
    follows = data[end] if end < high else np.uint8(32)
    if n == 1:
        if KINDS[follows] & LETTER:
            return _number_word(data, at, one, high, glued)
        size = one - at
        if size >= 13 and size <= 19 and not glued and follows != 95:
            if is_issuer(data, at, one) and luhn(data, at, one) and not is_run(data, at, one):
                return CARD, one, one
            if size == 18 and (before != 46):
                return CNID, one, one
            if size == 15 and (data[at] == 49 or data[at] == 50):
                return NIR, one, one
        return -1, at, one
    ends = 0
    for k in range(min(4, n)):
        ends += _of(sizes, k) + (k > 0)
    if _octets(data, at, sizes, marks, n):
        if (
            before != 46
            and before != 45
            and before != 95
            and not (KINDS[data[at + ends] if at + ends < high else np.uint8(32)] & (LETTER | UNDER))
            and not _is_version(data, at, at + ends, low)
        ):
            return IPV4, at + ends, at + ends
        return -1, at, end
    if (
        n == 2
        and _of(sizes, 0) == 6
        and _of(sizes, 1) == 3
        and _of(marks, 0) == 45
        and (KINDS[follows] & UPPER)
        and not glued
    ) and (end + 1 >= high or not (KINDS[data[end + 1]] & WORD)):
        return HETU, end + 1, end + 1
    if (glued or (KINDS[follows] & WORD and _of(marks, n - 1) == 0)) and not (
        follows == 75 or follows == 107
    ):
        return -1, at, end if before == 46 else one
    found, stop = -1, 0
    if _is(sizes, marks, n, 4, 4, 4, 4, 32) or _is(sizes, marks, n, 4, 4, 4, 4, 45):
        found, stop = CARD, at + 19
    elif _is(sizes, marks, n, 4, 6, 5, 0, 32) or _is(sizes, marks, n, 4, 6, 5, 0, 45):
        found, stop = CARD, at + 17
    elif _is(sizes, marks, n, 4, 6, 4, 0, 32) or _is(sizes, marks, n, 4, 6, 4, 0, 45):
        found, stop = CARD, at + 16
    if found == CARD:
        if is_issuer(data, at, stop) and luhn(data, at, stop):
            return CARD, stop, stop
        return -1, at, one
    if _is(sizes, marks, n, 3, 2, 4, 0, 45):
        found = SSN
    elif _is(sizes, marks, n, 3, 3, 3, 0, 45) and luhn(data, at, at + 11):
        found = SIN
    elif _is(sizes, marks, n, 6, 7, 0, 0, 45):
        found = RRN
    elif _is(sizes, marks, n, 2, 8, 1, 0, 45):
        found = CUIT
    elif _is(sizes, marks, n, 6, 4, 0, 0, 45) or _is(sizes, marks, n, 8, 4, 0, 0, 45):
        found = PNR
    elif _is(sizes, marks, n, 3, 4, 4, 2, 46):
        found = AHV
    elif _is(sizes, marks, n, 4, 4, 4, 0, 32):
        found = AADHAAR
    elif before != 47 and (_is(sizes, marks, n, 6, 4, 0, 0, 47) or _is(sizes, marks, n, 6, 3, 0, 0, 47)):
        found = RC  # not two parts of a path
    elif (
        (_is(sizes, marks, n, 3, 3, 4, 0, 45) or _is(sizes, marks, n, 3, 3, 4, 0, 46))
        and data[at] > 49
        and data[at + 4] > 49
    ):
        found = PHONE
    if found >= 0:
        stop = at
        for k in range(4):
            stop += _of(sizes, k) + (k > 0)
            if (
                _of(marks, k) == 0
                or (_of(marks, k) == 32 and found != AADHAAR)
                or (found == AADHAAR and k == 2)
            ):
                break
        return found, stop, stop
    if (
        n == 4
        and _of(sizes, 0) == 3
        and _of(sizes, 1) == 3
        and _of(sizes, 2) == 3
        and _of(sizes, 3) == 2
        and _of(marks, 2) == 45
        and _of(marks, 0) == 46
    ):
        return CPF, end, end
    if (
        n == 5
        and _of(sizes, 0) == 2
        and _of(sizes, 1) == 3
        and _of(sizes, 2) == 3
        and _of(sizes, 3) == 4
        and _of(marks, 2) == 47
        and _of(marks, 0) == 46
    ):
        return CNPJ, end, end
    if (
        n == 5
        and _of(sizes, 0) == 2
        and _of(sizes, 1) == 2
        and _of(sizes, 2) == 2
        and _of(sizes, 3) == 3
        and _of(sizes, 4) == 2
        and _of(marks, 0) == 46
        and _of(marks, 2) == 45
    ):
        return NRN, end, end
    if (
        n >= 7
        and _of(sizes, 0) == 1
        and _of(sizes, 1) == 2
        and _of(sizes, 2) == 2
        and _of(sizes, 3) == 2
        and _of(sizes, 4) == 3
        and _of(sizes, 5) == 3
        and _of(sizes, 6) == 2
        and _of(marks, 0) == 32
        and _of(marks, 5) == 32
    ):
        return NIR, at + 21, at + 21
    if (
        (
            n == 3
            and _of(sizes, 0) <= 2
            and _of(sizes, 1) == 3
            and _of(sizes, 2) == 3
            and _of(marks, 0) == 46
            and _of(marks, 1) == 46
            and follows == 45
        )
        and end + 1 < high
        and ((KINDS[data[end + 1]] & DIGIT) or (data[end + 1] | 32) == 107)
    ):
        return RUT, end + 2, end + 2
    if (
        n == 4
        and _of(sizes, 0) <= 2
        and _of(sizes, 1) == 3
        and _of(sizes, 2) == 3
        and _of(sizes, 3) == 1
        and _of(marks, 0) == 46
        and _of(marks, 1) == 46
        and _of(marks, 2) == 45
    ):
        return RUT, end, end
    return -1, at, one


@kernel
def _number_word(data, at, one, high, glued):  # type: ignore[no-untyped-def]
    """Read a word that begins with digits: identity numbers that end in a letter, Bitcoin, VIN."""
    e, uppers, lowers = one, 0, 0
    while e < high and (KINDS[data[e]] & WORD) and e - at < 80:
        uppers += (KINDS[data[e]] & UPPER) != 0
        lowers += (KINDS[data[e]] & LOWER) != 0
        e += 1
    size, digits = e - at, one - at
    if glued:
        return -1, at, e
    if size == 9 and digits == 8 and uppers == 1:
        return DNI, e, e
    if size == 18 and digits == 17 and (data[e - 1] | 32) == 120:
        return CNID, e, e
    if size == 17 and lowers == 0 and uppers >= 2:
        return VIN, e, e
    if 26 <= size <= 35 and lowers and uppers and (data[at] == 49 or data[at] == 51):
        return BITCOIN, e, e
    return -1, at, e
