"""Plain loads, stores and hashes on addresses, for kernels that may not pay for array headers.

Positions in the kernels are addresses inside one mapped file. Nobody may read at or past the `end` it
was given: what loads eight bytes at once checks for it.
"""

from collections.abc import Callable
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
