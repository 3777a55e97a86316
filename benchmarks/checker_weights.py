"""Makes the weights of the update checker's second reader from the labelled sentences it may learn from.

python -m benchmarks.checker_weights [--check]

Logistic regression with a penalty on the square of the weights, by Nesterov's gradient; the same sentences give the
same weights but for rounding. With --check nothing is written: the exit code is 1 when those kept are not theirs.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import yaml
from benchmarks.update_checker import FOLDER, MADE_WITH, facts_of
from numba import njit

from holdfast.desk.updates.checking import Facts
from holdfast.desk.updates.phrases import short
from holdfast.desk.updates.weighing import BUCKETS, RULES, WEIGHTS, features

Array = np.ndarray[Any, Any]
BELIEF = 10.0
"""What a sentence counts against the penalty."""
STEPS = 600
CLOSE = 0.05
"""By how much a weight may differ where numbers are added in another order; they go up to about ten."""


def main() -> int:
    """Write the weights, or say whether those kept are right."""
    made = learnt()
    if "--check" not in sys.argv[1:]:
        np.save(WEIGHTS, made, allow_pickle=False)
        return 0
    kept: Array = np.load(WEIGHTS, allow_pickle=False)
    if kept.shape == made.shape and np.allclose(kept, made, atol=CLOSE):
        return 0
    print(f"{WEIGHTS.name} is not what the sentences teach; run python -m benchmarks.checker_weights")
    return 1


def learnt() -> Array:
    """Return float16[rules, BUCKETS + 1]."""
    rows, labels = sentences()
    return np.array([_regressed(rows, labels[:, n]) for n in range(len(RULES))]).astype(np.float16)


Rows = tuple[Array, Array, Array]
"""Where each sentence begins, then bucket and value of each of its features."""


def sentences() -> tuple[Rows, Array]:
    """Return the features of all sentences, and bool[sentences, rules] of their labels."""
    begins, buckets, values, labels = [0], list[Array](), list[Array](), []
    for file in MADE_WITH:
        read = yaml.safe_load((FOLDER / file).read_text("utf-8"))
        facts = facts_of(read["case"]) if isinstance(read, dict) else Facts()
        names = (*facts.people, *short(facts.people), *facts.vendors, *facts.internal)
        for row in read["sentences"] if isinstance(read, dict) else read:
            found = features(row["text"], names)
            buckets.append(np.append(found.buckets, BUCKETS))
            values.append(np.append(found.values, 1.0))
            begins.append(begins[-1] + len(buckets[-1]))
            labels.append([rule in row["labels"] for rule in RULES])
    return (np.array(begins), np.concatenate(buckets), np.concatenate(values)), np.array(labels)


def _regressed(rows: Rows, label: Array) -> Array:
    weights, ahead = np.zeros(BUCKETS + 1), np.zeros(BUCKETS + 1)
    steepest = 1 + BELIEF * _steepest(rows) / 4
    for step in range(STEPS):
        slope = ahead + BELIEF * _back(rows, 1 / (1 + np.exp(-_times(*rows, ahead))) - label)
        slope[BUCKETS] -= ahead[BUCKETS]  # what all sentences weigh costs nothing
        before, weights = weights, ahead - slope / steepest
        ahead = weights + step / (step + 3) * (weights - before)
    return weights


def _steepest(rows: Rows) -> float:
    """Return the largest eigenvalue of the features' products, by powers."""
    vector = np.ones(BUCKETS + 1)
    for _ in range(30):
        vector = _back(rows, _times(*rows, vector / np.linalg.norm(vector)))
    return float(np.linalg.norm(vector)) * 1.05


def _back(rows: Rows, along: Array) -> Array:
    begins, buckets, values = rows
    return np.bincount(buckets, values * np.repeat(along, np.diff(begins)), BUCKETS + 1)


@njit(cache=True)
def _times(begins, buckets, values, weights):  # type: ignore[no-untyped-def]
    out = np.zeros(len(begins) - 1)
    for row in range(len(out)):
        for k in range(begins[row], begins[row + 1]):
            out[row] += values[k] * weights[buckets[k]]
    return out


if __name__ == "__main__":
    sys.exit(main())
