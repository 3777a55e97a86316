"""Passwords in sentences and statements: `the password is ...`, `your PIN is ...`, `IDENTIFIED BY ...` of SQL."""

from __future__ import annotations

import numpy as np

from holdfast.redaction.arguments import argument, blanks, mixed, word_end
from holdfast.redaction.gates import is_reference, is_run, looks_random
from holdfast.redaction.kernels import ALNUM, DIGIT, KINDS, LETTER, LOWERED, SPACE, WORD, kernel


def _packed(word: str) -> int:
    code = 0
    for letter in word:
        code = code << 8 | ord(letter)
    return code


_VERBS = np.array(
    [
        *map(_packed, ("is", "was", "be", "now", "to", "ist", "lautet", "auf")),
        *map(_packed, ("set", "changed", "reset", "has", "been", "will", "wurde")),
    ],
    np.int64,
)
_SAYING = 8
"""So many of the verbs may stand right in front of the value."""
_CLAUSES = np.array([_packed(one) for one in ("for", "of", "von")], np.int64)
_TO, _CODE = _packed("to"), _packed("code")
_SCHEMES = np.array([_packed(one) for one in ("base64", "sha1", "sha256", "sha512", "utf8", "md5")], np.int64)


@kernel
def _code(data, s, e):  # type: ignore[no-untyped-def]
    """Return a word of up to seven characters as a number, case ignored; 0 for a longer one."""
    code = 0
    if e - s <= 7:
        for i in range(s, e):
            code = code << 8 | int(LOWERED[data[i]])
    return code


@kernel
def _is_one(code, words):  # type: ignore[no-untyped-def]
    found = False
    for word in words:
        found = found or word == code
    return found


@kernel
def sentence(data, at, high, random):  # type: ignore[no-untyped-def]
    """After the word `password` return the bounds of the value of `password [for somebody] is VALUE`.

    random: the value has to look like a key.
    """
    i = at + 1 if at < high and (data[at] == 34 or data[at] == 39) else at
    said = clause = False
    for words in range(10):
        if i >= high or data[i] != 32:
            break
        i += 1
        s, e, _ = argument(data, i, high)
        if said and s > i:
            return (s, e) if e - s >= 3 and not random and not is_reference(data, s, e) else (-1, -1)
        stop = word_end(data, i, high)
        code = _code(data, i, stop)
        if _is_one(code, _VERBS):
            said = _is_one(code, _VERBS[:_SAYING])
        elif said:
            return _told(data, i, stop, high, random)
        elif clause and words <= 5:
            said = stop > i and data[stop - 1] == 58
        elif words == 0 and _is_one(code, _CLAUSES):
            clause = True
        else:
            break
        i = stop
    return -1, -1


@kernel
def _told(data, s, e, high, random):  # type: ignore[no-untyped-def]
    """Return the bounds of a value in a sentence, its full stop left out; start -1 for an ordinary word."""
    stop = e
    while stop > s and (
        data[stop - 1] == 39 or data[stop - 1] == 44 or data[stop - 1] == 46 or data[stop - 1] == 59
    ):
        stop -= 1
    ends = stop < e or e >= high or data[e] < 32 or data[e] == 34
    if stop - s < 4 or stop - s > 128 or is_reference(data, s, stop) or is_run(data, s, stop):
        return -1, -1
    if random:
        return (s, stop) if looks_random(data, s, stop) else (-1, -1)
    digits = letters = special = 0
    for i in range(s, stop):
        kind = KINDS[data[i]]
        digits += (kind & DIGIT) != 0
        letters += (kind & LETTER) != 0
        special += not (kind & (DIGIT | LETTER)) and _is_special(data[i])
    good = special and letters
    good = good or (digits and letters and ends and digits + letters == stop - s)
    good = good or (mixed(data, s, stop) >= 3 and stop - s >= 8) or (digits == stop - s and ends)
    return (s, stop) if good and not _is_one(_code(data, s, stop), _SCHEMES) else (-1, -1)


@kernel
def _is_special(code):  # type: ignore[no-untyped-def]
    """Tell marks that stand in passwords from those that stand in words, paths and addresses."""
    return (
        code < 127
        and code != 39
        and code != 40
        and code != 41
        and code != 44
        and not (45 <= code <= 47)
        and code != 58
        and code != 64
        and code != 92
        and code != 95
    )


