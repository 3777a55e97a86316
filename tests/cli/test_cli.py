"""The command as a whole: it starts quickly, helps, and minds its words."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from holdfast import __version__
from holdfast.cli.application import app, moment
from holdfast.cli.investigating import exit_code
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.diagnosis import Diagnosis, Verdict


def test_it_starts_without_django_and_without_readers() -> None:
    script = "import sys, holdfast.cli; print(sys.modules.keys() & {'django', 'polars', 'numba'} or 'none')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("none", "[]")


def test_investigating_never_loads_django() -> None:
    script = (
        "import sys, holdfast.diagnostics.investigate, holdfast.diagnostics.reading, holdfast.cli.investigating;"
        "import holdfast.diagnostics.correlation.conclusion, holdfast.diagnostics.report.page;"
        "print([m for m in ('django', 'huey', 'ninja', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("none", "[]")


def test_it_tells_its_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "holdfast.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"holdfast {__version__}"


def test_every_command_and_option_explains_itself() -> None:
    def walk(command: Any) -> None:
        for below in getattr(command, "commands", {}).values():
            assert below.help, below.name
            for parameter in below.params:
                assert getattr(parameter, "help", None), f"{below.name} {parameter.name}"
            walk(below)

    walk(typer.main.get_command(app))


def test_help_is_given_without_a_command(holdfast: Any) -> None:
    done = holdfast("--help")
    assert done.returncode == 0
    assert "investigate" in done.stdout


def test_the_faults_of_the_range_are_listed(holdfast: Any) -> None:
    done = holdfast("range", "list")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) >= 12


def test_a_fault_that_is_none_is_refused(holdfast: Any, tmp_path: Any) -> None:
    done = holdfast("range", "run", "--fault", "gremlins", "--out", tmp_path)
    assert done.returncode == 2
    assert "gremlins" in done.stderr


def test_a_desk_that_does_not_answer_is_said(holdfast: Any) -> None:
    done = holdfast("case", "open", "--title", "Search fails", "--url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert "did not take the case" in done.stderr
    assert "Traceback" not in done.stderr


def test_evidence_that_is_missing_is_said_before_anything_is_sent(holdfast: Any, tmp_path: Any) -> None:
    done = holdfast(
        "case", "open", "--title", "x", "--evidence", tmp_path / "none", "--url", "http://127.0.0.1:9"
    )
    assert done.returncode == 2
    assert "no such file" in done.stderr


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("2026-01-29T10:56:00Z", 1_769_684_160_000_000_000),
        ("2026-01-29T11:56:00+01:00", 1_769_684_160_000_000_000),
        ("2026-01-29T10:56:00", 1_769_684_160_000_000_000),
        (None, None),
    ],
)
def test_times_are_read_as_utc_unless_they_say_otherwise(text: str | None, nanoseconds: int | None) -> None:
    assert moment(text) == nanoseconds


def answer(verdict: Verdict, *, records: int = 1, partial: bool = False) -> Diagnosis:
    artefacts = (Artefact("A1", "a.log", 1, "0", records=records),)
    return Diagnosis(
        verdict, "none", "", "", None, artefacts, (), (), (), (), (), (), {"partial": partial}
    )  # fmt: skip


def test_exit_codes() -> None:
    assert exit_code(answer("nothing_abnormal")) == 0
    assert exit_code(answer("undecided")) == 0
    assert exit_code(answer("abnormal")) == 1
    assert exit_code(answer("abnormal", records=0)) == 2
    assert exit_code(answer("abnormal", partial=True)) == 3
    assert exit_code(answer("nothing_abnormal", partial=True)) == 3
