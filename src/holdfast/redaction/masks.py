"""Masks: which of 64 bytes are of a class, one bit for each; made for a block of 64 bytes by a few vector instructions.

What begins within a block may end in the next: either blocks overlap, or `ahead` and `behind` shift bits across. A
block may lie over the end of a text from `padded`, which has 64 bytes more, all of them 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from holdfast.diagnostics.logs.lanes import any_of, load_lanes
from holdfast.diagnostics.logs.lanes import each_lane as each
from holdfast.diagnostics.logs.memory import trailing_zeros as lowest
from holdfast.redaction.kernels import kernel

Array = np.ndarray[Any, Any]


def mask_of(members: Iterable[int]) -> Any:
    """Make a function for compiled loops: the mask of the 64 bytes at an address that are among `members`."""
    codes = sorted(set(members))
    starts = [code for code in codes if code - 1 not in codes]
    ends = [code for code in codes if code + 1 not in codes]
    ranges = tuple(zip(starts, ends, strict=True))

    def typed(_typing: Any, _address: Any) -> Any:
        def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return any_of(builder, load_lanes(builder, args[0]), ranges)

        return types.uint64(types.int64), emit

    return cast(Any, intrinsic(typed))


def _base64_typed(_typing: Any, _address: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = load_lanes(builder, args[0])

        def among(vector: Any, low: int, count: int) -> Any:
            return builder.icmp_unsigned("<", builder.sub(vector, each(low)), each(count))

        def is_one(*codes: int) -> Any:
            same = [builder.icmp_unsigned("==", lanes, each(code)) for code in codes]
            return builder.or_(*same) if len(same) > 1 else same[0]

        upper, lower, digit = among(lanes, 65, 26), among(lanes, 97, 26), among(lanes, 48, 10)
        six = builder.select(upper, builder.sub(lanes, each(65)), builder.add(lanes, each(4)))
        six = builder.select(lower, builder.sub(lanes, each(71)), six)
        last, before_last = is_one(47, 95), is_one(43, 45)
        six = builder.select(last, each(63), builder.select(before_last, each(62), six))
        every = builder.or_(builder.or_(upper, lower), builder.or_(digit, builder.or_(last, before_last)))
        first = among(six, 8, 24)
        second = builder.icmp_unsigned("<", builder.and_(builder.sub(six, each(2)), each(15)), each(6))
        third = builder.icmp_unsigned("==", builder.and_(six, each(2)), each(0))
        masks = [every, *(builder.and_(every, one) for one in (first, second, third))]
        values = [builder.bitcast(one, ir.IntType(64)) for one in masks]
        return context.make_tuple(builder, signature.return_type, values)

    return types.UniTuple(types.uint64, 4)(types.int64), emit  # type: ignore[no-untyped-call]


base64_of: Any = intrinsic(_base64_typed)
"""For compiled loops: masks of the 64 bytes at an address that are base64 of either alphabet, and of those of them that
may begin the first, second or third byte of a group where it is printable ASCII."""


@kernel
def within(block, size):  # type: ignore[no-untyped-def]
    """Return the mask of the bytes of a block that are within a text of `size` bytes."""
    left = size - 64 * block
    return (
        np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - left) if left < 64 else np.uint64(0xFFFFFFFFFFFFFFFF)
    )


@kernel
def ahead(mask, following, k):  # type: ignore[no-untyped-def]
    """Return for each place what a mask says `k` places further on, 0 < k < 64."""
    return mask >> np.uint64(k) | following << np.uint64(64 - k)


@kernel
def behind(mask, before, k):  # type: ignore[no-untyped-def]
    """Return for each place what a mask says `k` places before, 0 < k < 64."""
    return mask << np.uint64(k) | before >> np.uint64(64 - k)


@kernel
def rows_of(mask, size):  # type: ignore[no-untyped-def]
    """Return where `size` bytes in a row begin that are in a mask, of those that end within it."""
    have = 1
    while 2 * have <= size:
        mask &= mask >> np.uint64(have)
        have *= 2
    return mask & mask >> np.uint64(size - have) if have < size else mask


__all__ = ["ahead", "base64_of", "behind", "lowest", "mask_of", "rows_of", "within"]
