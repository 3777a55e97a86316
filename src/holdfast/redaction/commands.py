"""Passwords in command lines: what stands after a program's option, or at its place among the arguments."""

from __future__ import annotations

import numpy as np

from holdfast.redaction.arguments import argument, blanks, ended, mixed, word_end
from holdfast.redaction.gates import is_reference
from holdfast.redaction.kernels import DIGIT, KINDS, LETTER, WORD, kernel, stands
from holdfast.redaction.sentences import identified, pin, sentence
from holdfast.redaction.structures import after_colon

LONGEST_COMMAND = 2048
_HAS_VALUE = np.array([chr(code) in "ugphCDRrtTU" for code in range(256)])
"""Options of sudo that have a value."""
_ECHO, _PRINTF = np.frombuffer(b"echo ", np.uint8), np.frombuffer(b"printf ", np.uint8)


@kernel
def option(data, at, high, letters, first, last):  # type: ignore[no-untyped-def]
    """After a program's name return the bounds of what follows its option letters[first:last]; start -1 for nothing.

    An option that ends in a blank has its value as the next argument, another one glued to it.
    """
    i, apart = at, letters[last - 1] == 32
    while i < high and i - at < LONGEST_COMMAND:
        i = blanks(data, i, high)
        if ended(data, i, high):
            break
        begun, stop, after = argument(data, i, high)
        k = 0
        while k < last - first and data[begun + k] == letters[first + k]:
            k += 1
        if k == last - first:
            s, e = begun + k, stop
            if apart or stop == begun + k:
                s, e, after = argument(data, blanks(data, begun + k, high) if apart else begun + k, high)
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
        i = blanks(data, i, high)
        if ended(data, i, high):
            break
        s, e, after = argument(data, i, high)
        if (data[i] == 92 and data[i + 1] == 92) or data[s] == 92:
            share, i = True, max(word_end(data, i, high), after)
        elif data[i] == 47 or data[i] == 42 or (e > s and data[e - 1] == 58):
            i = max(word_end(data, i, high), i + 1)
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
        i = blanks(data, i, high)
        if ended(data, i, high):
            break
        if data[i] == 47:
            switches, i = True, max(word_end(data, i, high), i + 1)
            continue
        begun, stop, after = argument(data, i, high)
        count += 1
        if count == 2:
            s, e = begun, stop
        i = max(after, i + 1)
    good = s >= 0 and e - s >= 3 and not is_reference(data, s, e) and (switches or mixed(data, s, e) >= 3)
    return (s, e) if good and count == 2 else (-1, -1)


@kernel
def oracle(data, at, high):  # type: ignore[no-untyped-def]
    """After a program of Oracle return the bounds of the password in `user/password@db`."""
    i, words = at, 0
    while i < high and words < 6:
        i = blanks(data, i, high)
        if ended(data, i, high):
            break
        k = i
        while k < high and ((KINDS[data[k]] & WORD) or data[k] == 36 or data[k] == 35):
            k += 1
        if data[k] == 61 and k - i == 6 and (data[i] | 32) == 117:  # userid=
            i = k + 1
            continue
        if k > i and k < high and data[k] == 47:
            s, e, _ = argument(data, k + 1, high)
            quoted, stop = s > k + 1, s
            while stop < e and data[stop] != 47 and (quoted or data[stop] != 64):
                stop += 1
            if stop - s >= 3 and (stop == e or data[stop] == 64) and not is_reference(data, s, stop):
                return s, stop
        words += 1
        i = max(word_end(data, i, high), i + 1)
    return -1, -1


@kernel
def htpasswd(data, at, high):  # type: ignore[no-untyped-def]
    """After `htpasswd` with `-b` return the bounds of the password: behind file and user, with `-n` behind the user."""
    i, batch, place, wanted, skip = at, False, 0, 3, False
    while i < high and i - at < LONGEST_COMMAND:
        i = blanks(data, i, high)
        if ended(data, i, high):
            break
        s, e, after = argument(data, i, high)
        if skip:
            skip = False
        elif data[s] == 45 and place == 0:
            for k in range(s + 1, e):
                batch = batch or data[k] == 98
                wanted = 2 if data[k] == 110 else wanted
            skip = data[e - 1] == 67 or data[e - 1] == 114  # -C cost, -r rounds
        else:
            place += 1
            if place == wanted:
                return (s, e) if batch and e - s >= 3 and not is_reference(data, s, e) else (-1, -1)
        i = max(after, i + 1)
    return -1, -1


@kernel
def _reads_password(data, at, high):  # type: ignore[no-untyped-def]
    """Read the options of `sudo`; return whether one is `-S`, and where they end."""
    i, reads = blanks(data, at, high), False
    while i < high and data[i] == 45:
        s, e, after = argument(data, i, high)
        if data[s + 1] == 45:
            reads = reads or (e - s == 7 and data[s + 2] == 115 and data[s + 6] == 110)  # --stdin
        else:
            for k in range(s + 1, e):
                reads = reads or data[k] == 83
            if _HAS_VALUE[data[e - 1]]:
                _, _, after = argument(data, blanks(data, after, high), high)
        i = blanks(data, max(after, i + 1), high)
    return reads, i


@kernel
def _printed(data, stop):  # type: ignore[no-untyped-def]
    """Return where the arguments of `echo` or `printf` before `stop` begin, -1 for none, and whether a format does."""
    for i in range(stop, max(stop - 256, 4), -1):
        if data[i - 1] == 10:
            break
        if stands(data, i - len(_ECHO), _ECHO):
            return i, False
        if stands(data, i - len(_PRINTF), _PRINTF):
            return i, True
    return -1, False


@kernel
def piped(data, at, high):  # type: ignore[no-untyped-def]
    """After `sudo` with `-S` return the bounds of the password that `echo` pipes to it or that stands behind `<<<`."""
    reads, i = _reads_password(data, at, high)
    if not reads:
        return -1, -1
    while i < high and i - at < LONGEST_COMMAND and data[i] >= 32 and data[i] != 59 and data[i] != 124:
        if data[i] == 60 and data[i + 1] == 60 and data[i + 2] == 60:
            s, e, _ = argument(data, blanks(data, i + 3, high), high)
            return (s, e) if e - s >= 3 and data[s] != 36 else (-1, -1)
        i += 1
    stop = at - 5
    while stop > 0 and (data[stop - 1] == 47 or (KINDS[data[stop - 1]] & LETTER)):
        stop -= 1
    while stop > 0 and data[stop - 1] == 32:
        stop -= 1
    if stop == 0 or data[stop - 1] != 124:
        return -1, -1
    stop -= 1
    while stop > 0 and data[stop - 1] == 32:
        stop -= 1
    i, is_format = _printed(data, stop)
    while 0 <= i < stop and data[i] == 45 and (KINDS[data[i + 1]] & LETTER):
        i = blanks(data, word_end(data, i, stop), stop)
    if i < 0 or i >= stop:
        return -1, -1
    s, e, after = argument(data, i, stop)
    if is_format and blanks(data, after, stop) < stop:
        i = blanks(data, after, stop)
        s, e, after = argument(data, i, stop)
    if after != stop:
        s, e = i, word_end(data, i, stop)
        if e != stop or data[i] == 96:
            return -1, -1
    return (s, e) if e - s >= 3 and data[s] != 36 and not is_reference(data, s, e) else (-1, -1)


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
    if mode == 19:
        return oracle(data, at, high)
    if mode == 20:
        return identified(data, at, high)
    if mode == 21:
        return pin(data, at, high)
    return htpasswd(data, at, high) if mode == 22 else piped(data, at, high)
