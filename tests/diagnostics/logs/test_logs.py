"""What reading a log promises: nothing lost, nothing crashes, templates, ids, levels, times."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.diagnostics.logs import (
    NO_TIME,
    Level,
    NoteKind,
    assign_rows,
    read_log,
    read_logs,
    write_assignments,
)
from holdfast.diagnostics.logs.layouts import known_layouts

Writer = Callable[..., Path]
TRACE = "91e7c8bb710d9761faa1b61cbe33418b"
UUID = "6f2b1c3a-aaaa-bbbb-cccc-0123456789ab"


def docker(text: str, second: int, end: str = "\n") -> str:
    return json.dumps(
        {"log": text + end, "stream": "stdout", "time": f"2023-01-29T10:55:{second:02d}.386701366Z"},
        separators=(",", ":"),
    )


def test_long_runs_of_marks_are_compared_from_their_first_byte(write: Writer) -> None:
    texts = ["state }           of the queue", "state             of the queue"]
    table = read_log(write(*(f"2023-01-29 10:55:{n:02d} INFO {texts[n % 2]}" for n in range(20))))
    assert table.skeletons == 2


def test_the_code_location_is_part_of_a_template(write: Writer) -> None:
    message = f"TraceID: {TRACE} SpanID: 1ac1aa4114a9d274 [getRouteById][RouteId: 7]"
    lines = [
        docker(f"18:55:{n:02d}.385 INFO  r.c.RouteController#{53 if n % 2 else 47} {message}", n)
        for n in range(20)
    ]
    table = read_log(write(*lines))
    assert table.layout == "docker-json/java-clock-only"
    assert [template.count for template in table.templates] == [10, 10]
    assert {template.location for template in table.templates} == {
        "r.c.RouteController#47",
        "r.c.RouteController#53",
    }
    assert {table.components[number] for number in table.component} == {"r.c.RouteController"}
    assert {table.id_values[number] for number in table.ids} == {TRACE}
    assert {Level(level) for level in table.level} == {Level.INFO}


def test_the_clock_inside_a_wrapper_is_measured_and_the_wrapper_wins(write: Writer) -> None:
    table = read_log(write(*[docker(f"18:55:{n:02d}.385 INFO  a.b.C#1 tick", n) for n in range(20)]))
    assert table.inner_clock_offset == -8 * 3600 * 10**9
    assert str(np.datetime64(int(table.time[0]), "ns")).startswith("2023-01-29T10:55:00.386701366")
    assert NoteKind.INNER_CLOCK in {note.kind for note in table.notes}


def test_lines_split_by_the_container_runtime_are_rejoined(write: Writer) -> None:
    table = read_log(write(docker("half of", 1, end=""), docker(" a line", 1), docker("whole line", 2)))
    assert table.line.tolist() == [1, 3]
    stamp = "2023-10-06T00:17:09.669794202Z stdout"
    table = read_log(write(f"{stamp} P half of", f"{stamp} F the line", f"{stamp} F whole line"))
    assert table.layout == "cri"
    assert table.line.tolist() == [1, 3]


def test_a_line_with_a_header_is_a_record_even_after_a_cut_line(write: Writer) -> None:
    lines = [
        docker(f"18:55:{n:02d}.385 INFO  a.b.C#{n % 3} tick", n, end="" if n == 5 else "\n")
        for n in range(20)
    ]
    assert read_log(write(*lines)).records == 20


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"TraceID: {TRACE} done", TRACE),
        (f"got traceparent 00-{TRACE}-b7ad6b7169203331-01", TRACE),
        ("request_id=req-7c1f9a22 done", "req-7c1f9a22"),
        ("X-Request-Id: 6f2b1c3a-aaaa-bbbb-cccc-0123456789ab", "6f2b1c3a-aaaa-bbbb-cccc-0123456789ab"),
        ("instance 6f2b1c3a-1111-bbbb-cccc-0123456789ab is up", "6f2b1c3a-1111-bbbb-cccc-0123456789ab"),
        ("SpanID: 1ac1aa4114a9d274 only", None),
        ("no id in 42 words", None),
    ],
)
def test_request_and_trace_ids_are_found(write: Writer, text: str, wanted: str | None) -> None:
    table = read_log(write(*[f"2023-01-29 10:55:{n:02d},385 INFO [main] a.b.C: {text}" for n in range(5)]))
    assert (table.id_values[int(table.ids[0])] if table.ids[0] >= 0 else None) == wanted


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        (TRACE, TRACE),
        (f"{TRACE}0", None),
        (f"x{TRACE}", None),
        (f"a-{TRACE}", TRACE),
        (f"pod_{UUID}", UUID),
        (f"{UUID}_volume", UUID),
        (f"{'y' * 40}.{UUID}.{'y' * 40}", UUID),
    ],
)
def test_ids_are_found_inside_words_at_either_end_of_a_file(
    write: Writer, word: str, wanted: str | None
) -> None:
    line = f"2023-01-29 10:55:01,385 INFO [main] a.b.C: mounted {word}"
    filler = f"2023-01-29 10:55:02,385 INFO [main] a.b.C: {'nothing happened ' * 20}"
    table = read_log(write(line, filler, line))
    found = [table.id_values[number] if number >= 0 else None for number in table.ids.tolist()]
    assert found == [wanted, None, wanted]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="abf019 .:=/-@_\"'[](),\\\té!\x1b", min_size=1, max_size=150))
def test_a_template_is_the_same_wherever_its_message_stands(write: Writer, text: str) -> None:
    line = f"2023-01-29 10:55:01,385 INFO [main] a.b.C: {text}"
    last, first = read_log(write(line)), read_log(write(line, "z" * 200))
    assert last.templates[0].text == first.templates[0].text


def test_counts_sum_to_the_records_and_citations_reopen(write: Writer) -> None:
    lines = [
        f"2023-01-29 10:55:{n % 60:02d},385 WARN [w-{n}] a.b.C: job {n} of {'abc'[n % 3]} took {n} ms"
        for n in range(300)
    ]
    path = write(*lines)
    table = read_log(path)
    assert sum(template.count for template in table.templates) == table.records == 300
    raw = path.read_bytes()
    for record in range(0, 300, 37):
        assert raw[table.offset[record] :].startswith(lines[table.line[record] - 1].encode())
    for template in table.templates:
        assert raw[template.exemplar_offset :].startswith(lines[template.first_line - 1].encode())


def test_the_same_input_gives_the_same_ids_in_any_file(write: Writer) -> None:
    lines = [f"2023-01-29 10:55:{n % 60:02d},385 INFO [main] a.b.C: opened {n} files" for n in range(50)]
    one, two = read_log(write(*lines)), read_log(write(*reversed(lines), name="b.log"))
    assert [template.id for template in one.templates] == [template.id for template in two.templates]


def test_stack_traces_join_the_record_above(write: Writer) -> None:
    lines = []
    for n in range(30):
        lines.append(f"2023-01-29 10:55:{n:02d},385 ERROR [main] a.b.C: order {n} failed")
        lines += [
            "java.lang.IllegalStateException: no instance",
            f"\tat a.b.C.order(C.java:{n})",
            "\tat a.b.Main.run(Main.java:3)",
        ]
        lines += ["Caused by: java.net.ConnectException: refused", "\t... 12 more"]
    table = read_log(write(*lines))
    assert table.records == 30
    assert len(table.stacks) == 1
    stack = table.stacks[0]
    assert (stack.language, stack.count) == ("java", 30)
    assert stack.exceptions == ("java.lang.IllegalStateException", "java.net.ConnectException")
    assert stack.frames == ("a.b.C.order", "a.b.Main.run")
    assert table.templates[0].exception == stack.signature


def test_unknown_layouts_still_give_templates_in_line_order(write: Writer) -> None:
    table = read_log(write(*[f"~~ gadget {n} wobbled by {n * 3} degrees" for n in range(40)]))
    assert table.layout == "unknown"
    assert [template.count for template in table.templates] == [40]
    assert table.line.tolist() == list(range(1, 41))
    assert (table.time == NO_TIME).all()


def test_an_unknown_header_is_learned_with_its_clock(write: Writer) -> None:
    lines = [
        f"<{n}> 2023.05.10 12:00:{n % 60:02d} R{n % 7}-M1 KERNEL INFO cache parity error {n} corrected"
        for n in range(60)
    ]
    table = read_log(write(*lines))
    assert table.layout == "learned"
    assert (table.time != NO_TIME).all()
    assert [template.count for template in table.templates] == [60]
    assert table.templates[0].text == "cache parity error <*> corrected"


def test_wide_vocabulary_does_not_break_a_template(write: Writer) -> None:
    words = ["".join(chr(97 + (n * k + k) % 26) for k in range(3, 10)) for n in range(600)]
    lines = [
        f"2023-01-29 10:55:00,385 INFO [main] a.b.C: user {words[n]} looked for {words[-n]} today"
        for n in range(600)
    ]
    assert len(read_log(write(*lines)).templates) == 1


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-16", "utf-16-le"),
        ("latin-1", "latin-1"),
        ("utf-8-sig", "utf-8-sig"),
    ],
)
def test_encodings_read_alike(tmp_path: Path, encoding: str, named: str) -> None:
    text = "".join(f"2023-01-29 10:55:{n:02d} ERROR größer {n}\r\n" for n in range(40))
    path = tmp_path / "a.log"
    path.write_bytes(text.encode(encoding))
    table = read_log(path)
    assert (table.encoding, table.records, table.lines) == (named, 40, 40)
    assert table.templates[0].text == "größer <*>"
    assert table.templates[0].level is Level.ERROR
    start = int(table.offset[7])
    assert path.read_bytes()[start:].decode(encoding.removesuffix("-sig")).startswith("2023-01-29 10:55:07")


def test_odd_bytes_are_reported(write: Writer) -> None:
    line = "2023-01-29 10:55:00,385 INFO [main] a.b.C: tick"
    path = write(line, b"\0" * 40 + line.encode(), line + " " + "x" * 100_000, "\x1b[32m" + line + "\x1b[0m")
    path.write_bytes(path.read_bytes()[:-1])
    table = read_log(path)
    assert table.records == 4
    kinds = {note.kind for note in table.notes}
    assert {NoteKind.NUL_RUN, NoteKind.LONG_LINE, NoteKind.NO_FINAL_NEWLINE} <= kinds


def test_empty_and_binary_files_say_so(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty.log", tmp_path / "binary.log"
    empty.touch()
    binary.write_bytes(bytes(range(256)) * 100)
    tables = read_logs([empty, binary])
    assert [table.notes[0].kind for table in tables] == [NoteKind.EMPTY, NoteKind.BINARY]
    assert [table.records for table in tables] == [0, 0]


def test_buckets_and_times_of_a_template(write: Writer) -> None:
    table = read_log(
        write(
            *[
                f"2023-01-29 10:{n:02d}:00,000 INFO [main] a.b.C: {'tick' if n % 2 else 'tock'}"
                for n in range(60)
            ]
        )
    )
    starts, counts = table.bucket(600 * 10**9)
    assert counts.shape == (2, 6)
    assert counts.sum() == 60
    assert (np.diff(starts) == 600 * 10**9).all()
    assert len(table.times_of(0)) == 30


def test_assignments_are_written_one_row_per_record(write: Writer, tmp_path: Path) -> None:
    table = read_log(write(*[f"2023-01-29 10:{n:02d}:00,125 WARN [main] a.b.C: job {n}" for n in range(30)]))
    write_assignments(table, tmp_path / "out.csv")
    rows = pl.read_csv(tmp_path / "out.csv")
    assert rows.columns == ["line", "template", "time", "level"]
    assert rows.row(3) == (4, table.templates[0].id, "2023-01-29T10:03:00.125000000Z", "warn")
    assert len(assign_rows(table)) == 30


def survives(path: Path) -> None:
    table = read_log(path)
    assert sum(template.count for template in table.templates) == table.records
    if table.layout != "none":
        assert table.lines == path.read_bytes().count(b"\n") + (not path.read_bytes().endswith(b"\n"))
    assert len(assign_rows(table)) == table.records


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000))
def test_arbitrary_bytes_never_crash(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "raw.log"
    path.write_bytes(raw or b"\n")
    if not path.read_bytes().startswith((b"\xff\xfe", b"\xfe\xff")):
        survives(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutilated_samples_never_crash(tmp_path: Path, data: st.DataObject) -> None:
    samples = [sample.line.encode() for layout in known_layouts() for sample in layout.samples]
    lines = data.draw(st.lists(st.sampled_from(samples), min_size=1, max_size=12))
    cut = [
        line[: data.draw(st.integers(0, len(line)))] if data.draw(st.booleans()) else line for line in lines
    ]
    path = tmp_path / "cut.log"
    path.write_bytes((data.draw(st.sampled_from([b"\n", b"\r\n"]))).join(cut) or b"\n")
    survives(path)


def test_every_truncation_of_every_sample_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.log"
    for layout in known_layouts():
        line = layout.samples[0].line.encode()
        path.write_bytes(b"\n".join(line[:cut] for cut in range(1, len(line))) + b"\n")
        survives(path)
