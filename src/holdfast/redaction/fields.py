"""The bounds of a field's name and of its value, wherever one is written: JSON, YAML, XML, .env, headers, queries."""

from __future__ import annotations

import numpy as np

from holdfast.redaction.kernels import ALNUM, DIGIT, KINDS, LETTER, LOWER, SPACE, UPPER, WORD, kernel

LONGEST_NAME, LONGEST_VALUE = 64, 8192
BARE, QUOTED, MARKUP, LINE, FLAG, APART = range(6)
"""How a value stands: bare, in quotes, between tags, to the end of its line, after a command's flag, after a blank."""


@kernel
def _is_name(code):  # type: ignore[no-untyped-def]
    return (KINDS[code] & WORD) != 0 or code == 45 or code == 46 or code >= 128


@kernel
def begins_word(data, at, low):  # type: ignore[no-untyped-def]
    """Tell whether a word of a name begins here: after no letter, or at a change of case."""
    if at <= low:
        return True
    before = KINDS[data[at - 1]]
    if not (before & LETTER):
        return True
    if (before & LOWER) and (KINDS[data[at]] & UPPER):
        return True
    # the n of an escaped line feed is no letter of the name
    return (
        at - 2 >= low
        and data[at - 2] == 92
        and (data[at - 1] == 110 or data[at - 1] == 116 or data[at - 1] == 114)
    )


@kernel
def name_start(data, at, low):  # type: ignore[no-untyped-def]
    """Return where the name around `at` begins; up to two more words in front of it belong to it."""
    start, words = at, 0
    while start > low and at - start < LONGEST_NAME:
        code = data[start - 1]
        if _is_name(code):
            if start - 2 >= low and data[start - 2] == 92 and (code == 110 or code == 116 or code == 114):
                break
            start -= 1
        elif code == 32 and words < 2 and start - 2 >= low and (KINDS[data[start - 2]] & LETTER):
            words += 1
            start -= 1
        else:
            break
    return start


@kernel
def name_end(data, at, high):  # type: ignore[no-untyped-def]
    """Return where the name that holds the word ending at `at` ends, and whether blanks are in it."""
    end = at
    while end < high and end - at < LONGEST_NAME and _is_name(data[end]):
        end += 1
    return end


@kernel
def _skip_quote(data, at, high):  # type: ignore[no-untyped-def]
    """Pass backslashes and one quote; return the new place and whether there was a quote."""
    i = at
    while i < high and data[i] == 92:
        i += 1
    if i < high and (data[i] == 34 or data[i] == 39 or data[i] == 96):
        return i + 1, True
    return at, False


@kernel
def _blanks(data, at, high, most):  # type: ignore[no-untyped-def]
    i = at
    while i < high and i - at < most and (data[i] == 32 or data[i] == 9):
        i += 1
    return i


@kernel
def _value_word(data, at, high):  # type: ignore[no-untyped-def]
    """After a name in a list of names and values: pass `, "value": ` and the like; -1 when it is not there."""
    i = at
    while i < high and i - at < 40 and ((KINDS[data[i]] & SPACE) or data[i] == 44 or data[i] == 59):
        i += 1
    i, _ = _skip_quote(data, i, high)
    if i + 6 >= high:
        return -1
    word = (data[i] | 32, data[i + 1] | 32, data[i + 2] | 32, data[i + 3] | 32, data[i + 4] | 32)
    if word != (118, 97, 108, 117, 101):
        return -1
    i += 5
    while i < high and (KINDS[data[i]] & LETTER):
        i += 1
    i, _ = _skip_quote(data, i, high)
    i = _blanks(data, i, high, 4)
    return i + 1 if i < high and (data[i] == 58 or data[i] == 61) else -1


@kernel
def _typed(data, at, high):  # type: ignore[no-untyped-def]
    """After `name:` pass a type and an equals sign in front of a quote (`name: str = "..."`); else return `at`."""
    i = at
    while i < high and i - at < 48:
        code = data[i]
        if code == 61:
            k = _blanks(data, i + 1, high, 4)
            _, quote = _skip_quote(data, k, high)
            return k if quote and i > at else at
        if not (
            (KINDS[code] & WORD)
            or code == 38
            or code == 60
            or code == 62
            or code == 32
            or code == 46
            or code == 63
        ):
            return at
        i += 1
    return at


@kernel
def _opened(data, at, high):  # type: ignore[no-untyped-def]
    """Where a list or an object begins instead of a value: return its first value's place, -1 for an object's none."""
    if at < high and data[at] == 91:
        i = at + 1
        while i < high and i - at < 40 and (KINDS[data[i]] & SPACE):
            i += 1
        _, quote = _skip_quote(data, i, high)
        return i if quote else at
    if at < high and data[at] == 123 and at + 1 < high and data[at + 1] != 123:
        inner = _value_word(data, at + 1, high)
        return _blanks(data, inner, high, 8) if inner >= 0 else at
    return at