_NAMED = np.array([_packed(one) for one in ("user", "role")], np.int64)
_CREATES = np.array([_packed(one) for one in ("create", "alter", "replace", "set")], np.int64)
_GRANTS = np.array([_packed(one) for one in ("grant", "connect")], np.int64)
_EXISTS = np.array([_packed(one) for one in ("exists", "not", "if")], np.int64)
_GIVEN = np.array([_packed(one) for one in ("values", "random")], np.int64)


@kernel
def _word_before(data, at, letters):  # type: ignore[no-untyped-def]
    """Return the bounds of what stands in front of the blanks before `at`: its last letters only, or all of it."""
    e = at
    while e > 0 and (KINDS[data[e - 1]] & SPACE):
        e -= 1
    s = e
    while s > 0 and at - s < 256 and ((KINDS[data[s - 1]] & LETTER) if letters else data[s - 1] > 32):
        s -= 1
    return s, e


@kernel
def identified(data, at, high):  # type: ignore[no-untyped-def]
    """After the `IDENTIFIED BY ` of a statement of SQL that names a user or role return the bounds of the password."""
    s, _ = _word_before(data, at - 14, False)
    s, e = _word_before(data, s, True)
    code = _code(data, s, e)
    while _is_one(code, _EXISTS):
        s, e = _word_before(data, s, True)
        code = _code(data, s, e)
    if _is_one(code, _NAMED):
        s, e = _word_before(data, s, True)
        good = _is_one(_code(data, s, e), _CREATES)
    else:
        good, begun, to = False, s, code == _TO
        while to and not good and begun - s < 512 and s > 0 and data[s - 1] != 59:
            s, e = _word_before(data, s, True)
            good = _is_one(_code(data, s, e), _GRANTS)
            s = min(s, e - 1)
    s, e, _ = argument(data, blanks(data, at, high), high)
    while e > s and data[e - 1] == 44:
        e -= 1
    good = good and e - s >= 3 and not is_reference(data, s, e) and not _is_one(_code(data, s, e), _GIVEN)
    return (s, e) if good else (-1, -1)


_OWNERS = np.array(
    [
        _packed(one)
        for one in ("your", "my", "our", "his", "her", "their", "new", "old", "card", "sim", "door")
    ],
    np.int64,
)
_UNITS = np.array(
    [
        _packed(one)
        for one in ("v", "mv", "uv", "a", "ma", "ua", "hz", "khz", "mhz", "ms", "us", "ns", "ohm", "ohms")
    ]
    + [
        _packed(one) for one in ("bit", "bits", "bytes", "times", "of", "samples", "cycles", "ticks", "steps")
    ],
    np.int64,
)


@kernel
def pin(data, at, high):  # type: ignore[no-untyped-def]
    """After the word `PIN` return the bounds of the digits of `PIN [code] [for somebody] is DIGITS`.

    A pin in small letters is one of a plug, unless somebody has it.
    """
    own = data[at - 3] == 80
    if not own:
        s, e = _word_before(data, at - 3, True)
        own = _is_one(_code(data, s, e), _OWNERS)
    i, said, clause = at, False, False
    if (data[i] == 32 or data[i] == 45) and _code(data, i + 1, i + 5) == _CODE:
        i += 5
    for words in range(8):
        if not own or i >= high or data[i] != 32:
            break
        s, e = i + 1, word_end(data, i + 1, high)
        code = _code(data, s, e)
        if _is_one(code, _VERBS):
            said = _is_one(code, _VERBS[:_SAYING])
        elif said:
            return _digits(data, s, high)
        elif words == 0 and _is_one(code, _CLAUSES):
            clause = True
        elif not clause:
            break
        i = e
    return -1, -1


@kernel
def _digits(data, at, high):  # type: ignore[no-untyped-def]
    """Return the bounds of four to eight digits that are a whole word and no measure; start -1 for others."""
    s = at + 1 if data[at] == 39 else at
    e = s
    while e < high and (KINDS[data[e]] & DIGIT):
        e += 1
    if not 4 <= e - s <= 8 or (KINDS[data[e]] & WORD) or data[e] == 37 or data[e] == 45:
        return -1, -1
    if data[e] == 46 and (KINDS[data[e + 1]] & ALNUM):
        return -1, -1
    stop = e + 1
    while data[e] == 32 and stop < high and (KINDS[data[stop]] & LETTER):
        stop += 1
    return (-1, -1) if _is_one(_code(data, e + 1, stop), _UNITS) else (s, e)
