"""`holdfast redact`."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from holdfast.redaction import Key, KeyUnusable, OutputUnusable, Policy, PolicyError, Report, redact_bundle

DONE, UNUSABLE, WITHHELD = 0, 2, 3


def run(
    paths: list[Path],
    out: Path,
    key_file: Path | None,
    report: Path | None,
    policy_file: Path | None,
    workers: int | None,
    *,
    explain: bool,
) -> int:
    """Redact, say what was done and what was withheld; return the exit code."""
    try:
        policy = Policy.read(policy_file) if policy_file else Policy.default()
        key, made = _key(key_file, out)
        done = _watched(paths, out, key, policy, workers, explain)
    except (FileNotFoundError, KeyUnusable, OutputUnusable, PolicyError) as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return UNUSABLE
    if made:
        key_file = out.with_name(out.name + ".key")
        _secretly(key_file, key.text() + "\n")
        print(f"The key was made for you: {key_file}. Without it nobody opens the map again.")
    if report is not None:
        told = {**done.manifest, "explained": done.explained} if explain else done.manifest
        text = json.dumps(told, indent=1) + "\n"
        sys.stdout.write(text) if report == Path("-") else report.write_text(text, "utf-8")
    if report != Path("-"):
        _tell(done, explain)
    return WITHHELD if done.withheld else DONE


def _key(path: Path | None, out: Path) -> tuple[Key, bool]:
    if path is not None:
        return Key.read(path), False
    if (kept := out.with_name(out.name + ".key")).exists():
        return Key.read(kept), False
    return Key.fresh(), True


def _secretly(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(text)


def _watched(
    paths: list[Path], out: Path, key: Key, policy: Policy, workers: int | None, explain: bool
) -> Report:
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), console=console, transient=True,
        disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("opening", total=None)

        def step(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return redact_bundle(paths, out, key, policy, workers=workers, explain=explain, progress=step)


def _tell(done: Report, explain: bool) -> None:
    replaced: Counter[str] = Counter()
    for entry in done.entries:
        replaced.update(entry.replaced)
    written = sum(bool(entry.derivative) for entry in done.entries)
    print(
        f"{written} of {len(done.entries)} files written to {done.out}, {done.values} different values,"
        f" {sum(replaced.values())} places."
    )
    for rule, count in replaced.most_common(15):
        print(f"  {count:>8}  {rule}")
    for entry in done.withheld:
        print(f"withheld {entry.id}: {entry.withheld}")
    if explain:
        for name, places in done.explained.items():
            for line, rule, kind, why in places:
                print(f"{name}:{line}: {kind} by {rule}, {why}")
