"""`holdfast investigate`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from holdfast.diagnostics.diagnosis import Diagnosis
from holdfast.diagnostics.investigate import Progress as Step
from holdfast.diagnostics.investigate import investigate

NOTHING, FINDINGS, UNUSABLE, PARTIAL = 0, 1, 2, 3


def run(
    paths: list[Path],
    baseline: list[Path],
    at: int | None,
    json: Path | None,
    html: Path | None,
    keep: Path | None,
    *,
    quiet: bool,
) -> int:
    """Investigate, print and write the report; return the exit code."""
    try:
        diagnosis = _watched(paths, baseline, at, keep)
    except FileNotFoundError as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return UNUSABLE
    _write(diagnosis, json, html)
    if not quiet and json != Path("-"):
        from holdfast.diagnostics.report.terminal import render

        Console().print(render(diagnosis, html=html, json=json))
    return exit_code(diagnosis)


def exit_code(diagnosis: Diagnosis) -> int:
    """Return 0 nothing abnormal, 1 findings, 2 unusable input, 3 read in part only."""
    if not any(artefact.records for artefact in diagnosis.artefacts):
        return UNUSABLE
    if diagnosis.facts.get("partial"):
        return PARTIAL
    return FINDINGS if diagnosis.verdict == "abnormal" else NOTHING


def _watched(paths: list[Path], baseline: list[Path], at: int | None, keep: Path | None) -> Diagnosis:
    """Investigate with progress on standard error, where somebody watches."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("opening", total=None)

        def step(now: Step) -> None:
            bar.update(task, description=now.what[-60:], total=now.total or None, completed=now.done)

        return investigate(paths, baseline=baseline, at=at, keep=keep, progress=step)


def _write(diagnosis: Diagnosis, json: Path | None, html: Path | None) -> None:
    if json is not None:
        import orjson

        data = orjson.dumps(diagnosis.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
        if json == Path("-"):
            sys.stdout.buffer.write(data + b"\n")
        else:
            json.write_bytes(data + b"\n")
    if html is not None:
        from holdfast.diagnostics.report.page import page

        html.write_text(page(diagnosis), encoding="utf-8")
