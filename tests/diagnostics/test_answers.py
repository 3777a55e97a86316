"""A reader's answer is data: whatever else it is, it is refused and never run."""

from __future__ import annotations

import os
import pickle
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnostics.analysers import Opened
from holdfast.diagnostics.analysers.contract import Reading
from holdfast.diagnostics.answers import understood
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.findings import Severity
from holdfast.diagnostics.reading import read_one

LINES = b"2026-01-29T10:00:00Z INFO all is well trace_id=5b8efff798038103d269b633813fc60c\n" * 50
SPANS = b"""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",
"spanId":"eee19b7ec3c1b174","name":"GET /","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"""
METRICS = b'# TYPE up gauge\nup{job="a"} 1 1700000000\nup{job="a"} 0 1700000060\n# EOF\n'


@pytest.mark.parametrize("data", [LINES, SPANS, METRICS, b"", b"\x00\x01"])
def test_what_readers_answer_arrives_whole(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "given"
    path.write_bytes(data)
    reading = read_one(Opened(Artefact("A1", "given", len(data), ""), path))
    arrived = understood(pickle.dumps(reading))
    assert isinstance(arrived, Reading)
    assert pickle.dumps(arrived) == pickle.dumps(pickle.loads(pickle.dumps(reading)))


def test_a_finding_arrives_however_python_writes_its_severity(tmp_path: Path) -> None:
    unread = read_one(Opened(Artefact("A1", "given", 1, ""), tmp_path / "is not there"))
    assert unread.findings
    assert understood(pickle.dumps(unread)) == unread
    written = pickle.dumps(replace(unread, note=Call(getattr, Severity, "ERROR")))  # as Python 3.11.2 does
    assert understood(written) == replace(unread, note=Severity.ERROR)


class Call:
    def __init__(self, function: object, *given: object) -> None:
        self.function, self.given = function, given

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.given


@pytest.mark.parametrize(
    "given", [(Severity, "__class__"), (Severity, "mro"), (Path, "unlink"), ("", "join")]
)
def test_nothing_but_a_member_is_taken_out_of_anything(given: tuple[object, str]) -> None:
    with pytest.raises(ValueError, match="understood"):
        understood(pickle.dumps(Call(getattr, *given)))


@pytest.mark.parametrize("function", [os.system, subprocess.run, eval, exec, open, getattr, np.load])
def test_an_answer_that_would_do_something_does_nothing(tmp_path: Path, function: object) -> None:
    target = tmp_path / "made"
    with pytest.raises(ValueError, match="no data"):
        understood(pickle.dumps(Call(function, f"touch {target}")))
    assert not target.exists()


@pytest.mark.parametrize(
    "name", ["cage\nstart", "investigate\ntempfile.mkdtemp", "zygote\nos.system", "reading\nread_one"]
)
def test_our_own_functions_are_no_data_either(name: str) -> None:
    with pytest.raises(ValueError, match="no data"):
        understood(f"choldfast.diagnostics.{name}\n.".encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_understood_or_refused(answer: bytes) -> None:
    try:
        understood(answer)
    except ValueError:
        return
