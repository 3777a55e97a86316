"""Templates from unique skeletons: rows of integer tokens, grouped and split in one kernel.

Rows are never pooled across layouts, code locations or token counts. Words seen once or twice in a
column of many rows become variable before anything is split, so a wide vocabulary costs one hash pass.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.diagnostics.logs.lanes import MARKING_LINES
from holdfast.diagnostics.logs.matching import Bytes, Ints, Words
from holdfast.diagnostics.logs.memory import PRIME, folded
from holdfast.diagnostics.logs.records import S_LAYOUT, S_LOCATION, probe
from holdfast.diagnostics.logs.skeletons import MIX, MIX_SECOND
from holdfast.diagnostics.logs.tokens import (
    F_IDENTIFIER,
    F_SEPARATOR,
    F_VARIABLE,
    SEPARATORS,
    VARIABLE,
    tokenise,
)
from holdfast.kernels import kernel, making

SPLIT_WIDTH = 4  # a column of at most this many plain words separates templates
LARGE = 20  # rows of a group in which words may be rare
RARE = 2  # a word in at most this many rows of a large group may be variable
SUPPORT = 3  # rows that must agree on the rest before rare words are taken as variable

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class Clusters:
    """Which template each slot belongs to, and the flags of every slot's tokens for writing template texts."""

    of_slot: Int32s
    count: int
    exemplar: Ints  # slot whose text stands for the template
    flags: Bytes
    bounds: Ints


@kernel
def bytes_hash(buf: Bytes, start: int, end: int, total: np.uint64) -> np.uint64:
    for at in range(start, end):
        total = (total ^ np.uint64(buf[at])) * PRIME
    return total if total else np.uint64(1)


@making
def group_keys(buf: Bytes, slots: Ints, hashes: Words, flags: Bytes, bounds: Ints) -> Words:
    """Key of layout, code location, token count and the separators among the tokens."""
    keys = np.empty(len(slots), np.uint64)
    for row in range(len(slots)):
        key = folded(
            np.uint64(slots[row, S_LAYOUT] + 7) ^ MIX, np.uint64(bounds[row + 1] - bounds[row]) ^ MIX_SECOND
        )
        for at in range(bounds[row], bounds[row + 1]):
            if flags[at] & F_SEPARATOR:
                key = folded(key ^ hashes[at], np.uint64(at - bounds[row]) ^ MIX_SECOND)
        low, high = slots[row, S_LOCATION], slots[row, S_LOCATION + 1]
        keys[row] = bytes_hash(buf, low, high, key * PRIME) if high else key * PRIME
    return keys


@making
def counted(keys: Words) -> tuple[Ints, Ints]:
    """For each key its first row and how often it occurs."""
    size = 1024
    while size < len(keys) * 2:
        size *= 2
    table, first, times = np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    at_of = np.empty(len(keys), np.int64)
    for row in range(len(keys)):
        key = keys[row] if keys[row] else np.uint64(1)
        at = probe(table, key)
        if table[at] == 0:
            table[at], first[at] = key, row
        times[at] += 1
        at_of[row] = at
    return first[at_of], times[at_of]


@making
def by_group(first: Ints, sizes: Ints) -> Ints:
    """Rows of one group after the other; `first` is each row's group's first row, `sizes` how many it has."""
    order, free, used = np.empty(len(first), np.int64), np.empty(len(first), np.int64), 0
    for row in range(len(first)):
        if first[row] == row:
            free[row], used = used, used + sizes[row]
        order[free[first[row]]] = row
        free[first[row]] += 1
    return order


@making
def rare_words(hashes: Words, flags: Bytes, bounds: Ints, order: Ints, sizes: Ints) -> Bytes:
    """1 for each plain word found in at most RARE rows of its column, in LARGE groups (rows `order`, one by one)."""
    largest = 1
    for row in range(len(sizes)):
        largest = max(largest, sizes[row])
    room = 8
    while room < largest * 2:
        room *= 2
    table, times, places = np.empty(room, np.uint64), np.empty(room, np.int32), np.empty(largest, np.int32)
    rare, low = np.zeros(len(hashes), np.uint8), 0
    while low < len(order):
        start, count = bounds[order[low]], sizes[order[low]]
        rows, low = order[low : low + count], low + count
        size = 8
        while size < count * 2:
            size *= 2
        for column in range(bounds[rows[0] + 1] - start if count >= LARGE else 0):
            if not flags[start + column] & F_SEPARATOR and not constant(hashes, bounds, rows, column):
                mark_rare(hashes, bounds, rows, column, table[:size], times, places, rare)
    return rare


@kernel
def constant(hashes: Words, bounds: Ints, rows: Ints, column: int) -> bool:
    """Whether all rows have the same word in a column."""
    index, word = 1, hashes[bounds[rows[0]] + column]
    while index < len(rows) and hashes[bounds[rows[index]] + column] == word:
        index += 1
    return index == len(rows)


