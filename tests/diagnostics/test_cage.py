"""A reader may raise, hang or die: its artefact is lost, nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from holdfast.diagnostics.analysers import Opened, Reading
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.cage import Cage, shared, start

LINES = b"2026-01-29T10:00:00Z INFO all is well\n" * 50


def artefact(folder: Path, name: str, data: bytes) -> Opened:
    path = folder / name
    path.write_bytes(data)
    return Opened(Artefact(name, name, len(data), ""), path)


def test_all_artefacts_are_read_in_the_order_given(tmp_path: Path) -> None:
    given = [artefact(tmp_path, f"{number}.log", LINES * (number + 1)) for number in range(5)]
    with start(Cage(processes=2, readable=(tmp_path,))) as readers:
        readings = readers.read(given)
    assert [reading.records for reading in readings] == [50, 100, 150, 200, 250]


def test_a_log_that_is_most_of_the_evidence_is_read_by_all_processors_with_the_same_answer(
    tmp_path: Path,
) -> None:
    many = LINES.replace(b"well", b"well with order 4711 of 2 lines") * 12_000
    given = [artefact(tmp_path, "large.log", many), artefact(tmp_path, "small.log", LINES)]
    answers = []
    for processes in (1, 2):
        with start(Cage(processes=processes, readable=(tmp_path,))) as readers:
            answers.append(readers.read(given))
    one, two = ([(r.records, r.first, r.last, r.facts) for r in readings] for readings in answers)
    assert one == two
    assert one[0][0] == 600_000
    assert [opened.threads for opened in shared(given, 2)] == [2, 1]
    assert [opened.threads for opened in shared(given[:1] * 3, 2)] == [1, 1, 1]


def test_a_killed_reader_costs_one_artefact(tmp_path: Path) -> None:
    given = [artefact(tmp_path, f"{number}.log", LINES) for number in range(6)]
    killed: list[int] = []

    def kill_one(_: Opened, __: Reading) -> None:
        reader = readers._idle[-1]
        if not killed and reader._number:
            os.kill(reader._number, signal.SIGKILL)
            killed.append(reader._number)

    with start(Cage(processes=1, readable=(tmp_path,))) as readers:
        readings = readers.read(given, kill_one)
    failed = [reading for reading in readings if reading.kind == "unread"]
    assert killed
    assert len(failed) == 1
    assert failed[0].findings[0].rule == "reader.failed"
    assert sum(reading.records for reading in readings) == 50 * 5


def test_a_reader_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    fifo = tmp_path / "endless"
    os.mkfifo(fifo)  # reading it waits for ever
    endless = Opened(Artefact("endless", "endless", 1, ""), fifo)
    begun = time.monotonic()
    with start(Cage(processes=1, patience=3.0, readable=(tmp_path,))) as readers:
        first, second = readers.read([endless, artefact(tmp_path, "b.log", LINES)])
    assert time.monotonic() - begun < 60
    assert "took longer than" in first.note
    assert second.records == 50


def test_a_reader_that_spins_is_ended_by_the_kernel(tmp_path: Path) -> None:
    fifo = tmp_path / "endless"
    os.mkfifo(fifo)
    endless = Opened(Artefact("endless", "endless", 1, ""), fifo)
    feeding = threading.Thread(target=feed, args=(fifo,), daemon=True)
    feeding.start()
    with start(Cage(processes=1, patience=600.0, work=1.0, readable=(tmp_path,))) as readers:
        first, second = readers.read([endless, artefact(tmp_path, "b.log", LINES)])
    assert first.note == "killed its reader"
    assert second.records == 50


def feed(fifo: Path) -> None:
    """Write lines for as long as somebody reads."""
    while True:
        with suppress(BrokenPipeError), fifo.open("wb") as file:
            while True:
                file.write(LINES)


def test_a_reader_has_no_more_memory_than_it_is_given(tmp_path: Path) -> None:
    rows = ",".join(f'{{"traceId":"{n:032x}","spanId":"{n:016x}","name":"x"}}' for n in range(200_000))
    greedy = artefact(
        tmp_path, "big.json", f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{rows}]}}]}}]}}'.encode()
    )
    with start(Cage(processes=1, memory=6 << 30, readable=(tmp_path,))) as readers:
        roomy = readers.read([greedy])[0]
    assert roomy.kind == "traces.otlp"
    with start(Cage(processes=1, memory=900 << 20, readable=(tmp_path,))) as readers:
        tight = readers.read([greedy])[0]
    assert tight.kind == "unread"


def test_cancelling_ends_the_readers(tmp_path: Path) -> None:
    given = [artefact(tmp_path, f"{number}.log", LINES) for number in range(4)]

    def stop(_: Opened, __: Reading) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), start(Cage(processes=1, readable=(tmp_path,))) as readers:
        readers.read(given, stop)
    assert readers._zygote.poll() == 0


def test_a_reader_sees_the_evidence_it_was_given_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    given, beside = artefact(tmp_path / "case", "a.log", LINES), artefact(tmp_path, "other-case.log", LINES)
    with start(Cage(processes=1, readable=(tmp_path / "case",))) as readers:
        mine, other = readers.read([given, beside])
    assert mine.records == 50
    if readers.confinement is None or "landlock" not in readers.confinement:
        pytest.skip("this kernel has no Landlock")
    assert other.kind == "unread"
    assert "Permission denied" in other.note


def test_a_confined_reader_compiles_what_nobody_compiled_before_it(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text(
        "from numba import njit\n@njit(cache=True)\ndef more(number):\n    return number + 1\n"
    )
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import loops\n"
        "from holdfast.diagnostics import confinement, zygote\n"
        "zygote.compile_for_itself(); confinement.confine([Path(sys.argv[1])]); print(loops.more(1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr[-400:]
