"""The scanner for everything that a literal announces: vendors' forms, fields by name, structures."""

from __future__ import annotations

import numpy as np

from holdfast.diagnostics.logs.memory import word_at
from holdfast.redaction import commands, fields
from holdfast.redaction.database import (
    BASIC,
    BEARER,
    COOKIE,
    FLAG,
    HOST,
    INSIDE,
    JWT,
    LEAD,
    LOGIN,
    LONG,
    NAME,
    PATH,
    PEM,
    PREFIX,
    SHORT,
    URL,
)
from holdfast.redaction.emitting import emit
from holdfast.redaction.gates import entropy, is_reference, is_run, looks_random
from holdfast.redaction.grams import bytes_hash, may_stand
from holdfast.redaction.kernels import (
    ALNUM,
    BASE64,
    KINDS,
    LOWERED,
    UPPER,
    WORD,
    inlined,
    kernel,
)
from holdfast.redaction.plausible import PERSONAL, plausible
from holdfast.redaction.structures import (
    address,
    after_colon,
    authorization,
    basic,
    bearer,
    cookies,
    host,
    key_body,
    name_like,
)

_FOLLOWS = np.array([chr(code) in "\"'`\\:=>])\t\n\r(?+!-" for code in range(256)])
"""Bytes that may follow the name of a field."""
_GOES_ON = np.array([chr(code).isalpha() and code < 128 and chr(code) not in "nrt" for code in range(256)])
"""Letters behind which a word goes on, whatever stands in front of them."""
_BEFORE_LITERAL = (KINDS & BASE64 != 0) | np.isin(np.arange(256), [ord(byte) for byte in "~.:"])
"""Bytes that may stand in front of the literal that a value holds."""
BLOCK = 1024
"""Bytes looked at before what begins in them is: their places stay in the nearest cache."""
TOKENS, TEXT, AUTH = 0, 1, 2
_CASE = np.uint64(0x2020202020202020)
_SHORT, _LONG = np.uint64(SHORT), np.uint64(LONG)


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
def _is_within(data, at, low):  # type: ignore[no-untyped-def]
    """Tell whether a word surely goes on at `at`: for triggers that have to begin one."""
    return at > low and _GOES_ON[data[at - 1]] and (KINDS[data[at]] & UPPER) == 0


