"""The scanner for what has a form of its own and no literal: addresses, numbers with check digits, accounts."""

from __future__ import annotations

import numpy as np

from holdfast.redaction.capitals import word
from holdfast.redaction.contacts import _bracket_phone, _colons, _dashed_mac, _plus_phone, email
from holdfast.redaction.digits import number
from holdfast.redaction.emitting import EMAIL, MAC, PHONE, emit
from holdfast.redaction.kernels import ALNUM, DIGIT, HEX, KINDS, UPPER, kernel


@kernel
def scan_shapes(data, low, high, ids, out):  # type: ignore[no-untyped-def]
    """Scan data[low:high]. ids: int32, the rule of each shape or -1. out: int64[n, 4]; returns the events."""
    count, i = 0, low
    sizes, marks = np.zeros(8, np.int64), np.zeros(8, np.int64)
    word_before = False
    colon_to = low
    while i < high:
        code = data[i]
        kind = KINDS[code]
        if kind & ALNUM:
            if word_before:
                i += 1
                continue
            if (kind & HEX) and i + 14 <= high and (data[i + 2] == 45 or data[i + 4] == 46):
                end = _dashed_mac(data, i, high)
                if end > 0 and not (
                    i > low and (data[i - 1] == 45 or data[i - 1] == 46 or data[i - 1] == 95)
                ):
                    count = emit(out, count, i, end, ids[MAC])
                    i = end
                    word_before = True
                    continue
            if kind & DIGIT:
                count, to = number(data, i, low, high, ids, out, count, sizes, marks)
                word_before = (KINDS[data[to - 1]] & ALNUM) != 0
                i = to
                continue
            if kind & UPPER:
                count, to = word(data, i, low, high, ids, out, count)
                i = max(to, i + 1)
                word_before = True
                continue
            word_before = True
            i += 1
            continue
        if (
            word_before
            and (code == 92)
            and i + 1 < high
            and (data[i + 1] == 110 or data[i + 1] == 116 or data[i + 1] == 114)
        ):
            i += 2
            word_before = False
            continue
        if code == 92 and i + 1 < high and (data[i + 1] == 110 or data[i + 1] == 116 or data[i + 1] == 114):
            i += 2
            word_before = False
            continue
        word_before = code == 95
        if code == 64:
            s, e = email(data, i, low, high)
            if s >= 0:
                count = emit(out, count, s, e, ids[EMAIL])
        elif code == 58:
            if i >= colon_to and i + 1 < high and (data[i + 1] == 58 or (KINDS[data[i + 1]] & HEX)):
                s, e, found = _colons(data, i, low, high)
                if found >= 0:
                    count = emit(out, count, s, e, ids[found])
                    i = e
                    word_before = True
                    continue
                colon_to = e
        elif code == 43:
            e = _plus_phone(data, i, low, high)
            if e > 0:
                count = emit(out, count, i, e, ids[PHONE])
                i = e
                word_before = True
                continue
        elif code == 40 and i + 1 < high and (KINDS[data[i + 1]] & DIGIT):
            e = _bracket_phone(data, i, high)
            if e > 0:
                count = emit(out, count, i, e, ids[PHONE])
                i = e
                continue
        i += 1
    return count
