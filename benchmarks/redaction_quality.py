"""Leaks and false alarms of redaction, asked of corpora that know nothing of its rules. Prints one figure a line.

    python redaction_quality.py [PLANTS] [SEED]

Leaks: every plant of `redaction_corpus`, searched for in every writing in everything that was written. An address
that stands within one of 240.0.0.0/4 is the end or the begin of a pseudonym that is longer by a digit, by chance:
such are counted by themselves. The seed, which is printed, gives the plants and the key again. Vendors: each
published form printed alone in a sentence, and near-misses of it. Lines: ordinary logs of many systems, in which
nothing is secret.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import ordinary_logs
import redaction_corpus as corpus
from redaction_plants import SECRET_PART, VENDORS, encodings, writings

from holdfast.redaction import Key, Redactor, redact_bundle


def main() -> None:
    """Measure and print."""
    plants = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        leaks(Path(folder), plants)
    redactor = Redactor(Key.fresh())
    vendors(redactor)
    lines(redactor)


def leaks(folder: Path, plants: int) -> None:
    """Plant, redact, search."""
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    ledger = corpus.write(folder / "in", plants * 290, seed=seed)
    report = redact_bundle([folder / "in"], folder / "out", Key(hashlib.sha256(b"%d" % seed).digest()))
    text = b"\0".join(
        path.read_bytes() for path in sorted((folder / "out").iterdir()) if path.name != "manifest.json"
    )
    left, within = remaining(text, {value for _, _, value in ledger.plants})
    kinds = Counter((kind, encoding) for kind, encoding, value in ledger.plants if value in left)
    count = len({encoding for _, encoding, _ in ledger.plants} | set(encodings()))
    leaked, withheld = sum(kinds.values()), len(report.withheld)
    print(f"leaks: {leaked} of {len(ledger.plants)} plants in {count} writings, {withheld} files withheld")
    for (kind, encoding), number in kinds.most_common(10):
        print(f"  {kind} written {encoding}: {number}: {sorted(left)[:3]}")
    print(f"addresses within a longer pseudonym by chance: {len(within)}; seed {seed}")


def remaining(text: bytes, values: set[str]) -> tuple[set[str], set[str]]:
    """Return the values that stand in a text in any writing, and those that do so within pseudonyms of addresses only.

    An exact search by the first eight bytes.
    """
    data = np.frombuffer(text + bytes(8), np.uint8).astype(np.uint64)
    keys = np.zeros(len(text), np.uint64)
    for place in range(8):
        keys |= data[place : place + len(text)] << np.uint64(8 * place)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    left, within = set(), set()
    for value in values:
        for writing in writings(value):
            if len(writing) < 8:
                if writing in text:
                    left.add(value)
                continue
            key = np.uint64(int.from_bytes(writing[:8], "little"))
            first, last = np.searchsorted(keys, key), np.searchsorted(keys, key, "right")
            for at in order[first:last].tolist():
                if text[at : at + len(writing)] == writing:
                    (within if is_within_pseudonym(text, at, writing) else left).add(value)
    return left, within - left


def is_within_pseudonym(text: bytes, at: int, writing: bytes) -> bool:
    """Tell whether what stands at a place, an address, is part of a longer one out of 240.0.0.0/4."""
    around = text[max(at - 3, 0) : at + len(writing) + 3]
    whole = next((m[0] for m in re.finditer(rb"[0-9]+(?:[.][0-9]+)*", around) if writing in m[0]), b"")
    try:
        inner, outer = (ipaddress.IPv4Address(one.decode()) for one in (writing, whole))
    except ValueError:
        return False
    return inner != outer and outer in ipaddress.IPv4Network("240.0.0.0/4")


def vendors(redactor: Redactor) -> None:
    """Each form twenty times; then the same broken: cut short, its prefix foreign, its alphabet left."""
    dice = random.Random(99)
    found = total = altered = negatives = 0
    missed: Counter[str] = Counter()
    for kind, make in VENDORS.items():
        for _ in range(20):
            text = make(dice)
            secret = SECRET_PART.get(kind, lambda v: v)(text)
            total += 1
            gone = secret not in redactor.text(f"using {text} now").text
            found += gone
            missed[kind] += not gone
            for near in near_misses(text):
                negatives += 1
                altered += redactor.text(f"using {near} now").text != f"using {near} now"
    print(f"vendors' forms found: {found} of {total} ({100 * found / total:.2f} %)")
    print(f"near-misses altered: {altered} of {negatives} ({100 * altered / negatives:.2f} %)")
    for kind, number in missed.most_common(10):
        if number:
            print(f"  {kind}: {number} missed")


def near_misses(text: str) -> list[str]:
    """Return texts that look like a secret and are none."""
    head = text.split("_")[0].split("-")[0].split(":")[0][:6]
    return [f"{head}_example", f"<{head}>", head + "xxxxxxxxxxxxxxxx", f"{head}-v1.2.3"]


def lines(redactor: Redactor) -> None:
    """Count false secrets in ordinary lines."""
    false = total = 0
    seen: Counter[str] = Counter()
    for system, text in ordinary_logs.systems(random.Random(5)):
        for line in text.splitlines():
            total += 1
            for one in redactor.find(line):
                if one.kind == "secret":
                    false += 1
                    seen[f"{system}: {one.rule}: {line[one.start : one.end][:60]}"] += 1
    print(f"false secrets: {false} in {total} ordinary lines of {len(ordinary_logs.MAKERS)} systems")
    print(f"per 10,000 lines: {10_000 * false / total:.2f}")
    for what, number in seen.most_common(10):
        print(f"  {number} x {what}")


if __name__ == "__main__":
    main()
