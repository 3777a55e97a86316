"""Sixty-four bytes looked at together, as the lanes of one vector; what they are is told by masks, one bit for each.

All 64 must be readable: the loops here, and whoever calls the rest, look at what is left byte by byte.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from holdfast.diagnostics.logs.memory import byte_at, ones, trailing_zeros, word_at
from holdfast.kernels import kernel

LANES = 64
MASKS: Any = types.Tuple((types.uint64,) * 5)  # type: ignore[no-untyped-call]
Masks = tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]
HIGH = 32  # bits below those that only addresses have
BREAKS = ((0, 32), (34, 34), (39, 41), (44, 44), (58, 62), (91, 93), (96, 96), (123, 125))
"""Bytes between words: controls and blanks, " ' ( ) , : ; < = > [ \\ ] ` { | }"""
VALUES = ((48, 57), (64, 64))
"""A word that holds one of these is a value: digits and the @ of an address."""
SLASHES = ((47, 47),)
QUOTES = ((34, 34), (39, 39), (96, 96))
EQUALS = ((61, 61),)
MARKS = (BREAKS, VALUES, SLASHES, QUOTES, EQUALS)
MARKING = tuple(sorted({byte for ranges in MARKS for low, high in ranges for byte in (low, high - low)}))
"""The bytes that those are told by."""
NAME_MARKS = ((48, 57), (46, 46), (36, 36), (95, 95))
"""What beside letters stands in a dotted name: digits . $ _"""
CONTROLS = ((1, 8), (11, 11), (14, 26), (28, 31))
"""Bytes that no text has: all below 32 but NUL, tab, the ends of lines and pages, and the escape of colours."""


