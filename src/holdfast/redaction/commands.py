"""Passwords in command lines and in sentences: what stands after a program's option, or after `the password is`."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.redaction.gates import is_reference, is_run, looks_random
from holdfast.redaction.kernels import DIGIT, KINDS, LETTER, LOWER, LOWERED, UPPER, WORD, kernel
from holdfast.redaction.structures import after_colon

Array = np.ndarray[Any, Any]
LONGEST_COMMAND = 2048
_ENDS = np.array([code <= 32 or chr(code) in "\"'`;|&<>)\\" for code in range(256)])
"""Bytes that end an argument without quotes."""


@kernel
def _argument(data, at, high):  # type: ignore[no-untyped-def]
    """Return the bounds of the argument at `at`, its quotes left out, and where it ends."""
    wide = 2 if data[at] == 92 and data[at + 1] == 34 else 1
    quote = data[at + wide - 1]
    if quote == 34 or quote == 39:
        e = at + wide
        while (
            e < high
            and data[e] != 10
            and data[e] != quote
            and not (wide == 2 and data[e] == 92 and data[e + 1] == 34)
        ):
            e += 1
        return at + wide, e, min(e + wide, high)
    e = at
    while e < high and not _ENDS[data[e]]:
        e += 1
    return at, e, e


@kernel
def _word_end(data, at, high):  # type: ignore[no-untyped-def]
    e = at
    while e < high and data[e] > 32 and data[e] != 34:
        e += 1
    return e


@kernel
def _blanks(data, at, high):  # type: ignore[no-untyped-def]
    i = at
    while i < high and (data[i] == 32 or data[i] == 9):
        i += 1
    return i


@kernel
def _ended(data, at, high):  # type: ignore[no-untyped-def]
    """Tell whether the command ends here: with its line, another command, or the quote around it."""
    if at >= high or data[at] < 32 or data[at] == 59 or data[at] == 124 or data[at] == 96:
        return True
    if data[at] == 34 or (data[at] == 92 and data[at + 1] == 34):
        return not _opens(data, at)
    return data[at] == 92 and data[at + 1] == 110  # an escaped line feed


@kernel
def _opens(data, at):  # type: ignore[no-untyped-def]
    """Tell whether a quote opens an argument: a blank stands in front of it and none behind."""
    behind = data[at + 2] if data[at] == 92 else data[at + 1]
    return data[at - 1] == 32 and behind > 32 and behind != 44


@kernel
def option(data, at, high, letters, first, last):  # type: ignore[no-untyped-def]
    """After a program's name return the bounds of what follows its option letters[first:last]; start -1 for nothing.

    An option that ends in a blank has its value as the next argument, another one glued to it.
    """
    i, apart = at, letters[last - 1] == 32
    while i < high and i - at < LONGEST_COMMAND:
        i = _blanks(data, i, high)
        if _ended(data, i, high):
            break
        begun, stop, after = _argument(data, i, high)
        k = 0
        while k < last - first and data[begun + k] == letters[first + k]:
            k += 1
        if k == last - first:
            s, e = begun + k, stop
            if apart or stop == begun + k:
                s, e, after = _argument(data, _blanks(data, begun + k, high) if apart else begun + k, high)
            if e - s >= 3 and data[s] != 45 and not is_reference(data, s, e) and not _is_ports(data, s, e):
                return s, e
        i = max(after, i + 1)
    return -1, -1


@kernel
def _is_ports(data, s, e):  # type: ignore[no-untyped-def]
    """Tell whether an argument is `8080:80` or an address with them."""
    colons = 0
    for i in range(s, e):
        if not ((KINDS[data[i]] & DIGIT) or data[i] == 58 or data[i] == 46):
            return False
        colons += data[i] == 58
    return colons > 0


@kernel
def net_use(data, at, high):  # type: ignore[no-untyped-def]
    r"""After `net use` return the bounds of the password: the argument behind \\host\share that is no switch."""
    i, share = at, False
    while i < high and i - at < LONGEST_COMMAND:
        i = _blanks(data, i, high)
        if _ended(data, i, high):
            break
        s, e, after = _argument(data, i, high)
        if (data[i] == 92 and data[i + 1] == 92) or data[s] == 92:
            share, i = True, max(_word_end(data, i, high), after)
        elif data[i] == 47 or data[i] == 42 or (e > s and data[e - 1] == 58):
            i = max(_word_end(data, i, high), i + 1)
        elif share and e - s >= 3:
            return (-1, -1) if is_reference(data, s, e) else (s, e)
        else:
            i = max(after, i + 1)
    return -1, -1


@kernel
def net_user(data, at, high):  # type: ignore[no-untyped-def]
    """After `net user` return the bounds of the password: the second argument, switches left out."""
    i, count, switches, s, e = at, 0, False, -1, -1
    while i < high and i - at < LONGEST_COMMAND:
        i = _blanks(data, i, high)
        if _ended(data, i, high):
            break
        if data[i] == 47:
            switches, i = True, max(_word_end(data, i, high), i + 1)
            continue
        begun, stop, after = _argument(data, i, high)
        count += 1
        if count == 2:
            s, e = begun, stop
        i = max(after, i + 1)
    good = s >= 0 and e - s >= 3 and not is_reference(data, s, e) and (switches or _mixed(data, s, e) >= 3)
    return (s, e) if good and count == 2 else (-1, -1)


@kernel
def oracle(data, at, high):  # type: ignore[no-untyped-def]
    """After a program of Oracle return the bounds of the password in `user/password@db`."""
    i, words = at, 0
    while i < high and words < 6:
        i = _blanks(data, i, high)
        if _ended(data, i, high):
            break
        k = i
        while k < high and ((KINDS[data[k]] & WORD) or data[k] == 36 or data[k] == 35):
            k += 1
        if data[k] == 61 and k - i == 6 and (data[i] | 32) == 117:  # userid=
            i = k + 1
            continue
        if k > i and k < high and data[k] == 47:
            s, e, _ = _argument(data, k + 1, high)
            quoted, stop = s > k + 1, s
            while stop < e and data[stop] != 47 and (quoted or data[stop] != 64):
                stop += 1
            if stop - s >= 3 and (stop == e or data[stop] == 64) and not is_reference(data, s, stop):
                return s, stop
        words += 1
        i = max(_word_end(data, i, high), i + 1)
    return -1, -1


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
    return (words == code).any()


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
        s, e, _ = _argument(data, i, high)
        if said and s > i:
            return (s, e) if e - s >= 3 and not random and not is_reference(data, s, e) else (-1, -1)
        stop = _word_end(data, i, high)
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
    good = good or (_mixed(data, s, stop) >= 3 and stop - s >= 8) or (digits == stop - s and ends)
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


@kernel
def _mixed(data, s, e):  # type: ignore[no-untyped-def]
    """Return how many of lower case, upper case and digits a value has."""
    seen = 0
    for i in range(s, e):
        seen |= KINDS[data[i]] & (DIGIT | UPPER | LOWER)
    return ((seen & DIGIT) != 0) + ((seen & UPPER) != 0) + ((seen & LOWER) != 0)


@kernel
def credential(data, at, high, mode, rule, db):  # type: ignore[no-untyped-def]
    """Return the bounds of the password after the program's name or the word that ends at `at`, by the rule's mode."""
    first, last = db.led[rule], db.led[rule + 1]
    if mode == 14:
        random = db.entropies[rule] != 0
        return sentence(data, at - 4 if random else at, high, random)
    if mode == 15:
        return option(data, at, high, db.leads, first, last)
    if mode == 16:
        s, e = option(data, at, high, db.leads, first, last)
        return after_colon(data, s, high) if s >= 0 else (s, e)
    if mode == 17:
        return net_use(data, at, high)
    if mode == 18:
        return net_user(data, at, high)
    return oracle(data, at, high)
