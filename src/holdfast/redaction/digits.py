"""Numbers: cards, identity numbers and IPv4 addresses, by the sizes of their groups."""

from __future__ import annotations

import re
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


_WRITTEN = (
    (CARD, "9999 9999 9999 9999"),
    (CARD, "9999-9999-9999-9999"),
    (CARD, "9999 999999 99999"),
    (CARD, "9999-999999-99999"),
    (CARD, "9999 999999 9999"),
    (CARD, "9999-999999-9999"),
    (SSN, "999-99-9999"),
    (SIN, "999-999-999"),
    (RRN, "999999-9999999"),
    (CUIT, "99-99999999-9"),
    (PNR, "999999-9999"),
    (PNR, "99999999-9999"),
    (AHV, "999.9999.9999.99"),
    (AADHAAR, "9999 9999 9999"),
    (RC, "999999/9999"),
    (RC, "999999/999"),
    (PHONE, "999-999-9999"),
    (PHONE, "999.999.9999"),
    (CPF, "999.999.999-99"),
    (CNPJ, "99.999.999/9999-99"),
    (NRN, "99.99.99-999.99"),
    (NIR, "9 99 99 99 999 999 99"),
    (RUT, "99.999.999-9"),
    (RUT, "9.999.999-9"),
)
"""Shapes and how they are written, 9 for a digit."""
_BEFORE_LETTER = ((HETU, "999999-999"), (RUT, "99.999.999"), (RUT, "9.999.999"))
"""The same of those that end in a letter: a RUT in a K."""


def _packed(form: str) -> tuple[int, int, int]:
    """Return the sizes and marks of a written form as `_groups` packs them, and how many groups it has."""
    groups, marks = re.findall("9+", form), re.findall("[^9]", form)
    return (
        sum(len(group) << 8 * k for k, group in enumerate(groups)),
        sum(ord(mark) << 8 * k for k, mark in enumerate(marks)),
        len(groups),
    )


def _behind(form: str, count: int) -> int:
    """Return the bits of the mark behind a form that do not count: so many groups may be followed by anything, what is
    written with blanks by a blank, all else by none."""
    return 255 if count > 5 else ord(" ") if " " in form else 0


def _forms() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Rows of shape, length, sizes, bits of sizes that count, marks, bits of marks that count."""
    rows = []
    for shape, form in _WRITTEN:
        sizes, marks, count = _packed(form)
        every = (1 << 8 * count) - 1
        behind = every ^ (_behind(form, count) << 8 * (count - 1))
        rows.append((shape, len(form), sizes, every, marks, behind))
    return np.array(rows, np.int64)


def _maybe() -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which sizes of the first two groups, by their mark, may begin something known."""
    table = np.zeros((16, 16, 256), np.bool_)
    table[1:4, 1:4, ord(".")] = True  # an IPv4 address
    for _, form in (*_WRITTEN, *_BEFORE_LETTER):
        sizes, marks, _ = _packed(form)
        table[sizes & 255, sizes >> 8 & 255, marks & 255] = True
    return table


_FORMS, _MAYBE = _forms(), _maybe()
_HETU, _LONG_RUT, _SHORT_RUT = (_packed(form)[0] for _, form in _BEFORE_LETTER)


@kernel
def _run(data, at, high):  # type: ignore[no-untyped-def]
    i = at
    while i < high and (KINDS[data[i]] & DIGIT):
        i += 1
    return i - at


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
    follows = data[end] if end < high else np.uint8(32)
    glued = before == 46 or before == 45 or before == 95
    glued = glued or (before == 47 and at - 1 > low and (KINDS[data[at - 2]] & DIGIT) != 0)
    if n == 1:
        if KINDS[follows] & LETTER:
            return _number_word(data, at, one, high, glued)
        shape = -1 if glued or follows == 95 else _alone(data, at, one)
        return (shape, one, one) if shape >= 0 else (-1, at, one)
    if _octets(data, at, sizes, marks, n):
        stop = _after(sizes, at, 4)
        if before != 46 and before != 45 and before != 95 and _is_address(data, at, stop, low, high):
            return IPV4, stop, stop
        return -1, at, end
    if n == 2 and sizes == _HETU and marks == 45 and not glued and _ends_in_letter(data, end, high):
        return HETU, end + 1, end + 1
    goes_on = (KINDS[follows] & WORD) != 0 and _of(marks, n - 1) == 0
    if (glued or goes_on) and (follows | 32) != 107:  # a RUT may end in K
        return -1, at, end if before == 46 else one
    shape, length = _grouped(data, at, before, sizes, marks)
    if shape >= 0:
        return shape, at + length, at + length
    if n == 3 and sizes in (_LONG_RUT, _SHORT_RUT) and marks == 0x2E2E and follows == 45:
        if end + 1 < high and (data[end + 1] | 32) == 107:
            return RUT, end + 2, end + 2
    return -1, at, one


@kernel
def _after(sizes, at, count):  # type: ignore[no-untyped-def]
    """Return the end of the first groups of a number that begins at `at`."""
    stop = at + count - 1
    for k in range(count):
        stop += _of(sizes, k)
    return stop


@kernel
def _alone(data, at, end):  # type: ignore[no-untyped-def]
    """Return the shape of digits without marks, or -1."""
    size = end - at
    if 13 <= size <= 19 and is_issuer(data, at, end) and luhn(data, at, end) and not is_run(data, at, end):
        return CARD
    if size == 18:
        return CNID
    if size == 15 and (data[at] == 49 or data[at] == 50):
        return NIR
    return -1


@kernel
def _is_address(data, at, end, low, high):  # type: ignore[no-untyped-def]
    """Tell whether four octets stand alone and are no version."""
    follows = data[end] if end < high else np.uint8(32)
    return not (KINDS[follows] & (LETTER | UNDER)) and not _is_version(data, at, end, low)


@kernel
def _ends_in_letter(data, end, high):  # type: ignore[no-untyped-def]
    """Tell whether one capital letter follows the digits, and no more."""
    if end >= high or not (KINDS[data[end]] & UPPER):
        return False
    return end + 1 >= high or not (KINDS[data[end + 1]] & WORD)


@kernel
def _grouped(data, at, before, sizes, marks):  # type: ignore[no-untyped-def]
    """Return the shape whose written form the groups have, or -1, and its length."""
    for row in range(len(_FORMS)):
        if sizes & _FORMS[row, 3] != _FORMS[row, 2] or marks & _FORMS[row, 5] != _FORMS[row, 4]:
            continue
        shape, length = _FORMS[row, 0], _FORMS[row, 1]
        stop, known = at + length, True
        if shape == CARD:
            known = is_issuer(data, at, stop) and luhn(data, at, stop)
        elif shape == SIN:
            known = luhn(data, at, stop)
        elif shape == RC:
            known = before != 47  # not two parts of a path
        elif shape == PHONE:
            known = data[at] > 49 and data[at + 4] > 49
        return (shape, length) if known else (np.int64(-1), length)
    return np.int64(-1), np.int64(0)


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
