"""E-mail addresses, telephone numbers, hardware and IPv6 addresses."""

from __future__ import annotations

from holdfast.redaction.emitting import IPV6, MAC
from holdfast.redaction.kernels import ALNUM, DASH, DIGIT, HEX, KINDS, LETTER, WORD, kernel


@kernel
def _is_local(code):  # type: ignore[no-untyped-def]
    if KINDS[code] & (WORD | DASH) or code >= 128:
        return True
    return code == 46 or code == 43 or code == 37 or code == 38 or code == 126 or code == 33 or code == 35


@kernel
def email(data, at, low, high):  # type: ignore[no-untyped-def]
    """Return the bounds of the address around an @, start -1 when there is none."""
    s = at
    while s > low and at - s < 64 and _is_local(data[s - 1]):
        s -= 1
    while s < at and (data[s] == 46 or data[s] == 45 or data[s] == 43 or data[s] == 38 or data[s] == 33):
        s += 1
    if s > low and data[s - 1] == 92 and s + 1 < at and (data[s] == 110 or data[s] == 116 or data[s] == 114):
        s += 1  # the n of an escaped line feed
    if s >= at or data[at - 1] == 46:
        return -1, -1
    e, dot, label = at + 1, -1, 0
    while e < high and e - at < 255:
        code = data[e]
        if (KINDS[code] & (ALNUM | DASH)) or code >= 128:
            label += 1
        elif code == 46 and label:
            dot, label = e, 0
        else:
            break
        e += 1
    while e > at and (data[e - 1] == 46 or data[e - 1] == 45):
        e -= 1
    dot = e - 1
    while dot > at and data[dot] != 46:
        dot -= 1
    if dot <= at + 1 or e - dot < 3:
        return -1, -1
    for i in range(dot + 1, e):
        if not ((KINDS[data[i]] & LETTER) or data[i] >= 128 or data[i] == 45):
            if not (e - dot > 5 and data[dot + 1] == 120 and data[dot + 2] == 110):  # xn--
                return -1, -1
    if e < high and (data[e] == 40 or (data[e] == 95)):
        return -1, -1
    return s, e


@kernel
def _plus_phone(data, at, low, high):  # type: ignore[no-untyped-def]
    """Return the end of an international number that begins with the + at `at`, or -1."""
    if at > low:
        before = data[at - 1]
        if (KINDS[before] & WORD) or before == 43 or before == 47 or False:
            return -1
    i, digits, mark, last = at + 1, 0, 0, at
    if i >= high or not (KINDS[data[i]] & DIGIT) or data[i] == 48:
        return -1
    while i < high and digits <= 15:
        code = data[i]
        if KINDS[code] & DIGIT:
            digits += 1
            mark = 0
            last = i + 1
        elif (code == 32 or code == 45 or code == 46 or code == 40 or code == 41 or code == 47) and mark < 2:
            mark += 1
        else:
            break
        i += 1
    if digits < 8 or digits > 15:
        return -1
    if last < high and ((KINDS[data[last]] & WORD) or data[last] == 61 or data[last] == 58):
        return -1
    return last


@kernel
def _bracket_phone(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of `(415) 555-2671` at `at`, or -1."""
    if at + 13 > high or data[at + 4] != 41 or data[at + 1] < 50:
        return -1
    i = at + 5
    if data[i] == 32:
        i += 1
    for k in range(8):
        if i + k >= high:
            return -1
        if k == 3:
            if data[i + k] != 45 and data[i + k] != 46 and data[i + k] != 32:
                return -1
        elif not (KINDS[data[i + k]] & DIGIT):
            return -1
    for k in range(1, 4):
        if not (KINDS[data[at + k]] & DIGIT):
            return -1
    end = i + 8
    return -1 if end < high and (KINDS[data[end]] & WORD) else end


@kernel
def _colons(data, at, low, high):  # type: ignore[no-untyped-def]
    """At the first colon of a row: return (start, end, kind) of a hardware or IPv6 address; kind -1 for neither."""
    s = at
    while s > low and at - s < 5 and (KINDS[data[s - 1]] & HEX):
        s -= 1
    if at - s > 4 or (s > low and ((KINDS[data[s - 1]] & (WORD)) or data[s - 1] == 58 or data[s - 1] == 46)):
        return s, at + 1, -1
    i, groups, double, twos, dots, letters = s, 0, 0, True, 0, 0
    while i < high and i - s < 64:
        k = i
        while k < high and (KINDS[data[k]] & HEX) and k - i < 5:
            letters += (KINDS[data[k]] & LETTER) != 0
            k += 1
        if k - i > 4:
            return s, k, -1
        if k > i:
            groups += 1
            twos = twos and k - i == 2
        if k < high and data[k] == 46 and groups >= 2 and double + (groups >= 7) > 0:
            j, parts = i, 1
            while (
                j < high
                and j - i < 16
                and (
                    (KINDS[data[j]] & DIGIT)
                    or (data[j] == 46 and j + 1 < high and (KINDS[data[j + 1]] & DIGIT))
                )
            ):
                parts += data[j] == 46
                j += 1
            if parts == 4:
                dots, groups, i = 1, groups + 1, j
                break
        i = k
        if i >= high or data[i] != 58:
            break
        if i + 1 < high and data[i + 1] == 58:
            if double:
                return s, i + 2, -1
            double = 1
            i += 2
            if i >= high or not (KINDS[data[i]] & HEX):
                break
            continue
        if i + 1 < high and (KINDS[data[i + 1]] & HEX):
            i += 1
            continue
        break
    if i < high and ((KINDS[data[i]] & WORD) or (data[i] == 58 and i + 1 < high and data[i + 1] == 58)):
        return s, i, -1
    if groups == 6 and twos and not double:
        return s, i, MAC
    if (groups == 8 and not double) or (
        double and 1 <= groups <= 7 and (letters or groups > 2 or dots or i - s > 6)
    ):
        return s, i, IPV6
    return s, max(i, at + 1), -1


@kernel
def _dashed_mac(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of `3c-22-fb-19-0a-7e` or `3c22.fb19.0a7e` at `at`, or -1."""
    for form in range(2):
        size, mark, step = (17, 45, 3) if form == 0 else (14, 46, 5)
        if at + size > high or data[at + step - 1] != mark:
            continue
        good, letters = True, False
        for k in range(size):
            code = data[at + k]
            if k % step == step - 1:
                good = good and code == mark
            else:
                good = good and (KINDS[code] & HEX) != 0
                letters = letters or (KINDS[code] & LETTER) != 0
        end = at + size
        if (
            good
            and (letters or form == 0)
            and not (end < high and ((KINDS[data[end]] & WORD) or data[end] == mark))
        ):
            return end
    return -1
