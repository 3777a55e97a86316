"""The scanner for everything that a literal announces: vendors' forms, fields by name, structures."""

from __future__ import annotations

import numpy as np

from holdfast.redaction import fields
from holdfast.redaction.gates import entropy, is_reference, is_run, looks_random
from holdfast.redaction.kernels import (
    ALNUM,
    BASE64,
    DIGIT,
    FOLDS,
    KINDS,
    LOWER,
    LOWERED,
    TOKEN,
    UPPER,
    WORD,
    kernel,
    sextet,
)

_FOLLOWS = np.array([chr(code) in "\"'`\\:=>])\t\n\r" for code in range(256)])
"""Bytes that may follow the name of a field."""
STRONG, WEAK, DIGITS, PERSONAL = 0, 1, 2, 3
TOKENS, TEXT, AUTH = 0, 1, 2


@kernel
def matched(data, at, high, start, classes, steps, accepts):  # type: ignore[no-untyped-def]
    """Run a pattern from `at`; return the end of the longest match, or -1."""
    state, end, i = start, -1, at
    while i < high:
        state = steps[state, classes[data[i]]]
        if state == 0:
            break
        i += 1
        if accepts[state]:
            end = i
    return end


@kernel
def _free_before(data, at, low):  # type: ignore[no-untyped-def]
    """Tell whether no word goes on before `at`; the n of an escaped line feed is none."""
    if at <= low or not (KINDS[data[at - 1]] & ALNUM):
        return True
    code = data[at - 1]
    return at - 2 >= low and data[at - 2] == 92 and (code == 110 or code == 114 or code == 116)


