"""Credentials known by what stands around them: headers, cookies, addresses, keys in PEM, paths, hosts, flags."""

from __future__ import annotations

from holdfast.redaction import fields
from holdfast.redaction.emitting import emit
from holdfast.redaction.gates import is_reference
from holdfast.redaction.kernels import ALNUM, BASE64, DIGIT, KINDS, SEXTETS, TOKEN, UPPER, kernel


@kernel
def authorization(data, at, high):  # type: ignore[no-untyped-def]
    """Return the bounds of credentials, their scheme left out."""
    s, e = fields._quoted(data, at, high)
    if s < 0:
        s, e = at, at
        while (
            e < high and data[e] != 10 and data[e] != 13 and data[e] != 34 and data[e] != 92 and e - at < 4096
        ):
            e += 1
        if e < high and e > s and data[e] == 34 and data[e - 1] == 61:
            e = fields.line_end(data, e, high)
    k = s
    while k < e and (KINDS[data[k]] & TOKEN):
        k += 1
    if k < e and k - s < 24 and data[k] == 32:
        while k < e and data[k] == 32:
            k += 1
        s = k
    while e > s and (data[e - 1] == 39 or data[e - 1] == 32):
        e -= 1
    return s, e


@kernel
def bearer(data, at, high):  # type: ignore[no-untyped-def]
    e, digits = at, 0
    while e < high and (
        (KINDS[data[e]] & BASE64) or data[e] == 46 or data[e] == 126 or data[e] == 61 or data[e] == 58
    ):
        if KINDS[data[e]] & DIGIT:
            digits += 1
        e += 1
    while e > at and (data[e - 1] == 46 or data[e - 1] == 58):
        e -= 1
    return e if e - at >= 8 and (digits > 0 or e - at >= 24) else -1


