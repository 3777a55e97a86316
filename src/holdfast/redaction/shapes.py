"""The scanner for what has a form of its own and no literal: addresses, numbers with check digits, accounts."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.capitals import word
from holdfast.redaction.contacts import _bracket_phone, _colons, _dashed_mac, _plus_phone, email
from holdfast.redaction.digits import may_be_number, number
from holdfast.redaction.emitting import EMAIL, MAC, PHONE, emit
from holdfast.redaction.kernels import ALNUM, DIGIT, HEX, KINDS, UPPER, kernel
from holdfast.redaction.masks import lowest, mask_of

_UPPER, _DIGIT, _AT, _COLON, _PLUS, _BRACKET, _DASH, _DOT = range(1, 9)


def _acts() -> np.ndarray[Any, np.dtype[np.uint8]]:
    table = np.zeros(256, np.uint8)
    table[ord("A") : ord("Z") + 1] = _UPPER
    table[ord("0") : ord("9") + 1] = _DIGIT
    for one, act in (("@", _AT), (":", _COLON), ("+", _PLUS), ("(", _BRACKET), ("-", _DASH), (".", _DOT)):
        table[ord(one)] = act
    return table


_ACTS = _acts()
_digits, _uppers, _lowers = mask_of(range(48, 58)), mask_of(range(65, 91)), mask_of(range(97, 123))
_hexes, _colon, _dash, _dot = mask_of(b"0123456789abcdefABCDEF"), mask_of(b":"), mask_of(b"-"), mask_of(b".")
_mark, _bracket, _escape, _escaped = mask_of(b"@+"), mask_of(b"("), mask_of(b"\\"), mask_of(b"nrt")
_PLACES = np.uint64((1 << 56) - 1)


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
def _near(mask, k):  # type: ignore[no-untyped-def]
    """Return for each place what a mask says `k` places further on, or before."""
    return mask >> np.uint64(k) if k >= 0 else mask << np.uint64(-k)


@kernel
def _begins(at, k):  # type: ignore[no-untyped-def]
    """Return where shapes may begin or have their mark among 56 places, the first of them `k` bytes behind `at`."""
    digits, uppers, hexes, colons = _digits(at), _uppers(at), _hexes(at), _colon(at)
    dashes, dots = _dash(at), _dot(at)
    before = _near(digits | uppers | _lowers(at), k - 1)
    # a word goes on behind a letter or digit, unless that is the n of an escaped line feed
    free = ~before | (_near(_escaped(at), k - 1) & _near(_escape(at), k - 2))
    found = _near(digits, k) & free
    found |= _near(uppers, k) & free & _near(uppers | digits, k + 1)
    found |= _near(colons, k) & _near(hexes | colons, k + 1)
    found |= _near(dashes, k) & _near(dashes, k + 3) & _near(hexes, k + 2)
    found |= _near(dots, k) & _near(dots, k + 5) & _near(hexes, k + 4)
    return found | _near(_mark(at), k) | (_near(_bracket(at), k) & _near(digits, k + 1))


@kernel
def _word(data, i, low, high, ids, out, count):  # type: ignore[no-untyped-def]
    """Read what begins with a capital; return (finds, where to go on)."""
    k, digits = i + 1, False
    while KINDS[data[k]] & (DIGIT | UPPER):
        digits = digits or data[k] < 65
        k += 1
    if (digits and k - i >= 4) or (k - i == 2 and data[k] == 32 and (KINDS[data[k + 1]] & DIGIT)):
        count, to = word(data, i, low, high, ids, out, count)
        return count, max(to, i + 1)
    return count, k


@kernel
def _is_time(data, i):  # type: ignore[no-untyped-def]
    """Tell whether the colon at `i` is the first of a time of day."""
    return (
        data[i + 3] == 58
        and (KINDS[data[i + 1]] & DIGIT)
        and data[i + 6] != 58
        and (KINDS[data[i - 1]] & DIGIT)
    )


@kernel
def scan_shapes(data, high, ids, out):  # type: ignore[no-untyped-def]
    """Scan data[:high], which has 64 bytes more. ids: int32, the rule of each shape or -1.

    out: int64[n, 4] of (start, end, rule, 0); returns the number of finds.
    """
    base, count, to, colon_to, low = data.ctypes.data, 0, 0, 0, 0
    for block in range(0, high, 56):
        # two bytes in front of a place say whether a word goes on there
        found = _begins(base + block - 2, 2) if block else _begins(base, 0)
        found &= _PLACES
        while found:
            i = block + lowest(found)
            found &= found - np.uint64(1)
            if i < to or i >= high:
                continue
            act, to = _ACTS[data[i]], i + 1
            if act == _DIGIT:
                while KINDS[data[to]] & DIGIT:
                    to += 1
                if may_be_number(data, i, to, high):
                    shape, e, to = number(data, i, low, high)
                    if shape >= 0:
                        count = emit(out, count, i, e, ids[shape])
            elif act == _UPPER:
                count, to = _word(data, i, low, high, ids, out, count)
            elif act == _COLON:
                if i < colon_to:
                    continue
                if _is_time(data, i):
                    colon_to, to = i + 4, i + 3
                    continue
                s, e, shape = _colons(data, i, low, high)
                if shape >= 0:
                    count, to = emit(out, count, s, e, ids[shape]), e
                else:
                    colon_to = e
            elif act == _AT:
                s, e = email(data, i, low, high)
                if s >= 0:
                    count = emit(out, count, s, e, ids[EMAIL])
            elif act in (_DASH, _DOT):
                step = 3 if act == _DASH else 5
                e = _mac_before(data, i, step - 1, low, high)
                if e > 0:
                    count, to = emit(out, count, i - step + 1, e, ids[MAC]), e
            else:
                e = _plus_phone(data, i, low, high) if act == _PLUS else _bracket_phone(data, i, high)
                if e > 0:
                    count = emit(out, count, i, e, ids[PHONE])
                to = max(e, i + 1)
    return count
