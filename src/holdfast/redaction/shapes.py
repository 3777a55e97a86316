"""The scanner for what has a form of its own and no literal: addresses, numbers with check digits, accounts."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.capitals import word
from holdfast.redaction.contacts import _bracket_phone, _colons, _dashed_mac, _plus_phone, email
from holdfast.redaction.digits import number
from holdfast.redaction.emitting import EMAIL, MAC, PHONE, emit
from holdfast.redaction.kernels import ALNUM, DIGIT, HEX, KINDS, LETTER, LOWER, UPPER, kernel

_SKIP, _UPPER, _DIGIT, _AT, _COLON, _PLUS, _BRACKET, _DASH, _DOT = range(9)


def _acts() -> np.ndarray[Any, np.dtype[np.uint8]]:
    table = np.zeros(256, np.uint8)
    table[ord("A") : ord("Z") + 1] = _UPPER
    table[ord("0") : ord("9") + 1] = _DIGIT
    for one, act in (("@", _AT), (":", _COLON), ("+", _PLUS), ("(", _BRACKET), ("-", _DASH), (".", _DOT)):
        table[ord(one)] = act
    return table


_ACTS = _acts()


@kernel
def _goes_on(data, at, low):  # type: ignore[no-untyped-def]
    """Tell whether a word goes on at `at`: a letter or digit before it that is no escaped line feed."""
    if at <= low or not (KINDS[data[at - 1]] & ALNUM):
        return False
    code = data[at - 1]
    return not (at - 2 >= low and data[at - 2] == 92 and (code == 110 or code == 116 or code == 114))


@kernel
def _mac_before(data, at, size, low, high):  # type: ignore[no-untyped-def]
    """At the first mark of a hardware address: return its end, or -1. size: hex digits in front of the mark."""
    start = at - size
    if start < low or not (KINDS[data[start]] & HEX) or _goes_on(data, start, low):
        return -1
    if start > low and (data[start - 1] == 45 or data[start - 1] == 46 or data[start - 1] == 95):
        return -1
    return _dashed_mac(data, start, high)


@kernel
def scan_shapes(data, low, high, ids, out):  # type: ignore[no-untyped-def]
    """Scan data[low:high], which has 64 bytes more. ids: int32, the rule of each shape or -1.

    out: int64[n, 4] of (start, end, rule, 0); returns the number of finds.
    """
    count, i, colon_to = 0, low, low
    sizes, marks = np.zeros(8, np.int64), np.zeros(8, np.int64)
    while i < high:
        act = _ACTS[data[i]]
        if act == 0:
            i += 1
        elif act == 2:
            if _goes_on(data, i, low):
                i += 1
                while i < high and (KINDS[data[i]] & ALNUM):
                    i += 1
            else:
                k = i + 1
                while KINDS[data[k]] & DIGIT:
                    k += 1
                mark = data[k]
                joined = (mark == 46 or mark == 45 or mark == 32 or mark == 47) and KINDS[data[k + 1]] & DIGIT
                if joined or KINDS[mark] & LETTER or k - i >= 13:
                    count, i = number(data, i, low, high, ids, out, count, sizes, marks)
                else:
                    i = k
        elif act == 1:
            if (KINDS[data[i + 1]] & LOWER) or _goes_on(data, i, low):
                i += 1
                continue
            k, digits = i + 1, False
            while KINDS[data[k]] & (DIGIT | UPPER):
                digits = digits or data[k] < 65
                k += 1
            if (digits and k - i >= 4) or (k - i == 2 and data[k] == 32 and (KINDS[data[k + 1]] & DIGIT)):
                count, to = word(data, i, low, high, ids, out, count)
                i = max(to, i + 1)
            else:
                i = k
        elif act == 4:
            after = data[i + 1]
            if i < colon_to or not (after == 58 or (KINDS[after] & HEX)):
                i += 1
            elif (
                data[i + 3] == 58
                and (KINDS[data[i + 1]] & DIGIT)
                and data[i + 6] != 58
                and (KINDS[data[i - 1]] & DIGIT)
            ):
                colon_to = i + 4
                i += 3
            else:
                s, e, found = _colons(data, i, low, high)
                if found >= 0:
                    count = emit(out, count, s, e, ids[found])
                    i = e
                else:
                    colon_to = e
                    i += 1
        elif act == 3:
            s, e = email(data, i, low, high)
            if s >= 0:
                count = emit(out, count, s, e, ids[EMAIL])
            i += 1
        elif act == 7 or act == 8:
            step = 3 if act == 7 else 5
            if data[i + step] == data[i] and (KINDS[data[i + step - 1]] & HEX):
                e = _mac_before(data, i, step - 1, low, high)
                if e > 0:
                    count = emit(out, count, i - step + 1, e, ids[MAC])
                    i = e
                    continue
            i += 1
        elif act == 5:
            e = _plus_phone(data, i, low, high)
            if e > 0:
                count = emit(out, count, i, e, ids[PHONE])
            i = max(e, i + 1)
        else:
            e = _bracket_phone(data, i, high) if KINDS[data[i + 1]] & DIGIT else -1
            if e > 0:
                count = emit(out, count, i, e, ids[PHONE])
            i = max(e, i + 1)
    return count