@kernel
def basic(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of base64 that decodes to printable text with a colon, else -1."""
    e, bits, held, colon = at, 0, 0, False
    while e < high and (KINDS[data[e]] & BASE64):
        held = ((held << 6) | SEXTETS[data[e]]) & 0xFFFF
        bits += 6
        e += 1
        if bits >= 8:
            bits -= 8
            byte = (held >> bits) & 255
            if byte < 32 or byte == 127:
                return -1
            colon = colon or byte == 58
    while e < high and data[e] == 61:
        e += 1
    return e if colon and e - at >= 6 else -1


@kernel
def address(data, at, high):  # type: ignore[no-untyped-def]
    """After `://` return (user start, user end, password start, password end); -1 where there is none."""
    i, last, colon = at, -1, -1
    while i < high and i - at < 1024:
        code = data[i]
        if code <= 32 or code == 34 or code == 39 or code == 60 or code == 62 or code == 96 or code == 92:
            break
        if (code == 47 or code == 63) and (colon < 0 or last >= 0):
            break
        if code == 58 and colon < 0:
            colon = i
        if code == 64:
            last = i
        i += 1
    if last < 0:
        return -1, -1, -1, -1
    if colon < 0 or colon > last:
        return at, last, -1, -1
    return at, colon, colon + 1, last


@kernel
def cookies(data, at, high, low, rule, out, count, literal_end):  # type: ignore[no-untyped-def]
    """Emit the value of every cookie on this line; attributes are left."""
    i = at
    if data[literal_end - 1] == 44:
        i = fields._value_word(data, literal_end - 1, high)
        if i < 0:
            return count
    while i < high and (data[i] == 32 or data[i] == 58):
        i += 1
    i, _ = fields._skip_quote(data, i, high)
    begun = i
    while i < high and i - begun < 16384:
        while i < high and (data[i] == 32 or data[i] == 59):
            i += 1
        n = i
        while (
            i < high and data[i] > 32 and data[i] != 61 and data[i] != 59 and data[i] != 34 and data[i] != 92
        ):
            i += 1
        if i >= high or data[i] != 61:
            if i < high and data[i] == 59:
                continue
            return count
        named = i - n
        first = data[n] | 32 if named else 0
        i += 1
        v = i
        while (
            i < high and data[i] > 32 and data[i] != 59 and data[i] != 34 and data[i] != 92 and data[i] != 39
        ):
            i += 1
        attribute = (
            (named == 4 and first == 112) or (named == 6 and first == 100) or (named == 7 and first == 101)
        )
        attribute = (
            attribute or (named == 7 and first == 109) or (named == 8 and (first == 115 or first == 112))
        )
        if attribute and (named == 7 and first == 101):
            while i < high and data[i] != 59 and data[i] != 34 and data[i] != 10 and data[i] != 92:
                i += 1
        digits = 0
        for k in range(v, i):
            digits += (KINDS[data[k]] & DIGIT) != 0
        if not attribute and (i - v >= 8 or (i - v >= 5 and digits > 0)) and not is_reference(data, v, i):
            count = emit(out, count, v, i, rule)
        if i >= high or (data[i] != 59 and data[i] != 32):
            return count
    return count


@kernel
def key_body(data, at, high):  # type: ignore[no-untyped-def]
    """After `-----BEGIN ` return the bounds of a private key's body; -1 when it is something else."""
    i = at
    private = False
    while i < high and i - at < 48 and data[i] != 45:
        if data[i] == 80 and i + 7 < high and data[i + 1] == 82 and data[i + 2] == 73 and data[i + 6] == 69:
            private = True
        i += 1
    if not private:
        return -1, -1
    while i < high and data[i] == 45:
        i += 1
    s = i
    while i < high and i - s < 65536:
        if data[i] == 45 and i + 4 < high and data[i + 1] == 45 and data[i + 2] == 45 and data[i + 3] == 45:
            return s, i
        if data[i] == 34 and data[i - 1] != 92:
            return s, i
        i += 1
    return s, i


@kernel
def name_like(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of a part of a path or of a name of an account."""
    e = at
    while e < high and e - at < 64:
        code = data[e]
        if not ((KINDS[code] & TOKEN) or code == 46 or code >= 128 or code == 64 or code == 43):
            break
        e += 1
    while e > at and data[e - 1] == 46:
        e -= 1
    return e


@kernel
def after_colon(data, at, high):  # type: ignore[no-untyped-def]
    """After a flag return the bounds of the password in `name:password`, start -1 when there is none."""
    i = at + 1 if data[at] == 34 or data[at] == 39 else at
    begun = i
    while i < high and i - begun < 64 and ((KINDS[data[i]] & TOKEN) or data[i] == 46 or data[i] == 64):
        i += 1
    if i == begun or i >= high or data[i] != 58:
        return -1, -1
    s, letters = i + 1, False
    i = s
    while i < high and data[i] > 32 and data[i] != 34 and data[i] != 39:
        letters = letters or not (KINDS[data[i]] & DIGIT)
        i += 1
    return (s, i) if letters and i - s >= 4 and not is_reference(data, s, i) else (-1, -1)


@kernel
def host(data, at, end, low, high):  # type: ignore[no-untyped-def]
    s, e, dots, marked = at, end, 0, False
    while s > low and ((KINDS[data[s - 1]] & (ALNUM | 16)) or data[s - 1] == 46):
        s -= 1
        dots += data[s] == 46
        marked = marked or data[s] == 45 or (KINDS[data[s]] & DIGIT) != 0
        if KINDS[data[s]] & UPPER:
            return -1, -1
    while e < high and (
        (KINDS[data[e]] & (ALNUM | 16)) or (data[e] == 46 and e + 1 < high and (KINDS[data[e + 1]] & ALNUM))
    ):
        e += 1
    while s < at and not (KINDS[data[s]] & ALNUM):
        s += 1
    if e != end or s >= at or (e < high and (data[e] == 40 or data[e] == 95)):
        return -1, -1
    if at - s >= 7 and data[at - 1] == 114 and data[at - 2] == 101 and data[at - 7] == 99:  # cluster.local
        return -1, -1
    return (s, e) if marked or dots > 0 else (-1, -1)
