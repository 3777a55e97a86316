"""Plain loads, stores and hashes on addresses, for kernels that may not pay for array headers.

Positions in the kernels are addresses inside one mapped file. Nobody may read at or past the `end` it
was given; `block_hash` is the one place that loads eight bytes at once and checks for it.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from holdfast.diagnostics.logs.opcodes import FNV_OFFSET, FNV_PRIME
from holdfast.kernels import inlined, kernel

OFFSET = np.uint64(FNV_OFFSET)
PRIME = np.uint64(FNV_PRIME)
FOLD = np.uint64(0x2020202020202020)
NO_FOLD = np.uint64(0)
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


def _pointer(builder: Any, address: Any, bits: int) -> Any:
    return builder.inttoptr(address, ir.IntType(bits).as_pointer())


def _byte_at(_typing: Any, _address: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.zext(builder.load(_pointer(builder, args[0], 8)), ir.IntType(64))

    return types.int64(types.int64), emit


def _word_at(_typing: Any, _address: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load(_pointer(builder, args[0], 64), align=1)

    return types.uint64(types.int64), emit


def _get(_typing: Any, _array: Any, _index: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load(builder.gep(_pointer(builder, args[0], 64), [args[1]]))

    return types.int64(types.int64, types.int64), emit


def _put(_typing: Any, _array: Any, _index: Any, _value: Any) -> Any:
    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store(args[2], builder.gep(_pointer(builder, args[0], 64), [args[1]]))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), emit


def _put_narrow(bits: int) -> Any:
    def typed(_typing: Any, _address: Any, _value: Any) -> Any:
        def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            narrow = builder.trunc(args[1], ir.IntType(bits))
            builder.store(narrow, _pointer(builder, args[0], bits), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), emit

    return typed


def _trailing_zeros(_typing: Any, _value: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), emit


def _lanes(builder: Any, address: Any) -> Any:
    """Sixty-four bytes at an address as one vector."""
    kind = ir.VectorType(ir.IntType(8), LANES)
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _each(byte: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(8), LANES), [byte] * LANES)


def _within(builder: Any, lanes: Any, low: int, high: int, each: Callable[[int], Any] = _each) -> Any:
    """Which lanes hold a byte of low..high."""
    if low == high:
        return builder.icmp_unsigned("==", lanes, each(low))
    above = builder.sub(lanes, each(low)) if low else lanes
    return builder.icmp_unsigned("<=", above, each(high - low))


def _any_of(
    builder: Any, lanes: Any, ranges: tuple[tuple[int, int], ...], each: Callable[[int], Any] = _each
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
            loaded = _lanes(builder, line)
            loaded.align = LANES
            return loaded

        lanes = _lanes(builder, args[0])
        masks = [_any_of(builder, lanes, ranges, each) for ranges in MARKS]
        return context.make_tuple(builder, signature.return_type, masks)

    return MASKS(types.int64, types.int64), emit


def _controls_at(_typing: Any, _address: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _any_of(builder, _lanes(builder, args[0]), CONTROLS)

    return types.uint64(types.int64), emit


def _letters_at(_typing: Any, _address: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = _lanes(builder, args[0])
        folded = builder.or_(lanes, _each(32))
        digits = _within(builder, lanes, 48, 57)
        hexes = builder.or_(digits, _within(builder, folded, 97, 102))
        both = builder.or_(digits, _within(builder, folded, 97, 122))
        masks = [builder.bitcast(hits, ir.IntType(LANES)) for hits in (hexes, both)]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 2)(types.int64), emit  # type: ignore[no-untyped-call]


def _spelling_at(_typing: Any, _address: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = _lanes(builder, args[0])
        folded = builder.or_(lanes, _each(32))
        high = builder.icmp_unsigned(">=", lanes, _each(128))
        letters = builder.or_(high, _within(builder, folded, 97, 122))
        masks = [
            builder.bitcast(hits, ir.IntType(LANES)) for hits in (letters, _within(builder, folded, 97, 102))
        ]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 2)(types.int64), emit  # type: ignore[no-untyped-call]


def _names_at(_typing: Any, _address: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = _lanes(builder, args[0])
        letters = _within(builder, builder.or_(lanes, _each(32)), 97, 122)
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
        hits = builder.icmp_unsigned("==", _lanes(builder, args[0]), each)
        return builder.bitcast(hits, ir.IntType(LANES))

    return types.uint64(types.int64, types.int64), emit


def _level_digits(_typing: Any, _source: Any, _target: Any) -> Any:
    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        lanes = _lanes(builder, args[0])
        level = builder.select(_within(builder, lanes, 48, 57), _each(48), lanes)
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


def _leading_zeros(_typing: Any, _value: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), emit


def _folded(_typing: Any, _a: Any, _b: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        high = builder.lshr(product, ir.Constant(wide, 64))
        return builder.trunc(builder.xor(product, high), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), emit


def _fetch_ahead(_typing: Any, _address: Any) -> Any:
    def emit(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        address = builder.inttoptr(args[0], byte)
        builder.call(fetch, [address, whole(0), whole(3), whole(1)])  # to read, to be kept, data
        return context.get_dummy_value()

    return types.void(types.int64), emit


def _ones(_typing: Any, _value: Any) -> Any:
    def emit(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), emit


# The byte at an address, as int64.
byte_at: Callable[[int], int] = cast(Any, intrinsic(_byte_at))
# Eight bytes at any address, little endian.
word_at: Callable[[int], np.uint64] = cast(Any, intrinsic(_word_at))
# Element of an int64 array given by address.
get: Callable[[int, Any], int] = cast(Any, intrinsic(_get))
# Set an element of an int64 array given by address.
put: Callable[[int, int, Any], None] = cast(Any, intrinsic(_put))
# Store the eight, the low four bytes, or the low byte, of a value at an address.
put_64: Callable[[int, Any], None] = cast(Any, intrinsic(_put_narrow(64)))
put_32: Callable[[int, int], None] = cast(Any, intrinsic(_put_narrow(32)))
put_8: Callable[[int, int], None] = cast(Any, intrinsic(_put_narrow(8)))
# Number of zero bits below the lowest one; the value must not be 0.
trailing_zeros: Callable[[np.uint64], int] = cast(Any, intrinsic(_trailing_zeros))
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
# Number of zero bits above the highest one; the value must not be 0.
leading_zeros: Callable[[np.uint64], int] = cast(Any, intrinsic(_leading_zeros))
# Both halves of the 128-bit product, one laid over the other: what mixes two words best for its price.
folded: Callable[[np.uint64, np.uint64], np.uint64] = cast(Any, intrinsic(_folded))
# Have the cache line of an address brought in; any address will do.
fetch_ahead: Callable[[int], None] = cast(Any, intrinsic(_fetch_ahead))
# Number of one bits.
ones: Callable[[np.uint64], int] = cast(Any, intrinsic(_ones))


@inlined
def is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@inlined
def is_letter(byte: int) -> bool:
    return 97 <= (byte | 32) <= 122


@kernel
def tail_word(pos: int, length: int) -> np.uint64:
    """The last 1..7 bytes of a block, zero-extended, without reading past them."""
    word = np.uint64(0)
    for at in range(length):
        word |= np.uint64(byte_at(pos + at)) << np.uint64(at * 8)
    return word


@inlined
def first_bytes(pos: int, length: int, limit: int) -> np.uint64:
    """At most eight bytes at pos, zero-extended."""
    if pos + 8 > limit:
        return tail_word(pos, min(length, 8, limit - pos))
    if length <= 0:
        return np.uint64(0)
    return word_at(pos) & (~np.uint64(0) >> np.uint64(64 - 8 * min(length, 8)))


@kernel
def block_hash(pos: int, end: int, limit: int, seed: np.uint64, fold: np.uint64) -> np.uint64:
    """Hash of bytes [pos, end); `limit` is the end of readable memory, `fold` is ORed in (lower case)."""
    total = seed
    while end - pos >= 8:
        total = (total ^ (word_at(pos) | fold)) * PRIME
        total ^= total >> np.uint64(32)
        pos += 8
    left = end - pos
    if left > 0:
        if pos + 8 <= limit:
            mask = (np.uint64(1) << np.uint64(left * 8)) - np.uint64(1)
            word = (word_at(pos) | fold) & mask
        else:
            word = tail_word(pos, left)
            if fold:
                word = (word | fold) & ((np.uint64(1) << np.uint64(left * 8)) - np.uint64(1))
        total = (total ^ word) * PRIME
        total ^= total >> np.uint64(32)
    return total if total else np.uint64(1)


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


@kernel
def lookup(table: int, mask: int, key: np.uint64) -> int:
    """Value of a key in an open-addressing table of (key, value) pairs; 0 when absent."""
    at = np.int64(key ^ (key >> np.uint64(29))) & mask
    while True:
        held = np.uint64(get(table, at * 2))
        if held == key:
            return get(table, at * 2 + 1)
        if held == 0:
            return 0
        at = (at + 1) & mask