@kernel
def mark_rare(
    hashes: Words,
    bounds: Ints,
    rows: Ints,
    column: int,
    table: Words,
    times: Int32s,
    places: Int32s,
    rare: Bytes,
) -> None:
    """Set `rare` for the plain words of a column that are in at most RARE of the rows; the tables are scratch."""
    for at in range(len(table)):
        table[at] = 0
    for index in range(len(rows)):
        key = hashes[bounds[rows[index]] + column]
        place = probe(table, key)
        if table[place] == 0:
            table[place], times[place] = key, 0
        times[place] += 1
        places[index] = place
    for index in range(len(rows)):
        at = bounds[rows[index]] + column
        rare[at] = times[places[index]] <= RARE and hashes[at] != VARIABLE


@making
def mask_rare(hashes: Words, flags: Bytes, bounds: Ints, groups: Words, first: Ints, sizes: Ints) -> None:
    """Turn words that are rare in their column into variables where enough rows agree on the rest."""
    scarce = rare_words(hashes, flags, bounds, by_group(first, sizes), sizes)
    rest = np.zeros(len(groups), np.uint64)
    for row in range(len(groups)):
        rest[row] = ((np.uint64(row) + np.uint64(1)) * PRIME) << np.uint64(1)
        if sizes[row] < LARGE:
            continue
        total, rare, words = groups[row], 0, 0
        for at in range(bounds[row], bounds[row + 1]):
            words += not flags[at] & (F_SEPARATOR | F_VARIABLE)
            rare += scarce[at]
            total = (total ^ (VARIABLE if scarce[at] else hashes[at])) * PRIME
            total ^= total >> np.uint64(29)
        if rare and rare * 2 <= words:
            rest[row] = total | np.uint64(1)
    _, agreeing = counted(rest)
    for row in range(len(groups)):
        if rest[row] & np.uint64(1) and agreeing[row] >= SUPPORT:
            for at in range(bounds[row], bounds[row + 1]):
                if scarce[at]:
                    hashes[at] = VARIABLE
                    flags[at] |= F_VARIABLE


@making
def row_hashes(hashes: Words, bounds: Ints, groups: Words) -> Words:
    keys = np.empty(len(groups), np.uint64)
    for row in range(len(groups)):
        total = groups[row]
        for at in range(bounds[row], bounds[row + 1]):
            total = (total ^ hashes[at]) * PRIME
            total ^= total >> np.uint64(29)
        keys[row] = total | np.uint64(1)
    return keys


@kernel
def distinct(values: Words, table: Words) -> int:
    """How many different values; `table` is scratch of a power of two at least twice as long."""
    count = 0
    for at in range(len(table)):
        table[at] = 0
    for value in values:
        free = probe(table, value)
        if table[free] == 0:
            table[free] = value
            count += 1
    return count


@making
def column_of(hashes: Words, bounds: Ints, order: Ints, low: int, high: int, column: int) -> Words:
    values = np.empty(high - low, np.uint64)
    for index in range(low, high):
        values[index - low] = hashes[bounds[order[index]] + column]
    return values


@making
def choose(
    hashes: Words,
    flags: Bytes,
    bounds: Ints,
    order: Ints,
    low: int,
    high: int,
    width: int,
    located: bool,
    wild: NDArray[np.bool_],
) -> int:
    """Column to split rows order[low:high] on, or -1; columns found variable are set in `wild`.

    Rows from one code location (`located`) share a format string, so few words may vary there too.
    """
    size = 8
    while size < (high - low) * 2:
        size *= 2
    table = np.zeros(size, np.uint64)
    best, fewest, constants, open_columns = -1, 1 << 60, 0, 0
    counts = np.zeros(width, np.int64)
    named = np.zeros(width, np.bool_)
    for column in range(width):
        values = column_of(hashes, bounds, order, low, high, column)
        counts[column] = distinct(values, table)
        identifiers, separators, variables = 0, 0, 0
        for index in range(low, high):
            flag = flags[bounds[order[index]] + column]
            identifiers += flag & F_IDENTIFIER != 0
            separators += flag & F_SEPARATOR != 0
            variables += flag & F_VARIABLE != 0
        if counts[column] == 1:
            constants += separators == 0 and variables == 0
            continue
        named[column] = (identifiers + variables) * 10 >= (high - low) * 6
        open_columns += 1
        if counts[column] < fewest:
            best, fewest = column, counts[column]
    if best < 0:
        return -1
    varied = constants * 2 >= open_columns and high - low >= 20 and fewest >= 2 * SPLIT_WIDTH
    solid = constants > 0 and (constants >= open_columns or varied)
    if located and constants > open_columns:
        for column in range(width):
            wild[column] = counts[column] > 1
        return -1
    if not solid or (fewest <= SPLIT_WIDTH and not named[best]):
        return best
    for column in range(width):
        wild[column] = counts[column] > 1 and (counts[column] > SPLIT_WIDTH or named[column])
    for column in range(width):
        if counts[column] > 1 and not wild[column]:
            return column
    return -1