@kernel
def separator(data, start, end, low, high):  # type: ignore[no-untyped-def]
    """Find what parts name and value after a name's end; return (where the value may begin, how it stands, colon).

    The first is -1 where no value follows. `colon` tells that it was a colon followed by a blank.
    """
    i, closed = _skip_quote(data, end, high)
    while i < high and (data[i] == 93 or data[i] == 41):
        i += 1
    after = i
    i = _blanks(data, i, high, 16 if closed else 24)
    if i >= high:
        return -1, BARE, False
    code = data[i]
    if code == 58:
        if i + 1 < high and (data[i + 1] == 58 or (data[i + 1] == 47 and i + 2 < high and data[i + 2] == 47)):
            return -1, BARE, False
        if i + 1 < high and data[i + 1] == 61:
            i += 1
        spaced = i + 1 < high and (data[i + 1] == 32 or data[i + 1] == 9)
        i = _opened(data, _blanks(data, i + 1, high, 32), high)
        return i if closed else _typed(data, i, high), BARE, spaced and not closed
    second = data[i + 1] if i + 1 < high else np.uint8(0)
    if (second == 61 and (code == 63 or code == 43 or code == 33)) or (second == 62 and code == 45):
        i, code = i + 1, np.uint8(61)
    if code == 61:
        i += 1
        while i < high and (data[i] == 61 or data[i] == 62):
            i += 1
        return _opened(data, _blanks(data, i, high, 32), high), BARE, False
    if code == 62:
        k = start
        while k > low and start - k < 80 and data[k - 1] != 60 and data[k - 1] != 62 and data[k - 1] != 10:
            k -= 1
        if k > low and data[k - 1] == 60:
            indirect = _blanks(data, i + 1, high, 32)
            return indirect, MARKUP, False
        return -1, BARE, False
    if closed:
        value = _value_word(data, after, high)
        if value >= 0:
            return _blanks(data, value, high, 32), BARE, False
        if code == 44:
            quoted = start - 2 >= low and (data[start - 1] == 34 or data[start - 1] == 39)
            if not (quoted and (data[start - 2] == 40 or data[start - 2] == 91 or data[start - 2] == 123)):
                return -1, BARE, False
            i = _blanks(data, i + 1, high, 4)
            _, quote = _skip_quote(data, i, high)
            return (i, BARE, False) if quote else (-1, BARE, False)
        if code == 62 or code == 47:
            return -1, BARE, False
    elif code == 10 or code == 13:
        # name: DB_PASSWORD
        #   value: ...
        value = _value_word(data, i, high)
        if value >= 0:
            return _blanks(data, value, high, 32), BARE, False
    k = end
    while k > start and data[k - 1] != 32:
        k -= 1
    if after < i and data[k] == 45 and data[k + 1] == 45 and code != 45:
        return i, FLAG, False
    if code == 40 and not closed:
        i = _blanks(data, i + 1, high, 4)
        _, quote = _skip_quote(data, i, high)
        return (i, BARE, True) if quote else (-1, BARE, False)
    if after < i and not closed and code != 96:
        return i, APART, True
    return -1, BARE, False


@kernel
def spaced_end(data, end, high):  # type: ignore[no-untyped-def]
    """Where a name of several words goes on: return its end before a `:` or `=`, else `end`."""
    i, words = end, 0
    while i < high and words < 3 and data[i] == 32:
        k = i + 1
        while k < high and k - i < 20 and (KINDS[data[k]] & ALNUM):
            k += 1
        if k == i + 1:
            break
        i = k
        words += 1
        j = _blanks(data, i, high, 4)
        if j < high and (data[j] == 58 or data[j] == 61 or (j > i and (data[j] == 34 or data[j] == 39))):
            return i
    return end


@kernel
def _quoted(data, at, high):  # type: ignore[no-untyped-def]
    """Return the bounds within quotes, escaped ones too; start -1 when no quote stands here."""
    i = at
    while i < high and i - at < 8 and data[i] == 92:
        i += 1
    depth = i - at
    if i >= high or not (data[i] == 34 or data[i] == 39 or data[i] == 96):
        return -1, -1
    quote = data[i]
    start = i + 1
    k = start
    while k < high and k - start < LONGEST_VALUE and data[k] != 10:
        if data[k] == 92:
            j = k
            while j < high and data[j] == 92:
                j += 1
            run = j - k
            if j < high and data[j] == quote:
                if run <= depth:
                    return start, k
                if depth == 0 and run % 2 == 0:
                    return start, j
                k = j + 1
                continue
            k = j if run % 2 == 0 else j + 1
            continue
        if data[k] == quote:
            if quote == 39 and k > start and k + 1 < high and data[k + 1] == 39:
                k += 2
                continue
            if depth == 0 or k == start:
                return start, k
            return start, k
        k += 1
    return start, min(k, high)


