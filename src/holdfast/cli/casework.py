"""`holdfast case`: what goes to a desk through its API."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn


def open_case(title: str, evidence: list[Path], severity: int, url: str, token: str) -> int:
    """Declare a case, send its evidence, have it investigated; print its address; return the exit code."""
    import httpx

    from holdfast.web.serving import open_case as declare

    missing = [path for path in evidence if not path.exists()]
    if missing:
        print(f"holdfast: no such file: {missing[0]}", file=sys.stderr)
        return 2
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks = {path.name: bar.add_task(path.name, total=path.stat().st_size) for path in evidence}

        def step(name: str, done: int, total: int) -> None:
            if name in tasks:
                bar.update(tasks[name], completed=done, total=total)

        try:
            address = declare(
                url, token, {"title": title, "severity": severity, "source": "cli"}, evidence, progress=step
            )
        except httpx.HTTPError as error:
            print(f"holdfast: the desk at {url} did not take the case: {error}", file=sys.stderr)
            return 2
    print(address)
    return 0