@kernel
def _shaped(data, at, high, low, rule, db):  # type: ignore[no-untyped-def]
    """Return the end of the rule's pattern at `at` when it is a whole value, else -1."""
    end = matched(data, at, high, db.starts[rule], db.classes, db.steps, db.accepts)
    if end < 0:
        return -1
    if not db.opens[rule] and end < high and (KINDS[data[end]] & WORD) and (KINDS[data[end - 1]] & WORD):
        return -1
    if end - at >= 16 and is_run(data, at + (end - at) // 2, end):
        return -1
    if db.entropies[rule] and entropy(data, at, end) < 3.3:
        return -1
    return end


@kernel
def name_hash(data, start, end, seed):  # type: ignore[no-untyped-def]
    """Return a keyed hash of a field's name; never 0."""
    code = np.uint64(seed)
    for i in range(start, end):
        code = (code ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
        code ^= code >> np.uint64(29)
    return code | np.uint64(1)


@kernel
def _plausible(data, s, e, strength, how, colon, high):  # type: ignore[no-untyped-def]
    """Tell whether a field's value may be a secret."""
    size = e - s
    if size < 3 or is_reference(data, s, e) or (is_run(data, s, e) and size < 40):
        return False
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
        return False
    if how == fields.QUOTED or how == fields.MARKUP:
        return True
    if dots and digits == 0 and special == 0:
        return False
    if colon:
        return (digits > 0 or (special > 0 and size >= 6)) and size >= 6
    return True


@kernel
def _emit(out, count, start, end, rule, extra):  # type: ignore[no-untyped-def]
    if count < out.shape[0]:
        out[count, 0] = start
        out[count, 1] = end
        out[count, 2] = rule
        out[count, 3] = extra
    return count + 1


@kernel
def _field(data, at, end, low, high, db, names, out, count, pending, waiting):  # type: ignore[no-untyped-def]
    """Read the field whose name holds the word at `at`; return (events, pending names, where to go on)."""
    stop = fields.name_end(data, end, high)
    follows = data[stop] if stop < high else np.uint8(0)
    if follows == 32:
        stop = fields.spaced_end(data, stop, high)
    elif not _FOLLOWS[follows]:
        return count, waiting, stop
    begin = fields.name_start(data, at, low)
    at_value, how, colon = fields.separator(data, begin, stop, low, high)
    if at_value < 0:
        return count, waiting, stop
    if how != fields.FLAG and begin < at:
        # blanks before the name belong to it only in front of a colon
        k = at
        while k > begin and data[k - 1] != 32:
            k -= 1
        if not (colon or data[stop] == 58):
            begin = k
    code = name_hash(data, begin, stop, names.seed[0])
    mask = np.uint64(names.hashes.shape[0] - 1)
    slot = (code >> np.uint64(20)) & mask
    while names.hashes[slot] != 0 and names.hashes[slot] != code:
        slot = (slot + np.uint64(1)) & mask
    if names.hashes[slot] == 0:
        if waiting < pending.shape[0]:
            pending[waiting, 0] = begin
            pending[waiting, 1] = stop
        return count, waiting + 1, stop
    verdict = names.verdicts[slot]
    if verdict < 0:
        return count, waiting, stop
    rule, strength, mode = names.table[verdict, 0], names.table[verdict, 1], names.table[verdict, 2]
    first = fields.at_line_start(data, begin, low)
    if mode == AUTH:
        s, e = _authorization(data, at_value, high)
        if s >= 0 and e - s >= 4 and not is_reference(data, s, e):
            count = _emit(out, count, s, e, rule, 0)
        return count, waiting, max(stop, e)
    s, e, how = fields.value(data, at_value, how, first, low, high, begin, mode == TEXT)
    if s < 0 or e <= s:
        return count, waiting, stop
    for k in range(names.table[verdict, 3], names.table[verdict, 3] + names.table[verdict, 4]):
        near = names.near[k]
        if matched(data, s, e, db.starts[near], db.classes, db.steps, db.accepts) == e and not is_run(
            data, s, e
        ):
            return _emit(out, count, s, e, near, 0), waiting, stop
    if rule < 0:
        return count, waiting, stop
    if strength == PERSONAL:
        if e - s >= 2 and not is_reference(data, s, e):
            count = _emit(out, count, s, e, rule, how)
    elif _plausible(data, s, e, strength, how, colon, high):
        count = _emit(out, count, s, e, rule, how)
    return count, waiting, stop


@kernel
def _authorization(data, at, high):  # type: ignore[no-untyped-def]
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
def _bearer(data, at, high):  # type: ignore[no-untyped-def]
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
def _basic(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of base64 that decodes to printable text with a colon, else -1."""
    e, bits, held, colon = at, 0, 0, False
    while e < high and (KINDS[data[e]] & BASE64):
        held = ((held << 6) | sextet(int(data[e]))) & 0xFFFF
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
def _address(data, at, high):  # type: ignore[no-untyped-def]
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
def _cookies(data, at, high, low, rule, out, count, literal_end):  # type: ignore[no-untyped-def]
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
            count = _emit(out, count, v, i, rule, 0)
        if i >= high or (data[i] != 59 and data[i] != 32):
            return count
    return count


@kernel
def _key_body(data, at, high):  # type: ignore[no-untyped-def]
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
def _name_like(data, at, high):  # type: ignore[no-untyped-def]
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
def _host(data, at, end, low, high):  # type: ignore[no-untyped-def]
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


@kernel
def scan_triggers(data, low, high, db, names, user, out, pending):  # type: ignore[no-untyped-def]
    """Scan data[low:high]; data has three bytes more.

    out: int64[n, 4] of (start, end, rule, how); pending: int64[n, 2] of unknown names.
    Return (events, pending names). More events than `out` has rows mean that it was too small.
    """
    count = waiting = 0
    gram, read_to = np.uint32(0), low
    for ahead in range(low, min(low + 3, high)):
        gram = (gram << np.uint32(6)) | np.uint32(FOLDS[data[ahead]])
    for i in range(low, high):
        gram = ((gram << np.uint32(6)) | np.uint32(FOLDS[data[i + 3]])) & np.uint32(0xFFFFFF)
        code = np.uint32(gram * np.uint32(2654435761))
        bit = code >> np.uint32(12)
        if not ((db.bits[bit >> np.uint32(3)] >> (bit & np.uint32(7))) & np.uint32(1)):
            continue
        bucket = code >> np.uint32(16)
        for entry in range(db.buckets[bucket], db.buckets[bucket + 1]):
            if db.grams[entry] != gram:
                continue
            trigger = db.triggers[entry]
            first, last = db.offsets[trigger], db.offsets[trigger + 1]
            end = i + last - first
            if end > high:
                continue
            same, exact = True, db.exact[trigger]
            for k in range(last - first):
                have = data[i + k] if exact else LOWERED[data[i + k]]
                if have != db.letters[first + k]:
                    same = False
                    break
            if not same:
                continue
            mode, rule = db.modes[trigger], db.called[trigger]
            if mode == 3:
                if i >= read_to and (db.glued[trigger] or fields.begins_word(data, i, low)):
                    count, waiting, read_to = _field(
                        data, i, end, low, high, db, names, out, count, pending, waiting
                    )
                continue
            if mode == 0 or mode == 4:
                if db.glued[trigger] or _free_before(data, i, low):
                    stop = _shaped(data, i, high, low, rule, db)
                    if stop > 0:
                        count = _emit(out, count, i, stop, rule, 0)
            elif mode == 1:
                back = i
                while (
                    back > low
                    and i - back < db.backs[trigger]
                    and (
                        (KINDS[data[back - 1]] & BASE64)
                        or data[back - 1] == 126
                        or data[back - 1] == 46
                        or data[back - 1] == 58
                    )
                ):
                    back -= 1
                while back <= i:
                    if _free_before(data, back, low) or i - back == db.backs[trigger]:
                        stop = _shaped(data, back, high, low, rule, db)
                        if stop >= end:
                            count = _emit(out, count, back, stop, rule, 0)
                            break
                    back += 1
            elif mode == 2:
                stop = _shaped(data, end, high, low, rule, db)
                if stop > 0:
                    count = _emit(out, count, end, stop, rule, 0)
            elif mode == 5:
                s, e = _key_body(data, end, high)
                if s >= 0 and e - s >= 20:
                    count = _emit(out, count, s, e, rule, 0)
            elif mode == 6:
                if _free_before(data, i, low):
                    e = _bearer(data, end, high)
                    if e > 0:
                        count = _emit(out, count, end, e, rule, 0)
            elif mode == 7:
                if _free_before(data, i, low):
                    e = _basic(data, end, high)
                    if e > 0:
                        count = _emit(out, count, end, e, rule, 0)
            elif mode == 8:
                us, ue, ps, pe = _address(data, end, high)
                if ps >= 0 and pe > ps and not is_reference(data, ps, pe):
                    count = _emit(out, count, ps, pe, rule, 0)
                if us >= 0 and ue - us >= 3 and ps >= 0 and not is_reference(data, us, ue):
                    count = _emit(out, count, us, ue, user, 0)
                if us >= 0 and ps < 0 and ue - us >= 16 and looks_random(data, us, ue):
                    count = _emit(out, count, us, ue, rule, 0)
            elif mode == 9:
                count = _cookies(data, end, high, low, rule, out, count, end)
            elif mode == 10:
                if data[i] == 47 and data[i + 1] == 117:
                    continue
                s = end
                while s < high and data[s] == 92:
                    s += 1
                e = _name_like(data, s, high)
                if e - s >= 2:
                    count = _emit(out, count, s, e, rule, 0)
            elif mode == 11:
                s, e = _host(data, i, end, low, high)
                if s >= 0:
                    count = _emit(out, count, s, e, rule, 0)
            elif mode == 12:
                s = end
                e = _name_like(data, s, high)
                if e - s == 7 and data[s] == 105 and data[s + 6] == 100:  # invalid user
                    s = min(e + 6, high)
                    e = _name_like(data, s, high)
                if e - s >= 2:
                    count = _emit(out, count, s, e, rule, 0)
    return count, waiting
