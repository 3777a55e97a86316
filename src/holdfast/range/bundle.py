"""Writing what a run left behind as a support bundle, and its answer beside it."""

import gzip
import heapq
import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SPANS_PER_FILE = 400


@dataclass(frozen=True)
class Truth:
    """The answer: kept beside the bundle, never in it. `injected_at` is UTC, None when nothing was done."""

    component: str | None
    fault: str
    injected_at: str | None
    also_acceptable: list[str]


@dataclass(frozen=True)
class Bundle:
    """A written bundle: its folder, its truth file and the healthy bundle it refers to."""

    path: Path
    truth_path: Path
    truth: Truth
    baseline: Path | None = None


def write_truth(bundle: Path, truth: Truth) -> Path:
    """Write `truth/<name>.json` beside the bundle folder."""
    path = bundle.parent / "truth" / f"{bundle.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")
    return path


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def copy_logs(source: Path, target: Path, instances: dict[str, str]) -> None:
    """Copy the logs of observed instances; `instances` maps file stem prefix to its place in the bundle."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.log")):
        place = next((p for prefix, p in instances.items() if path.name.startswith(prefix)), None)
        if place is not None and path.stat().st_size:
            folder = target / place
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / path.name)


def merge_spans(source: Path, target: Path) -> None:
    """Merge the batches of all processes in time order, as a collector's file exporter would."""
    target.mkdir(parents=True, exist_ok=True)
    streams = [_batches(path) for path in sorted(source.glob("*.jsonl"))]
    lines = [line for _, line in heapq.merge(*streams)]
    for number, begin in enumerate(range(0, len(lines), SPANS_PER_FILE), 1):
        chunk = lines[begin : begin + SPANS_PER_FILE]
        (target / f"spans-{number:04d}.jsonl").write_text("".join(chunk), encoding="utf-8")


def _batches(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            batch = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
            yield int(batch[-1]["endTimeUnixNano"]), line


def pack(bundle: Path) -> Path:
    """Write `<bundle>.tar.gz` with members in name order and nothing of this machine in their headers."""
    path = bundle.with_name(bundle.name + ".tar.gz")
    members = sorted(p for p in bundle.rglob("*") if p.is_file())
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in members:
            archive.add(member, f"{bundle.name}/{member.relative_to(bundle)}", filter=_anonymous)
    return path


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = int(member.mtime)
    return member
