"""Judges plain values in a compiled loop as `checks` and `Pseudonyms.is_own` would; the others are asked there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from holdfast.redaction import checks
from holdfast.redaction.gates import luhn
from holdfast.redaction.kernels import BASE64, DIGIT, KINDS, LETTER, LOWERED, UPPER, kernel
from holdfast.redaction.words import ACCOUNTS, ENDINGS_OF_FILES, PLACEHOLDERS

Array = np.ndarray[Any, Any]
UNSURE, ACCEPTED, REFUSED = range(3)
_ASK, _NONE, _EMAIL, _PHONE, _NAME, _USER, _PASSWORD, _CARD = range(8)
_WAYS = {
    None: _NONE, checks.email: _EMAIL, checks.mail_of: _EMAIL, checks.phone: _PHONE, checks.name: _NAME,
    checks.user: _USER, checks.password: _PASSWORD, checks.card: _CARD,
}  # fmt: skip
_START, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def ways_of(checked: Sequence[Any]) -> Array:
    """Return how the values of each rule are judged, by the rule's check; uint8[rules]."""
    return np.array([_WAYS.get(check, _ASK) for check in checked] or [_ASK], np.uint8)


def table_of(words: Iterable[bytes]) -> Array:
    """Return a table of words that are never judged here, those of Holdfast's own lists among them."""
    return hashes_of([*words, *(word.encode() for word in ACCOUNTS | ENDINGS_OF_FILES | PLACEHOLDERS)])


def hashes_of(words: Iterable[bytes]) -> Array:
    """Return a table of hashes of words, case ignored, uint64[power of two]."""
    texts = [word.lower() for word in words]
    table = np.zeros(1 << max(8, (4 * len(texts)).bit_length()), np.uint64)
    for text in texts:
        data = np.frombuffer(text + b"\0", np.uint8)
        _enter(table, data, len(text))
    return table


@kernel
def _word_hash(data, start, end):  # type: ignore[no-untyped-def]
    code = _START
    for i in range(start, end):
        code = (code ^ np.uint64(LOWERED[data[i]])) * _PRIME
    return code | np.uint64(1)


@kernel
def _slot(table, code):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(table) - 1)
    slot = (code >> np.uint64(24)) & mask
    while table[slot] != 0 and table[slot] != code:
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _enter(table, data, size):  # type: ignore[no-untyped-def]
    code = _word_hash(data, 0, size)
    table[_slot(table, code)] = code


@kernel
def is_listed(table, data, start, end):  # type: ignore[no-untyped-def]
    """Tell whether the hash of what stands there is in a table; other words may have it too."""
    return table[_slot(table, _word_hash(data, start, end))] != 0


@kernel
def _may_be_own(data, s, e):  # type: ignore[no-untyped-def]
    """Tell whether a value could be a pseudonym: its tag or address, or their base64."""
    size, first = e - s, data[s]
    if size >= 18 and data[e - 15] == 45 and (KINDS[first] & UPPER):
        return True
    if size > 12 and data[e - 1] == 100 and data[e - 8] == 46:  # .invalid
        return True
    if first == 102 or first == 70 or first == 58 or first == 45 or first == 46:  # fa:..., fc..::, ::ffff:
        return True
    if size >= 16 and (first == 100 or first == 65 or 81 <= first <= 87):
        for i in range(s, e):
            if not (KINDS[data[i]] & BASE64) and data[i] != 61:
                break
        else:
            return True
    if size > 45:
        return False
    if first == 50 and size >= 7 and (data[s + 1] == 52 or data[s + 1] == 53):
        return True
    if first == 48 or 52 <= first <= 54:
        for i in range(s, e):
            if data[i] == 58:
                return True
    return False


