"""The shape of traces as arrays: entry spans, depth, and who really worked when.

Everything here is iterative and bounded: a trace of a hundred thousand spans is one pass.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from holdfast.kernels import making

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


def entries(parent: Ints, component: Ints) -> Ints:
    """Return for each span the row of its entry span: the first one up the tree by which its component was entered."""
    same = (parent >= 0) & (component[parent] == component)
    link = np.where(same, parent, np.arange(len(parent)))
    for _ in range(64):
        further = link[link]
        if np.array_equal(further, link):
            break
        link = further
    return link


@making
def depths(parent: Ints) -> Ints:
    """Return how many spans stand above each; a cycle is cut where it is found."""
    depth = np.full(len(parent), -1, np.int64)
    path = np.empty(len(parent), np.int64)
    for row in range(len(parent)):
        at, steps = row, 0
        while at >= 0 and depth[at] < 0 and steps < len(parent):
            depth[at] = 0
            path[steps] = at
            steps += 1
            at = parent[at]
        above = depth[at] if at >= 0 and (steps == 0 or at != path[0]) else -1
        for back in range(steps - 1, -1, -1):
            above += 1
            depth[path[back]] = above
    return depth


@making
def _exclusive(order: Any, times: Any, opens: Any, rows: Any, trace: Any, depth: Any, result: Any) -> None:
    active = np.zeros(len(result), np.uint8)
    heap = [(np.int64(0), np.int64(0))]
    heap.clear()
    before, current = np.int64(0), np.int64(-1)
    for at in order:
        row = rows[at]
        if trace[row] != current:
            heap.clear()
            current = trace[row]
        elif heap:
            while heap and active[heap[0][1]] == 0:
                heapq.heappop(heap)
            if heap:
                result[heap[0][1]] += times[at] - before
        before = times[at]
        if opens[at]:
            active[row] = 1
            heapq.heappush(heap, (-depth[row], row))
        else:
            active[row] = 0


def exclusive(trace: Ints, depth: Ints, start: Ints, end: Ints) -> Ints:
    """Return the nanoseconds in which each span was the deepest one at work in its trace.

    A parent that waits for a child is not at work, nor is one whose asynchronous work goes on elsewhere.
    """
    result = np.zeros(len(start), np.int64)
    lasting = np.flatnonzero(end > start)  # one without duration would never be seen to close
    times = np.concatenate([start[lasting], end[lasting]])
    opens = np.repeat(np.array([1, 0], np.uint8), len(lasting))
    rows = np.concatenate([lasting, lasting])
    order = np.lexsort((opens, times, trace[rows]))
    _exclusive(order, times, opens, rows, trace, depth, result)
    return result


@making
def _critical(order: Any, offsets: Any, parent: Any, start: Any, end: Any, result: Any) -> None:
    waiting, since, until = np.empty_like(start), np.empty_like(start), np.empty_like(start)
    for root in range(len(start)):
        if parent[root] >= 0:
            continue
        waiting[0], since[0], until[0], top = root, start[root], end[root], 1
        while top:
            top -= 1
            row, begun, now = waiting[top], since[top], until[top]
            for at in range(offsets[row], offsets[row + 1]):  # the children, the last to end first
                child = order[at]
                if start[child] >= now or end[child] <= begun:
                    continue
                done = min(end[child], now)
                result[row] += now - done
                now = max(start[child], begun)
                waiting[top], since[top], until[top] = child, now, done
                top += 1
            result[row] += now - begun


def critical(parent: Ints, start: Ints, end: Ints) -> Ints:
    """Return the nanoseconds each span holds on the critical path of its trace, shape (n,).

    From the end of the root backwards: whatever ended last before a moment is what was waited for. The sum over
    a trace is the duration of its root. Source: Z. Zhang et al., "CRISP: critical path analysis of large-scale
    microservice architectures", USENIX ATC 2022.
    """
    result = np.zeros(len(parent), np.int64)
    above = np.where((parent >= 0) & (depths(parent) > 0), parent, -1)  # a cycle has no root and no path
    inside = np.flatnonzero(above >= 0)
    order = inside[np.lexsort((-end[inside], above[inside]))]
    counts = np.bincount(above[inside], minlength=len(parent))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    _critical(order, offsets, above, start, end, result)
    return result


def codes(values: Any) -> tuple[Ints, list[str]]:
    """Return integer codes of a string column and the words they stand for, in order of first sight."""
    words = values.unique(maintain_order=True)
    lookup = dict(zip(words.to_list(), range(len(words)), strict=True))
    coded = values.replace_strict(list(lookup), list(lookup.values()), return_dtype=int) if lookup else values
    return coded.to_numpy().astype(np.int64), list(lookup)
