"""What a probe is, and running one: in a child that is killed when its time is over.

A probe that never answers is inconclusive; only one that was seen to pass counts as passed.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.investigation.kept import Unseen, page_of
from holdfast.desk.investigation.queries import newest
from holdfast.desk.response.bounds import wanted

LONGEST = 60
MOST_OUTPUT = 16_000
Text = Annotated[str, Field(max_length=2000)]
Level = Literal["calls", "rate_per_minute", "failed", "median_ms", "p95_ms", "waited"]
UNITS = {"rate_per_minute": "/min", "median_ms": "ms", "p95_ms": "ms"}


class _Probe(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    seconds: Annotated[int, Field(ge=1, le=LONGEST)] = 10
    """How long it may take."""
    times: Annotated[int, Field(ge=1, le=10)] = 3
    """How often it has to pass, one after the other."""
    pause: Annotated[int, Field(ge=0, le=60)] = 2


class HttpProbe(_Probe):
    """A GET that has to answer as expected."""

    kind: Literal["http"] = "http"
    url: Annotated[Text, Field(pattern=r"^https?://")]
    status: Annotated[int, Field(ge=100, le=599)] = 200
    contains: Text = ""


class MetricProbe(_Probe):
    """A number of a Prometheus that has to be at most or at least so much."""

    kind: Literal["metric"] = "metric"
    url: Annotated[Text, Field(pattern=r"^https?://")]
    query: Annotated[Text, Field(min_length=1)]
    most: float | None = None
    least: float | None = None


class EvidenceProbe(_Probe):
    """A golden signal of a component in evidence that was read after the mitigation started."""

    kind: Literal["evidence"] = "evidence"
    component: Annotated[Text, Field(min_length=1)]
    signal: Level = "failed"
    most: float | None = None
    least: float | None = None


class LogProbe(_Probe):
    """Lines with a text in evidence that was read after the mitigation started: at most or at least so many."""

    kind: Literal["log"] = "log"
    text: Annotated[Text, Field(min_length=1)]
    most: float | None = None
    least: float | None = None


class CommandProbe(_Probe):
    """A program of the folder HOLDFAST_PROBE_COMMANDS that has to end with 0."""

    kind: Literal["command"] = "command"
    command: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")]
    arguments: Annotated[tuple[Text, ...], Field(max_length=20)] = ()


Probe = Annotated[
    HttpProbe | MetricProbe | EvidenceProbe | LogProbe | CommandProbe, Field(discriminator="kind")
]
_READER: TypeAdapter[Any] = TypeAdapter(Probe)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe saw."""

    outcome: Literal["passed", "failed", "inconclusive"]
    text: str
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program of the desk ended."""

    code: int | None
    """None: it was killed when its time was over."""
    output: str
    seconds: float


def probe_from(said: dict[str, Any]) -> dict[str, Any]:
    """Return a probe checked and complete, as it is kept; raise Conflict for one that cannot be."""
    try:
        probe = _READER.validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "kind"
        raise Conflict(f"the probe's {place}: {first['msg']}") from error
    if (
        isinstance(probe, MetricProbe | EvidenceProbe | LogProbe)
        and probe.most is None
        and probe.least is None
    ):
        raise Conflict("say what the number has to be: at most, at least, or both")
    if isinstance(probe, CommandProbe) and _program(probe.command) is None:
        raise Conflict(f"there is no program {probe.command} in HOLDFAST_PROBE_COMMANDS on this desk")
    return dict(probe.model_dump(mode="json"))


def _program(name: str) -> Path | None:
    folder = settings.PROBE_COMMANDS
    path = Path(folder) / name if folder else None
    return path if path is not None and path.is_file() and os.access(path, os.X_OK) else None


def run(said: dict[str, Any], case: Case, since: datetime | None, beat: Callable[[], None]) -> Seen:
    """Run a probe once. `since`: evidence read before then says nothing. `beat` is called twice a second."""
    probe = _READER.validate_python(said)
    if isinstance(probe, EvidenceProbe):
        return _evidence(probe, case, since)
    if isinstance(probe, LogProbe):
        return _log(probe, case, since, beat)
    if isinstance(probe, CommandProbe):
        return _command(probe, beat)
    order = said | {"private": bool(settings.PROBE_PRIVATE)}
    return _asked(order, probe.seconds, beat)


def run_program(name: str, arguments: Sequence[str], seconds: int, beat: Callable[[], None]) -> Ended | None:
    """Run a program of HOLDFAST_PROBE_COMMANDS once, with the limits of a probe; None: there is none of that name."""
    program = _program(name)
    if program is None:
        return None
    code, out, took = _in_child([str(program), *arguments], b"", seconds, beat)
    return Ended(code, out.decode("utf-8", "replace").replace("\x00", "\ufffd"), took)


def _evidence(probe: EvidenceProbe, case: Case, since: datetime | None) -> Seen:
    kept = newest(case)
    if kept is None or (since is not None and kept.made_at < since):
        return Seen(
            "inconclusive", "no evidence was read since the mitigation started; attach some and read it"
        )
    row = next((one for one in kept.report.get("golden", []) if one["component"] == probe.component), None)
    side = row and (row["after"] or row["before"])
    if not side:
        return Seen("inconclusive", f"diagnosis {kept.version} has no golden signals of {probe.component}")
    value, unit = float(side[probe.signal]), UNITS.get(probe.signal, "")
    said = f"{probe.component} {probe.signal} {value:g} {unit}".strip() + f", diagnosis {kept.version}"
    return judged(value, probe.most, probe.least, said, unit)


def _log(probe: LogProbe, case: Case, since: datetime | None, beat: Callable[[], None]) -> Seen:
    kept = newest(case)
    if kept is None or not kept.folder or (since is not None and kept.made_at < since):
        return Seen(
            "inconclusive", "no evidence was read since the mitigation started; attach some and read it"
        )
    found, withheld, until = 0, 0, time.monotonic() + probe.seconds
    for artefact in kept.report["artefacts"]:
        start: int | None = 0
        with contextlib.suppress(OSError, Unseen):
            withheld += 1
            page = page_of(kept, artefact["id"])
            withheld -= 1
            while start is not None:
                hits = page.find(probe.text, start)
                found, start = found + len(hits.lines), hits.next
                beat()
                if time.monotonic() > until:
                    return Seen(
                        "inconclusive", f"counted {found} lines in {probe.seconds} s and was not through"
                    )
    said = f"{found} lines hold “{probe.text[:80]}”, diagnosis {kept.version}"
    if withheld:
        return Seen("inconclusive", f"{said}; {withheld} files are withheld and were not searched")
    return judged(float(found), probe.most, probe.least, said, "lines")


def judged(value: float, most: float | None, least: float | None, said: str, unit: str = "") -> Seen:
    """Return whether a number is where it has to be."""
    if math.isnan(value):
        return Seen("inconclusive", f"{said}: not a number")
    if missed := wanted(value, most, least):
        return Seen("failed", f"{said}, wanted {missed}", value, unit)
    return Seen("passed", said, value, unit)


def _asked(order: dict[str, Any], seconds: int, beat: Callable[[], None]) -> Seen:
    command = [sys.executable, "-m", "holdfast.desk.response.asking"]
    code, out, took = _in_child(command, json.dumps(order).encode(), seconds, beat)
    if code is None:
        return Seen("inconclusive", f"no answer within {seconds} s")
    try:
        return Seen(**json.loads(out.decode("utf-8", "replace")))
    except (ValueError, TypeError):
        return Seen("inconclusive", f"the probe ended with {code} after {took:.1f} s and said nothing usable")


def _command(probe: CommandProbe, beat: Callable[[], None]) -> Seen:
    ended = run_program(probe.command, probe.arguments, probe.seconds, beat)
    if ended is None:
        return Seen("inconclusive", f"there is no program {probe.command} any more")
    if ended.code is None:
        return Seen("inconclusive", f"it did not end within {probe.seconds} s and was killed")
    lines = ended.output.strip().splitlines()
    said = f"ended with {ended.code}: {lines[-1][:200] if lines else 'no output'}"
    return Seen("passed" if ended.code == 0 else "failed", said, round(ended.seconds * 1000), "ms")


_LIMITED = (
    "import os,resource as r,sys\n"
    "r.setrlimit(r.RLIMIT_AS,(2**30,2**30));r.setrlimit(r.RLIMIT_CPU,({0},{0}))\n"
    "r.setrlimit(r.RLIMIT_FSIZE,(2**20,2**20));r.setrlimit(r.RLIMIT_NOFILE,(64,64));r.setrlimit(r.RLIMIT_CORE,(0,0))\n"
    "os.execv(sys.argv[1],sys.argv[1:])"
)


def _in_child(
    command: list[str], given: bytes, seconds: int, beat: Callable[[], None]
) -> tuple[int | None, bytes, float]:
    """Run a command with limits, in a folder and a session of its own; None for the code: it was killed."""
    limited = [sys.executable, "-I", "-c", _LIMITED.format(seconds + 1), *command]
    path = os.environ.get("PYTHONPATH", "")
    surroundings = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **({"PYTHONPATH": path} if path else {})}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out:
        child = subprocess.Popen(  # noqa: S603  a program the admin put there, or ours
            limited,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=surroundings,
            start_new_session=True,
        )
        try:
            with contextlib.suppress(BrokenPipeError):
                if child.stdin is not None:
                    child.stdin.write(given)
                    child.stdin.close()
            code = _ended(child, started + seconds, beat)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        out.seek(0)
        return code, out.read(MOST_OUTPUT), time.monotonic() - started


def _ended(child: subprocess.Popen[bytes], until: float, beat: Callable[[], None]) -> int | None:
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(min(0.5, left))
        beat()
    return None
