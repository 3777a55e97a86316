"""A value followed through several files: whole words only, by time; where it was not looked for is said."""

from __future__ import annotations

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnostics.viewing import follow, open_page
from holdfast.diagnostics.viewing.columns import NO_TIME
from holdfast.diagnostics.viewing.following import MOST_LINES

SECOND = 10**9
NOON = 1_700_000_000 * SECOND


def kept(folder, artefact, data, times):
    """A file read by a reading: a record on each line that has an entry in `times`, {line: ns}."""
    (folder / f"{artefact}.data").write_bytes(data)
    columns = {"line": list(times), "time": list(times.values()), "level": [3] * len(times)}
    columns |= {name: [0] * len(times) for name in ("template", "component")} | {"ids": [-1] * len(times)}
    for name, column in columns.items():
        np.save(folder / f"{artefact}.{name}.npy", np.array(column, np.int64))
    words = {"templates": [{"id": "T0", "text": "a", "count": 1}], "components": ["route"], "zone": "UTC"}
    (folder / f"{artefact}.log.json").write_bytes(orjson.dumps(words))
    return open_page(folder, artefact)


def shown(**pages):
    """What opens each page."""
    return {artefact: lambda page=page: page for artefact, page in pages.items()}


def test_lines_of_all_files_stand_in_the_order_of_time(tmp_path):
    one = kept(tmp_path, "A1", b"take 1703\nother\ndone 1703\n", {1: NOON, 2: NOON, 3: NOON + 2 * SECOND})
    two = kept(tmp_path, "A2", b"order=1703 charged\n", {1: NOON + SECOND})
    trail = follow(shown(A1=one, A2=two), "1703")
    assert [(step.artefact, step.row.line, step.row.text) for step in trail.steps] == [
        ("A1", 1, "take 1703"),
        ("A2", 1, "order=1703 charged"),
        ("A1", 3, "done 1703"),
    ]
    assert trail.unfinished == []


def test_only_whole_words_count_and_letters_as_they_are_written(tmp_path):
    page = kept(tmp_path, "A1", b"17031\nx1703\n1703-b\nabc-1703\nAbC\n(1703)\n1703", {1: NOON})
    assert [step.row.line for step in follow(shown(A1=page), "1703").steps] == [6, 7]
    assert follow(shown(A1=page), "ABC").steps == []


def test_a_line_without_a_time_stands_at_the_record_above(tmp_path):
    data = b"head\n  at order 1703\nno time 1703\nlater 1703\n"
    page = kept(tmp_path, "A1", data, {1: NOON, 3: NO_TIME, 4: NOON + SECOND})
    assert [step.moment for step in follow(shown(A1=page), "1703").steps] == [NOON, NOON, NOON + SECOND]


def test_a_file_without_times_is_shown_too(tmp_path):
    (tmp_path / "A3.data").write_bytes(b"notes on 1703\n")
    timed = kept(tmp_path, "A1", b"take 1703\n", {1: NOON})
    trail = follow(shown(A3=open_page(tmp_path, "A3"), A1=timed), "1703")
    assert [(step.artefact, step.moment) for step in trail.steps] == [("A1", NOON), ("A3", NO_TIME)]


def test_more_lines_than_are_shown_are_said_to_be_there(tmp_path):
    many = kept(tmp_path, "A1", b"1703\n" * (MOST_LINES + 1), {1: NOON})
    all_of = kept(tmp_path, "A2", b"1703\n" * MOST_LINES, {1: NOON})
    trail = follow(shown(A1=many, A2=all_of), "1703", patience=60.0)
    assert len(trail.steps) == 2 * MOST_LINES
    assert trail.unfinished == ["A1"]


def test_without_patience_nothing_is_opened_and_nothing_claimed_to_be_searched():
    def opened():
        raise AssertionError("there was no time left")

    assert follow({"A1": opened, "A2": opened}, "1703", patience=0.0).unfinished == ["A1", "A2"]


def test_what_is_not_shown_is_passed_over(tmp_path):
    page = kept(tmp_path, "A2", b"1703\n", {1: NOON})
    trail = follow(shown(A1=None, A2=page), "1703")
    assert ([step.artefact for step in trail.steps], trail.unfinished) == (["A2"], [])


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")), max_size=40), st.data())
def test_no_bytes_break_it_and_each_line_found_carries_the_value(tmp_path_factory, lines, data):
    folder = tmp_path_factory.mktemp("follow")
    value = data.draw(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=5))
    (folder / "A1.data").write_bytes(b"\n".join([*lines, b"= " + value.encode() + b" ="]))
    found = {step.row.line for step in follow(shown(A1=open_page(folder, "A1")), value).steps}
    assert len(lines) + 1 in found
    assert all(value.encode() in lines[line - 1] for line in found - {len(lines) + 1})
