"""Kernels that tell by its shape alone whether a line goes on with the record above it."""

import numpy as np

from holdfast.diagnostics.logs.lanes import LANES, names_at
from holdfast.diagnostics.logs.matching import Ints
from holdfast.diagnostics.logs.memory import byte_at, is_digit, is_letter, trailing_zeros
from holdfast.kernels import inlined, kernel, making


@kernel
def continuation_shape(pos: int, end: int, limit: int) -> bool:
    """Whether a line by itself looks like the rest of the record above it."""
    if pos >= end:
        return True
    first = byte_at(pos)
    if first == 32 or first == 9 or first == 125 or first == 41 or first == 93:
        return True
    second = byte_at(pos + 1) if pos + 1 < end else 0
    third = byte_at(pos + 2) if pos + 2 < end else 0
    if first == 92 and (second == 116 or second == 110):
        return True
    if (first == 97 and second == 116 and third == 32) or (first == 46 and second == 46 and third == 46):
        return True
    return 65 <= first <= 122 and (named_shape(pos, end, limit) or go_shape(pos, end))


@inlined
def name_end(pos: int, end: int, limit: int) -> int:
    """Where the dotted name at pos ends, or the text; no further than 200 bytes on."""
    stop, most = pos, min(end, pos + 200)
    while stop < most and stop + LANES <= limit:
        others = ~names_at(stop)
        if others:
            return min(stop + trailing_zeros(others), most)
        stop += LANES
    while stop < most:
        byte = byte_at(stop)
        if not (is_letter(byte) or is_digit(byte) or byte == 46 or byte == 36 or byte == 95):
            break
        stop += 1
    return min(stop, most)


@kernel
def named_shape(pos: int, end: int, limit: int) -> bool:
    """`Caused by`, `Traceback (`, `goroutine 1 [`, `package.SomeException: ...`."""
    stop = name_end(pos, end, limit)
    length, first = stop - pos, byte_at(pos)
    if stop + 1 < end and byte_at(stop) == 58 and length == 5 and first == 112 and byte_at(stop - 1) == 99:
        return True  # panic:
    if stop + 1 < end and byte_at(stop) == 32:
        following, ending = byte_at(stop + 1), byte_at(stop - 1)
        caused = length == 6 and first == 67 and ending == 100 and following == 98
        traceback = length == 9 and first == 84 and ending == 107 and following == 40
        during = length == 6 and first == 68 and ending == 103 and following == 104
        created = length == 7 and first == 99 and ending == 100 and following == 98
        routine = length == 9 and first == 103 and ending == 101 and is_digit(following)
        return caused or traceback or during or created or routine
    if length < 6 or (stop < end and byte_at(stop) != 58) or not ends_like_exception(stop):
        return False
    last = stop
    while last > pos and byte_at(last - 1) != 46:
        last -= 1
    return stop - last >= 6 and 65 <= byte_at(last) <= 90


@kernel
def ends_like_exception(stop: int) -> bool:
    """Whether the word of at least five letters that ends at stop ends in Error, Exception or Throwable."""
    a, b, c, d, e = (
        byte_at(stop - 5),
        byte_at(stop - 4),
        byte_at(stop - 3),
        byte_at(stop - 2),
        byte_at(stop - 1),
    )
    error = a == 69 and b == 114 and c == 114 and d == 111 and e == 114
    exception = a == 112 and b == 116 and c == 105 and d == 111 and e == 110
    return error or exception or (a == 119 and b == 97 and c == 98 and d == 108 and e == 101)


@kernel
def go_shape(pos: int, end: int) -> bool:
    """A frame of a Go stack: `main.run(...)`, `net/http.(*conn).serve(0xc0001)`."""
    if byte_at(end - 1) != 41:
        return False
    at, slashes, dots = pos, 0, 0
    while at < end and byte_at(at) != 40:
        byte = byte_at(at)
        slashes, dots = slashes + (byte == 47), dots + (byte == 46)
        if byte == 32 or byte == 58 or byte == 61:
            return False
        at += 1
    main = byte_at(pos) == 109 and dots == 1 and at - pos > 5 and byte_at(pos + 4) == 46
    return dots > 0 and (slashes > 0 or main)


@making
def continuations(lines: Ints) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """continuation_shape of every line (start, end)."""
    result = np.zeros(len(lines), np.bool_)
    for index in range(len(lines)):
        result[index] = continuation_shape(lines[index, 0], lines[index, 1], lines[-1, 1])
    return result