@kernel
def _is_whole(data, at, end, high, is_open, is_random):  # type: ignore[no-untyped-def]
    """Tell whether what a pattern matched is a whole value, and looks like one."""
    if not is_open and end < high and (KINDS[data[end]] & WORD) and (KINDS[data[end - 1]] & WORD):
        return False
    if end - at >= 16 and is_run(data, at + (end - at) // 2, end):
        return False
    return not is_random or entropy(data, at, end) >= 3.3


@kernel
def _shaped(data, at, high, rule, db):  # type: ignore[no-untyped-def]
    """Return the end of the rule's pattern at `at` when it is a whole value, else -1."""
    end = matched(data, at, high, db.starts[rule], db.classes, db.steps, db.accepts)
    return end if end >= 0 and _is_whole(data, at, end, high, db.opens[rule], db.entropies[rule]) else -1


@kernel
def name_hash(data, start, end, seed):  # type: ignore[no-untyped-def]
    """Return a keyed hash of a field's name; never 0."""
    code = np.uint64(seed)
    for i in range(start, end):
        code = (code ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
        code ^= code >> np.uint64(29)
    return code | np.uint64(1)


@kernel
def _slot_of(names, code):  # type: ignore[no-untyped-def]
    mask = np.uint64(names.hashes.shape[0] - 1)
    slot = (code >> np.uint64(20)) & mask
    while names.hashes[slot] != 0 and names.hashes[slot] != code:
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _named(data, at, end, low, high):  # type: ignore[no-untyped-def]
    """Read the name that holds the word data[at:end]; return (its begin, its end, where its value is or -1, how it
    stands, whether behind a colon). Most words are in no name, so this is handed the text and nothing else."""
    stop = fields.name_end(data, end, high)
    follows = data[stop] if stop < high else np.uint8(0)
    if follows == 32:
        stop = fields.spaced_end(data, stop, high)
    elif not _FOLLOWS[follows]:
        return at, stop, -1, 0, False
    begin = fields.name_start(data, at, low)
    at_value, how, colon = fields.separator(data, begin, stop, low, high)
    if at_value >= 0 and how != fields.FLAG and not (colon or data[stop] == 58):
        # blanks before the name belong to it only in front of a colon
        k = at
        while k > begin and data[k - 1] != 32:
            k -= 1
        begin = k
    return begin, stop, at_value, how, colon


@inlined
def _field(data, at, end, named, low, high, db, names, out, count, pending, waiting):  # type: ignore[no-untyped-def]
    """Read the field whose name holds the word at `at`; return (events, pending names, where to go on)."""
    begin, stop, at_value, how, colon = named
    slot = _slot_of(names, name_hash(data, begin, stop, names.seed[0]))
    if names.hashes[slot] == 0:
        if waiting < pending.shape[0]:
            pending[waiting, 0], pending[waiting, 1] = begin, stop
            pending[waiting, 2], pending[waiting, 3] = at, end
        return count, waiting + 1, stop
    verdict = names.verdicts[slot]
    if verdict < 0:
        return count, waiting, stop
    rule, strength, mode = names.table[verdict, 0], names.table[verdict, 1], names.table[verdict, 2]
    first = fields.at_line_start(data, begin, low)
    if first and strength == PERSONAL and mode == TOKENS and fields.is_paired(data, at_value, high):
        first = False  # Server=db-7;Database=orders
    if mode == AUTH:
        if how == fields.APART:
            return count, waiting, stop
        s, e = authorization(data, at_value, high)
        if s >= 0 and e - s >= 4 and not is_reference(data, s, e):
            count = emit(out, count, s, e, rule)
        return count, waiting, max(stop, e)
    s, e, how = fields.value(data, at_value, how, first, low, high, begin, mode == TEXT)
    if s < 0 or e <= s:
        return count, waiting, stop
    for k in range(names.table[verdict, 3], names.table[verdict, 3] + names.table[verdict, 4]):
        near = names.near[k]
        if matched(data, s, e, db.starts[near], db.classes, db.steps, db.accepts) == e and not is_run(
            data, s, e
        ):
            return emit(out, count, s, e, near), waiting, stop
    if rule < 0:
        return count, waiting, stop
    if strength == PERSONAL:
        if how != fields.APART and e - s >= 2 and not is_reference(data, s, e):
            count = emit(out, count, s, e, rule)
    elif plausible(data, s, e, strength, how, colon, high):
        count = emit(out, count, s, e, rule)
    return count, waiting, stop


@kernel
def scan_fields(data, low, high, db, names, out, count, pending, waiting):  # type: ignore[no-untyped-def]
    """Read the fields whose names were unknown and are no longer; return the events, -1 when all has to be scanned.

    Behind the name of a header with credentials nothing else is read: had it been known, less would have been found.
    """
    for k in range(waiting):
        code = name_hash(data, pending[k, 0], pending[k, 1], names.seed[0])
        verdict = names.verdicts[_slot_of(names, code)]
        if verdict >= 0 and names.table[verdict, 2] == AUTH:
            return -1
    for k in range(waiting):
        at, end = pending[k, 2], pending[k, 3]
        named = _named(data, at, end, low, high)
        count, left, _ = _field(data, at, end, named, low, high, db, names, out, count, pending, 0)
        if left:
            return -1
    return count


@kernel
def _gram_hash(word):  # type: ignore[no-untyped-def]
    """Return the hash of four bytes, case ignored."""
    return np.uint32((np.uint32(word) | np.uint32(0x20202020)) * np.uint32(2654435761))


@kernel
def _seen(base, low, high, bits, places):  # type: ignore[no-untyped-def]
    """Write where a trigger may begin in the bytes from low to high, without a branch; return how many places."""
    found = 0
    for i in range(low, high):
        bit = _gram_hash(word_at(base + i)) >> np.uint32(12)
        places[found] = i
        found += (bits[bit >> np.uint32(3)] >> (bit & np.uint32(7))) & np.uint32(1)
    return found


@kernel
def _likely(base, places, found, short, long, widths):  # type: ignore[no-untyped-def]
    """Keep of the places those where more of a trigger may stand, without a branch; return how many.

    Most places are those of words that begin as a trigger does, or have a gram's hash by chance.
    """
    kept = 0
    for k in range(found):
        places[kept] = places[k]
        word = word_at(base + places[k])
        width = np.uint64(widths[_gram_hash(word) >> np.uint32(16)])
        word |= _CASE
        begun = may_stand(long, _LONG, bytes_hash(word << (np.uint64(64) - np.uint64(8) * width)))
        kept += begun | may_stand(short, _SHORT, bytes_hash(word << np.uint64(32)))
    return kept


@kernel
def sieved(base, low, high, db, places):  # type: ignore[no-untyped-def]
    """Write where in the bytes from low to high a trigger may begin; return how many places. base: their address."""
    found = _seen(base, low, high, db.bits, places)
    return _likely(base, places, found, db.short, db.long, db.widths)


@kernel
def _is_there(data, i, word, db, entry):  # type: ignore[no-untyped-def]
    """Tell whether an entry's trigger stands at `i`, where `word` begins."""
    if (word | db.heads[entry, 0]) & db.heads[entry, 1] != db.heads[entry, 2]:
        return False
    trigger = db.triggers[entry]
    first, exact = db.offsets[trigger], db.exact[trigger]
    for k in range(8, db.offsets[trigger + 1] - first):
        have = data[i + k] if exact else LOWERED[data[i + k]]
        if have != db.letters[first + k]:
            return False
    return True


@inlined
def _around(data, at, end, low, high, trigger, rule, db):  # type: ignore[no-untyped-def]
    """Return the bounds of a value that a literal data[at:end] stands within, else (-1, -1)."""
    back = at
    while back > low and at - back < db.backs[trigger] and _BEFORE_LITERAL[data[back - 1]]:
        back -= 1
    while back <= at:
        if _free_before(data, back, low) or at - back == db.backs[trigger]:
            stop = _shaped(data, back, high, rule, db)
            if stop >= end:
                return back, stop
        back += 1
    return -1, -1


@kernel
def _address(data, at, high, rule, user, out, count):  # type: ignore[no-untyped-def]
    """Emit the user and the password, or the token, of an address behind its `://`; return the events."""
    us, ue, ps, pe = address(data, at, high)
    if ps >= 0 and pe > ps and not is_reference(data, ps, pe):
        count = emit(out, count, ps, pe, rule)
    if us >= 0 and ue - us >= 3 and ps >= 0 and not is_reference(data, us, ue):
        count = emit(out, count, us, ue, user)
    if us >= 0 and ps < 0 and ue - us >= 16 and looks_random(data, us, ue):
        count = emit(out, count, us, ue, rule)
    return count


@kernel
def _structured(data, at, end, low, high, mode):  # type: ignore[no-untyped-def]
    """Return the bounds of the one value of a structure that a literal data[at:end] announces, else (-1, -1)."""
    if mode == HOST:
        return host(data, at, end, low, high)
    if mode == FLAG:
        return after_colon(data, end, high)
    if mode == PEM:
        s, e = key_body(data, end, high)
        return (s, e) if e - s >= 20 else (-1, -1)
    if mode in (BEARER, BASIC):
        if not _free_before(data, at, low):
            return -1, -1
        e = bearer(data, end, high) if mode == BEARER else basic(data, end, high)
        return (end, e) if e > 0 else (-1, -1)
    if mode == PATH and data[at] == 47 and data[at + 1] == 117:  # /users/ in small letters is no folder
        return -1, -1
    s = end
    while mode == PATH and s < high and data[s] == 92:
        s += 1
    e = name_like(data, s, high)
    if mode == LOGIN and e - s == 7 and data[s] == 105 and data[s + 6] == 100:  # invalid user
        s = min(e + 6, high)
        e = name_like(data, s, high)
    return (s, e) if e - s >= 2 else (-1, -1)


@kernel
def scan_triggers(data, low, high, db, names, user, out, pending, places):  # type: ignore[no-untyped-def]
    """Scan data[low:high]; data has eight bytes more.

    out: int64[n, 4] of (start, end, rule, how); pending: int64[n, 4] of unknown names and the words in them;
    places: room for int64[BLOCK + 1].
    Return (events, pending names). More events than `out` has rows mean that it was too small.
    """
    count = waiting = 0
    base, read_to = data.ctypes.data, low
    for block in range(low, high, BLOCK):
        found = sieved(base, block, min(block + BLOCK, high), db, places)
        for place in range(found):
            i = places[place]
            word = word_at(base + i)
            code = _gram_hash(word)
            bit, bucket = code >> np.uint32(12), code >> np.uint32(16)
            within = not (db.anywhere[bit >> np.uint32(3)] >> (bit & np.uint32(7))) & np.uint32(1)
            for entry in range(db.buckets[bucket], db.buckets[bucket + 1]):
                if not _is_there(data, i, word, db, entry):
                    continue
                if within and _is_within(data, i, low):
                    break
                trigger = db.triggers[entry]
                end = i + db.offsets[trigger + 1] - db.offsets[trigger]
                if end > high:
                    continue
                mode, rule = db.modes[trigger], db.called[trigger]
                if mode == NAME:
                    if i < read_to or not (db.glued[trigger] or fields.begins_word(data, i, low)):
                        continue
                    named = _named(data, i, end, low, high)
                    read_to = named[1]
                    if named[2] >= 0:
                        count, waiting, read_to = _field(
                            data, i, end, named, low, high, db, names, out, count, pending, waiting
                        )
                elif mode in (PREFIX, JWT, LEAD):
                    if mode != LEAD and not db.glued[trigger] and not _free_before(data, i, low):
                        continue
                    begin = end if mode == LEAD else i
                    # `matched`, without a call that hands on all the arrays
                    state, stop, k = db.starts[rule], -1, begin
                    while k < high:
                        state = db.steps[state, db.classes[data[k]]]
                        if state == 0:
                            break
                        k += 1
                        if db.accepts[state]:
                            stop = k
                    if stop > 0 and _is_whole(data, begin, stop, high, db.opens[rule], db.entropies[rule]):
                        count = emit(out, count, begin, stop, rule)
                elif mode == URL:
                    count = _address(data, end, high, rule, user, out, count)
                elif mode == COOKIE:
                    count = cookies(data, end, high, low, rule, out, count, end)
                else:
                    if mode == INSIDE:
                        s, e = _around(data, i, end, low, high, trigger, rule, db)
                    elif mode <= FLAG:
                        s, e = _structured(data, i, end, low, high, mode)
                    elif _free_before(data, i, low):
                        s, e = commands.credential(data, end, high, mode, rule, db)
                    else:
                        continue
                    if s >= 0:
                        count = emit(out, count, s, e, rule)
    return count, waiting