@kernel
def _phone(data, s, e):  # type: ignore[no-untyped-def]
    seen, digits, different = 0, 0, 0
    for i in range(s, e):
        if KINDS[data[i]] & DIGIT:
            digits += 1
            seen |= 1 << (int(data[i]) - 48)
    while seen:
        different += seen & 1
        seen >>= 1
    return ACCEPTED if 7 <= digits <= 15 and different > 2 else REFUSED


@kernel
def _name(data, s, e):  # type: ignore[no-untyped-def]
    """Read words of letters, parted by single blanks, with dashes and apostrophes within."""
    words, letters = 1, 0
    for i in range(s, e):
        code = data[i]
        if KINDS[code] & LETTER:
            letters += 1
        elif letters == 0 or not (code == 32 or code == 45 or code == 39):
            return UNSURE
        else:
            words += code == 32
            letters = 0
    if letters == 0 or words > 5 or e - s > 80:
        return UNSURE
    return ACCEPTED if words > 1 or (KINDS[data[s]] & UPPER) else REFUSED


@kernel
def _user(data, s, e):  # type: ignore[no-untyped-def]
    """Read a name of letters, digits and a few marks."""
    if e - s < 2 or e - s >= 32:
        return UNSURE
    letters = False
    for i in range(s, e):
        code = data[i]
        if KINDS[code] & LETTER:
            letters = True
        elif not ((KINDS[code] & DIGIT) or code == 45 or code == 46 or code == 95):
            return UNSURE
    return ACCEPTED if letters else REFUSED


@kernel
def _password(data, s, e):  # type: ignore[no-untyped-def]
    """Read printable characters, with a letter or digit at both ends, that begin like no placeholder."""
    first, size = data[s] | 32, e - s
    if size < 3 or not (KINDS[data[s]] & (LETTER | DIGIT)) or not (KINDS[data[e - 1]] & (LETTER | DIGIT)):
        return UNSURE
    if first == 120 or (first == 121 and (data[s + 1] | 32) == 111):  # xxxx, your_
        return UNSURE
    for i in range(s, e):
        if data[i] >= 128:
            return UNSURE
    return ACCEPTED


@kernel
def _email(data, s, e, table):  # type: ignore[no-untyped-def]
    dot = e
    while dot > s and data[dot - 1] != 46 and data[dot - 1] < 128:
        dot -= 1
    if dot == s or data[dot - 1] != 46 or is_listed(table, data, dot, e):
        return UNSURE
    if (data[s] | 32) == 103 and (data[s + 1] | 32) == 105:  # git@
        return UNSURE
    for i in range(s, dot):
        if data[i] == 64:
            return ACCEPTED
    return UNSURE


@kernel
def judged(arena, offsets, rules, ways, table, begin, end, verdicts):  # type: ignore[no-untyped-def]
    """Write the verdicts of the values from `begin` to `end`: ACCEPTED, REFUSED, or UNSURE for what has to be asked."""
    for one in range(begin, end):
        s, e, way = offsets[one], offsets[one + 1], ways[rules[one]]
        verdicts[one] = UNSURE
        if way == _ASK or e <= s or e - s > 512 or _may_be_own(arena, s, e) or is_listed(table, arena, s, e):
            continue
        if way == _NONE:
            verdicts[one] = ACCEPTED
        elif way == _EMAIL:
            verdicts[one] = _email(arena, s, e, table)
        elif way == _PHONE:
            verdicts[one] = _phone(arena, s, e)
        elif way == _NAME:
            verdicts[one] = _name(arena, s, e)
        elif way == _USER:
            verdicts[one] = _user(arena, s, e)
        elif way == _PASSWORD:
            verdicts[one] = _password(arena, s, e)
        elif way == _CARD:
            verdicts[one] = ACCEPTED if luhn(arena, s, e) and 13 <= _digits(arena, s, e) <= 19 else REFUSED


@kernel
def _digits(data, s, e):  # type: ignore[no-untyped-def]
    count = 0
    for i in range(s, e):
        count += (KINDS[data[i]] & DIGIT) != 0
    return count
