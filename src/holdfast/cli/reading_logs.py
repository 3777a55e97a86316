"""`holdfast logs`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import orjson
import polars as pl
from rich.console import Console
from rich.table import Table

from holdfast.diagnostics.bundle import open_bundle
from holdfast.diagnostics.cage import processors
from holdfast.diagnostics.diagnosis import iso
from holdfast.diagnostics.logs import NO_TIME, Hit, LogTable, assign_rows, follow, read_log


def run(files: list[Path], json: Path | None, assign: Path | None, top: int, value: str = "") -> int:
    """Read logs, print templates or the lines of a value, write JSON and CSV; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        try:
            bundle = open_bundle(files, Path(folder), hashed=False)
        except FileNotFoundError as error:
            print(f"holdfast: {error}", file=sys.stderr)
            return 2
        for finding in bundle.findings:
            print(f"holdfast: {finding.title}", file=sys.stderr)
        threads = processors()
        tables = [
            read_log(opened.path, name=opened.artefact.name, threads=threads) for opened in bundle.opened
        ]
        hits = follow(tables, value) if value else []
        if json is not None and value:
            _write(json, {"schema": 1, "value": value, "lines": [_hit(hit) for hit in hits]})
        elif json is not None:
            _write_json(tables, json)
        if assign is not None:
            _write_csv(tables, assign)
        if json != Path("-") and value:
            _print_hits(hits, value)
        elif json != Path("-"):
            _print(tables, top)
    return 2 if not tables else 3 if bundle.partial else 0


def _template_rows(tables: list[LogTable]) -> list[dict[str, object]]:
    return [
        {
            "id": template.id,
            "file": table.name,
            "layout": table.layout,
            "template": template.text,
            "count": template.count,
            "level": template.level.name.lower(),
            "first_line": template.first_line,
            "last_line": template.last_line,
            "first": _time(template.first_time),
            "last": _time(template.last_time),
        }
        for table in tables
        for template in table.templates
    ]


def _time(time: int) -> str | None:
    return None if time == NO_TIME else iso(time)


def _write_json(tables: list[LogTable], out: Path) -> None:
    files = [
        {
            "name": t.name,
            "layout": t.layout,
            "encoding": t.encoding,
            "lines": t.lines,
            "records": t.records,
            "notes": [{"kind": n.kind.value, "text": n.text, "lines": list(n.lines[:20])} for n in t.notes],
        }
        for t in tables
    ]
    _write(out, {"schema": 1, "files": files, "templates": _template_rows(tables)})


def _write(out: Path, told: dict[str, object]) -> None:
    data = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    if out == Path("-"):
        sys.stdout.buffer.write(data + b"\n")
    else:
        out.write_bytes(data + b"\n")


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "time": _time(hit.time),
        "level": hit.level.name.lower(),
        "file": hit.file,
        "line": hit.line,
        "component": hit.component,
        "text": hit.text,
    }


def _print_hits(hits: list[Hit], value: str) -> None:
    for hit in hits:
        print(f"{hit.file}:{hit.line}: {hit.text}")
    files = len({hit.file for hit in hits})
    print(f"{len(hits):,} lines of {files} files carry {value}" if hits else f"no line carries {value}")


def _write_csv(tables: list[LogTable], out: Path) -> None:
    several = len(tables) > 1
    with out.open("wb") as stream:
        for number, table in enumerate(tables):
            rows = assign_rows(table)
            if several:
                rows = rows.select(pl.lit(table.name).alias("file"), pl.all())
            rows.write_csv(stream, include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%S%.9fZ")


def _print(tables: list[LogTable], top: int) -> None:
    console = Console()
    rows = sorted(_template_rows(tables), key=lambda row: -int(str(row["count"])))
    lines = sum(table.lines for table in tables)
    console.print(f"{lines:,} lines, {len(rows)} templates, {', '.join(sorted({t.layout for t in tables}))}")
    shown = Table(box=None, pad_edge=False)
    for name, justify in (
        ("count", "right"),
        ("level", "left"),
        ("first line", "right"),
        ("template", "left"),
    ):
        shown.add_column(name, justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    for row in rows[:top]:
        shown.add_row(f"{row['count']:,}", str(row["level"]), str(row["first_line"]), str(row["template"]))
    console.print(shown, markup=False)
    if len(rows) > top:
        console.print(f"{len(rows) - top} more; --json lists them all, rare ones too")