@making
def regroup(values: Words, order: Ints, place: Ints, low: int) -> Ints:
    """Bring rows from low on with equal values together, in order of appearance; where each run ends."""
    size = 8
    while size < len(values) * 2:
        size *= 2
    keys, number_of = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    numbers, ends, count = np.zeros(len(values), np.int64), np.zeros(len(values), np.int64), 0
    for index in range(len(values)):
        at = probe(keys, values[index])
        if keys[at] == 0:
            keys[at], number_of[at] = values[index], count
            count += 1
        numbers[index] = number_of[at]
        ends[number_of[at]] += 1
    for number in range(1, count):
        ends[number] += ends[number - 1]
    old_order, old_place = np.zeros(len(values), np.int64), np.zeros(len(values), np.int64)
    for index in range(len(values)):
        old_order[index], old_place[index] = order[low + index], place[low + index]
    for index in range(len(values) - 1, -1, -1):
        ends[numbers[index]] -= 1
        to = low + ends[numbers[index]]
        order[to], place[to] = old_order[index], old_place[index]
    for number in range(count):  # ends hold the starts now
        ends[number] = low + (ends[number + 1] if number + 1 < count else len(values))
    return ends[:count]


@making
def split_groups(
    hashes: Words, flags: Bytes, bounds: Ints, rows: Ints, groups: Words, located: NDArray[np.bool_]
) -> Ints:
    """Cluster number of each row in `rows` (unique rows, sorted by group)."""
    clusters, order, place = np.zeros_like(rows), np.zeros_like(rows), np.zeros_like(rows)
    for index in range(len(rows)):
        order[index], place[index] = rows[index], index
    stack = np.zeros((len(rows) + 2, 2), np.int64)
    top, made, begin = 0, 0, 0
    for index in range(1, len(rows) + 1):
        if index < len(rows) and groups[rows[index]] == groups[rows[begin]]:
            continue
        stack[0, 0], stack[0, 1], top = begin, index, 1
        begin = index
        while top:
            top -= 1
            low, high = stack[top, 0], stack[top, 1]
            width = bounds[order[low] + 1] - bounds[order[low]]
            column = -1
            wild = np.zeros(width, np.bool_)
            if high - low > 1:
                column = choose(hashes, flags, bounds, order, low, high, width, located[order[low]], wild)
            for at in range(low, high):
                for where in range(width):
                    if wild[where]:
                        hashes[bounds[order[at]] + where] = VARIABLE
                        flags[bounds[order[at]] + where] |= F_VARIABLE
            if column < 0:
                for at in range(low, high):
                    clusters[place[at]] = made
                made += 1
                continue
            values = column_of(hashes, bounds, order, low, high, column)
            first = np.int64(low)
            for end in regroup(values, order, place, low):
                stack[top, 0], stack[top, 1] = first, end
                top, first = top + 1, end
    return clusters


@making
def numbered(of_row: Ints, first: Ints) -> tuple[Int32s, Ints]:
    """Clusters of slots numbered by first appearance, and the first slot of each; `first` are the rows of the slots."""
    rank, of_slot = np.full(len(first), -1, np.int32), np.empty(len(first), np.int32)
    exemplar, count = np.empty(len(first), np.int64), 0
    for slot in range(len(first)):
        cluster = of_row[first[slot]]
        if rank[cluster] < 0:
            rank[cluster], exemplar[count] = count, slot
            count += 1
        of_slot[slot] = rank[cluster]
    return of_slot, exemplar[:count].copy()


def induce(buf: Bytes, slots: Ints) -> Clusters:
    """Group the skeletons of a file into templates, numbered by first appearance."""
    hashes, flags, bounds = tokenise(buf, slots, SEPARATORS, MARKING_LINES.ctypes.data)
    groups = group_keys(buf, slots, hashes, flags, bounds)
    mask_rare(hashes, flags, bounds, groups, *counted(groups))
    first, _ = counted(row_hashes(hashes, bounds, groups))
    unique = np.flatnonzero(first == np.arange(len(slots)))
    rows = unique[np.argsort(groups[unique], kind="stable")]
    clusters = split_groups(hashes, flags, bounds, rows, groups, slots[:, S_LOCATION + 1] > 0)
    of_row = np.zeros(len(slots), np.int64)
    of_row[rows] = clusters
    of_slot, exemplar = numbered(of_row, first)
    return Clusters(of_slot, len(exemplar), exemplar, flags, bounds)