def marking_lines() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Lines of memory, each full of one byte of MARKING.

    As constants of a kernel they would be put on its stack at every call, and there not even each in a line of its own.
    """
    room = np.zeros((len(MARKING) + 1) * LANES, np.uint8)
    aligned = room[-room.ctypes.data % LANES :][: len(MARKING) * LANES]
    aligned.reshape(-1, LANES)[:] = np.array(MARKING, np.uint8)[:, None]
    return aligned


MARKING_LINES = marking_lines()


def load_lanes(builder: Any, address: Any) -> Any:
    """Sixty-four bytes at an address as one vector."""
    kind = ir.VectorType(ir.IntType(8), LANES)
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def each_lane(byte: int) -> Any:
    """One byte in every lane."""
    return ir.Constant(ir.VectorType(ir.IntType(8), LANES), [byte] * LANES)


def _within(builder: Any, lanes: Any, low: int, high: int, each: Callable[[int], Any] = each_lane) -> Any:
    """Which lanes hold a byte of low..high."""
    if low == high:
        return builder.icmp_unsigned("==", lanes, each(low))
    above = builder.sub(lanes, each(low)) if low else lanes
    return builder.icmp_unsigned("<=", above, each(high - low))


def any_of(
    builder: Any, lanes: Any, ranges: tuple[tuple[int, int], ...], each: Callable[[int], Any] = each_lane
) -> Any:
    """Bit mask of the lanes that hold a byte of one of the ranges."""
    hits = _within(builder, lanes, *ranges[0], each)
    for low, high in ranges[1:]:
        hits = builder.or_(hits, _within(builder, lanes, low, high, each))
    return builder.bitcast(hits, ir.IntType(LANES))


def _marks_at(_typing: Any, _address: Any, _lines: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def each(byte: int) -> Any:
            line = builder.add(args[1], ir.Constant(ir.IntType(64), LANES * MARKING.index(byte)))
            loaded = load_lanes(builder, line)
            loaded.align = LANES
            return loaded

        lanes = load_lanes(builder, args[0])
        masks = [any_of(builder, lanes, ranges, each) for ranges in MARKS]
        return context.make_tuple(builder, signature.return_type, masks)

    return MASKS(types.int64, types.int64), emit


def _controls_at(_typing: Any, _address: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return any_of(builder, load_lanes(builder, args[0]), CONTROLS)

    return types.uint64(types.int64), emit


def _letters_at(_typing: Any, _address: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = load_lanes(builder, args[0])
        folded = builder.or_(lanes, each_lane(32))
        digits = _within(builder, lanes, 48, 57)
        hexes = builder.or_(digits, _within(builder, folded, 97, 102))
        both = builder.or_(digits, _within(builder, folded, 97, 122))
        masks = [builder.bitcast(hits, ir.IntType(LANES)) for hits in (hexes, both)]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 2)(types.int64), emit  # type: ignore[no-untyped-call]


def _spelling_at(_typing: Any, _address: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = load_lanes(builder, args[0])
        folded = builder.or_(lanes, each_lane(32))
        high = builder.icmp_unsigned(">=", lanes, each_lane(128))
        letters = builder.or_(high, _within(builder, folded, 97, 122))
        masks = [
            builder.bitcast(hits, ir.IntType(LANES)) for hits in (letters, _within(builder, folded, 97, 102))
        ]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 2)(types.int64), emit  # type: ignore[no-untyped-call]


def _names_at(_typing: Any, _address: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = load_lanes(builder, args[0])
        letters = _within(builder, builder.or_(lanes, each_lane(32)), 97, 122)
        others = [_within(builder, lanes, low, high) for low, high in NAME_MARKS]
        hits = reduce(builder.or_, others, letters)
        return builder.bitcast(hits, ir.IntType(LANES))

    return types.uint64(types.int64), emit


def _equal_at(_typing: Any, _address: Any, _byte: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.VectorType(ir.IntType(8), LANES)
        one = builder.insert_element(
            ir.Constant(kind, ir.Undefined), builder.trunc(args[1], ir.IntType(8)), ir.IntType(32)(0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        each = builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)
        hits = builder.icmp_unsigned("==", load_lanes(builder, args[0]), each)
        return builder.bitcast(hits, ir.IntType(LANES))

    return types.uint64(types.int64, types.int64), emit


def _level_digits(_typing: Any, _source: Any, _target: Any) -> Any:
    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = load_lanes(builder, args[0])
        level = builder.select(_within(builder, lanes, 48, 57), each_lane(48), lanes)
        builder.store(level, builder.inttoptr(args[1], level.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), emit


def _move_addresses(_typing: Any, _source: Any, _target: Any, _by: Any) -> Any:
    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        eight = ir.VectorType(ir.IntType(64), 8)
        values = builder.load(builder.inttoptr(args[0], eight.as_pointer()), align=8)
        one = builder.insert_element(ir.Constant(eight, ir.Undefined), args[2], ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
        each = builder.shuffle_vector(one, ir.Constant(eight, ir.Undefined), zeros)
        high = builder.ashr(values, ir.Constant(eight, [HIGH] * 8))
        held = builder.icmp_signed(">", high, ir.Constant(eight, [0] * 8))
        moved = builder.add(values, builder.select(held, each, ir.Constant(eight, [0] * 8)))
        builder.store(moved, builder.inttoptr(args[1], eight.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), emit


# Bit masks of the 64 bytes at an address: MARKS. All 64 must be readable. Takes the address of `marking_lines` too.
marks_at: Callable[[int, int], Masks] = cast(Any, intrinsic(_marks_at))
# Bit mask of the 64 bytes at an address that are CONTROLS.
controls_at: Callable[[int], np.uint64] = cast(Any, intrinsic(_controls_at))
# Bit masks of the 64 bytes at an address: hexadecimal digits; letters and digits.
letters_at: Callable[[int], tuple[np.uint64, np.uint64]] = cast(Any, intrinsic(_letters_at))
# Bit masks of the 64 bytes at an address: letters, and bytes of letters beyond ASCII; the letters a to f.
spelling_at: Callable[[int], tuple[np.uint64, np.uint64]] = cast(Any, intrinsic(_spelling_at))
# Bit mask of the 64 bytes at an address that a dotted name is made of: letters, digits and NAME_MARKS.
names_at: Callable[[int], np.uint64] = cast(Any, intrinsic(_names_at))
# Bit mask of the 64 bytes at an address that are equal to a byte.
equal_at: Callable[[int, int], np.uint64] = cast(Any, intrinsic(_equal_at))
# Copy 64 bytes with every digit written as 0.
level_digits: Callable[[int, int], None] = cast(Any, intrinsic(_level_digits))
# Copy eight integers; those with bits above HIGH are addresses and get the third argument added.
move_addresses: Callable[[int, int, int], None] = cast(Any, intrinsic(_move_addresses))


@kernel
def next_byte(pos: int, end: int, byte: int) -> int:
    """First position of a byte in [pos, end), or end; 64 bytes at a time, then eight."""
    while pos + LANES <= end:
        found = equal_at(pos, byte)
        if found:
            return pos + trailing_zeros(found)
        pos += LANES
    low, high = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
    pattern = low * np.uint64(byte)
    while pos + 8 <= end:
        mixed = word_at(pos) ^ pattern
        found = (mixed - low) & ~mixed & high
        if found:
            return pos + (trailing_zeros(found) >> 3)
        pos += 8
    while pos < end and byte_at(pos) != byte:
        pos += 1
    return pos


@kernel
def count_byte(pos: int, end: int, byte: int) -> int:
    """How often a byte stands in [pos, end)."""
    count = 0
    while pos + LANES <= end:
        count += ones(equal_at(pos, byte))
        pos += LANES
    while pos < end:
        count += byte_at(pos) == byte
        pos += 1
    return count


@kernel
def controls_and_nuls(pos: int, end: int) -> tuple[int, int]:
    """How many of the bytes [pos, end) are CONTROLS, and how many are NUL."""
    controls, nuls = 0, 0
    while pos + LANES <= end:
        controls += ones(controls_at(pos))
        nuls += ones(equal_at(pos, 0))
        pos += LANES
    while pos < end:
        byte = byte_at(pos)
        nuls += byte == 0
        controls += 1 <= byte <= 8 or byte == 11 or 14 <= byte <= 26 or 28 <= byte <= 31
        pos += 1
    return controls, nuls