@kernel
def at_line_start(data, start, low):  # type: ignore[no-untyped-def]
    """Tell whether a name is the first on its line, after blanks, `export`, `set`, `-` or a prefix of its own."""
    i, words = start, 0
    while i > low and start - i < 40:
        code = data[i - 1]
        if code == 10 or (code == 110 and i - 2 >= low and data[i - 2] == 92):
            return True
        if code == 32 or code == 9 or code == 45:
            i -= 1
        elif (KINDS[code] & LETTER) and words < 7:
            words += 1
            i -= 1
        else:
            return False
    if i > low:
        return False
    if words == 0:
        return True
    first = data[i] | 32
    return first == 101 or first == 115 or first == 100  # export, set, declare


@kernel
def _has_more_fields(data, at, high):  # type: ignore[no-untyped-def]
    """Tell whether ` word=` follows before the end of the line."""
    word = 0
    i = at
    while i < high and data[i] != 10:
        if data[i] == 61 and word > 0 and i + 1 < high and not (KINDS[data[i + 1]] & SPACE):
            return True
        if KINDS[data[i]] & WORD:
            word += 1
        elif data[i] == 32:
            word = 0
        else:
            word = -100000
        if data[i] == 32:
            word = 0
        i += 1
    return False


@kernel
def is_paired(data, at, high):  # type: ignore[no-untyped-def]
    """Tell whether a value without blanks ends at a semicolon behind which a name and `=` follow, or nothing."""
    i = at
    while i < high and data[i] > 32 and data[i] != 59 and data[i] != 34 and data[i] != 39 and i - at < 256:
        i += 1
    if i >= high or data[i] != 59:
        return False
    i = _blanks(data, i + 1, high, 16)
    begun = i
    while i < high and ((KINDS[data[i]] & WORD) or data[i] == 32) and i - begun < LONGEST_NAME:
        i += 1
    if i == begun:
        return i >= high or data[i] == 10 or data[i] == 13
    return i < high and data[i] == 61


@kernel
def line_end(data, at, high):  # type: ignore[no-untyped-def]
    """Return the end of the line, blanks, carriage returns and a comment at its end left out."""
    i = at
    while i < high and data[i] != 10 and i - at < LONGEST_VALUE:
        if data[i] == 35 and i > at and data[i - 1] == 32:
            break
        i += 1
    while i > at and (KINDS[data[i - 1]] & SPACE):
        i -= 1
    return i


@kernel
def value(data, at, how, first, low, high, start, text):  # type: ignore[no-untyped-def]
    """Return a value's bounds and how it stands. `text`: it may hold blanks. Start -1 when there is none."""
    s, e = _quoted(data, at, high)
    if s >= 0:
        return s, e, QUOTED
    if at >= high or data[at] == 10:
        return -1, -1, how
    if first and (data[at] == 124 or data[at] == 62):
        # a block of YAML: the value is the next line
        k = at + 1
        while k < high and (data[k] == 45 or data[k] == 43 or (KINDS[data[k]] & DIGIT) or data[k] == 13):
            k += 1
        if k < high and data[k] == 10:
            k = _blanks(data, k + 1, high, 64)
            return k, line_end(data, k, high), LINE
    if how == MARKUP:
        e = at
        while e < high and data[e] != 60 and data[e] != 10 and e - at < LONGEST_VALUE:
            e += 1
        if e - at > 9 and data[at] == 60:
            return -1, -1, how
        return at, e, MARKUP
    if first and how == BARE:
        e = line_end(data, at, high)
        if (
            e > at
            and data[at] != 123
            and data[at] != 91
            and data[at] != 124
            and not _has_more_fields(data, at, e)
        ):
            blank = False
            for i in range(at, e):
                blank = blank or data[i] == 32
            if (text or not blank) and data[e - 1] != 44:
                return at, e, LINE
    e = at
    while e < high and e - at < (96 if text else LONGEST_VALUE):
        code = data[e]
        if code < 32 or code == 34 or code == 39 or code == 44 or code == 59 or code == 60 or code == 62:
            break
        if code == 38 or code == 41 or code == 93 or code == 124 or code == 96 or code == 125 or code == 92:
            break
        if code == 32 and (not text or e + 1 >= high or data[e + 1] == 32 or data[e + 1] == 40):
            break
        e += 1
    if text and how == BARE and data[at - 1] == 61:
        k = at
        while k < e and data[k] != 32:
            k += 1
        e = k
    if not first and e > at and (data[e - 1] == 46 or data[e - 1] == 58):
        e -= 1
    return at, e, how
