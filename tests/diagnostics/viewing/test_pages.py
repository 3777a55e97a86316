"""Any line of any file, filtered and searched, without reading the file."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counting import Counting
from holdfast.diagnostics.viewing import Wanted, open_page, row_of
from holdfast.diagnostics.viewing.content import Mapped
from holdfast.diagnostics.viewing.lines import STRIDE, Lines

NO_TIME = -(2**63)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, data, records=None):
    (folder / "A1.data").write_bytes(data)
    if records is not None:
        names = ("line", "time", "level", "template", "component", "ids")
        for at, name in enumerate(names):
            np.save(folder / f"A1.{name}.npy", np.array([record[at] for record in records], dtype=np.int64))
        texts = {"templates": [{"id": "T0", "text": "a", "count": 1}, {"id": "T1", "text": "b", "count": 1}]}
        (folder / "A1.log.json").write_bytes(orjson.dumps({**texts, "components": ["route"], "zone": "UTC"}))
    return open_page(folder, "A1")


@given(
    st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), max_size=700), st.booleans()
)
def test_lines_are_where_splitting_the_whole_file_would_put_them(tmp_path_factory, lines, ended):
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    path = tmp_path_factory.mktemp("lines") / "A1.data"
    path.write_bytes(data)
    expected = data.split(b"\n")[:-1] if data.endswith(b"\n") else (data.split(b"\n") if data else [])
    found = Lines(path)
    assert found.count == len(expected)
    assert [found.bytes[a:b] for a, b in found.spans(0, 10_000)] == expected
    for line in {0, STRIDE - 1, STRIDE, STRIDE + 1, len(expected) - 1} & set(range(len(expected))):
        assert found.line_at(found.start(line)) == line
    assert Lines(path).count == len(expected)  # from the marks kept beside it


RECORDS = [(1, 10**18, 3, 0, 0, -1), (2, NO_TIME, 6, 1, -1, 0), (4, 10**18, 3, 0, 0, 0)]
DATA = b"first\nboom id-7\n  at x\nlast id-7\n"


def test_a_row_says_what_the_reading_knows_and_no_more(folder):
    first, boom, frame, last = write(folder, DATA, RECORDS).rows(0, 10)
    assert (first.time, first.level, first.template, first.component) == (
        "2001-09-09T01:46:40Z",
        "INFO",
        "T0",
        "route",
    )
    assert (boom.time, boom.level, boom.component) == (None, "ERROR", "")
    assert (frame.text, frame.level) == ("  at x", "")
    assert last.line == 4


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        (Wanted(levels=("ERROR",)), [2]),
        (Wanted(levels=("ERROR", "INFO")), [1, 2, 4]),
        (Wanted(template="T0"), [1, 4]),
        (Wanted(component="route", levels=("INFO",)), [1, 4]),
        (Wanted(id="id-7"), [2, 4]),
        (Wanted(component="nobody"), []),
    ],
)
def test_a_filter_keeps_the_lines_that_pass(folder, wanted, lines):
    page = write(folder, DATA, RECORDS)
    assert [row.line for row in page.rows(0, 10, wanted)] == lines
    assert page.count(wanted) == len(lines)


def test_a_file_without_columns_is_shown_as_it_is(folder):
    page = write(folder, b"{}\n\xff\xfe\n")
    assert [row.text for row in page.rows(0, 10)] == ["{}", "\ufffd\ufffd"]
    assert page.rows(0, 10, Wanted(levels=("ERROR",))) == []


def test_an_empty_file_has_no_rows(folder):
    page = write(folder, b"")
    assert page.rows(0, 10) == []
    assert row_of(page, "line", "1") is None


def test_a_line_of_a_gigabyte_is_cut_and_says_so(folder):
    row = write(folder, b"x" * 100_000).rows(0, 1)[0]
    assert (len(row.text), row.cut) == (2000, 98_000)


def test_a_search_goes_on_from_where_it_stopped(folder):
    page = write(folder, b"".join(b"line %d needle\n" % n for n in range(500)))
    first = page.find("NEEDLE", most=200)
    found, at = first.lines, first.next
    while at is not None:  # on a busy machine it stops more than once
        more = page.find("NEEDLE", at, most=1000)
        found, at = found + more.lines, more.next
    assert len(first.lines) <= 200
    assert found == list(range(1, 501))


@pytest.mark.parametrize(
    ("place", "at", "line"),
    [
        ("line", "2", 2),
        ("byte", "7", 2),
        ("byte", "99", 4),
        ("span", "id-7", 2),
        ("span", "none", None),
        ("line", "x", None),
    ],
)
def test_locators_of_every_sort_open_at_a_line(folder, place, at, line):
    assert row_of(write(folder, b"first\nboom id-7\n  at x\nlast"), place, at) == line


@pytest.mark.parametrize("name", ["..", "A1/../A1", "", "A", "A1\n"])
def test_a_name_is_never_a_path(folder, name):
    with pytest.raises(FileNotFoundError):
        open_page(folder, name)


def test_of_ten_million_lines_any_window_opens_by_looking_at_a_few_thousandths_of_them(folder):
    count = 10_000_000
    (folder / "A1.data").write_bytes(b"10:56:07 INFO x\n" * count)
    numbers = np.arange(count)
    columns = {"line": numbers + 1, "time": numbers, "level": numbers % 7, "template": numbers % 2}
    for name, values in (columns | {"component": numbers * 0, "ids": numbers * 0 - 1}).items():
        np.save(
            folder / f"A1.{name}.npy",
            values.astype(np.int8 if name == "level" else np.int64 if name == "time" else np.int32),
        )
    texts = {"templates": [{"id": "T0", "count": 1}, {"id": "T1", "count": 1}], "components": ["c"]}
    (folder / "A1.log.json").write_bytes(orjson.dumps(texts))
    Lines(folder / "A1.data")  # leaves the marks, as the reading does
    looked_at = []
    for line in (1, 5_000_001, 9_999_900):
        for wanted in (Wanted(), Wanted(levels=("ERROR",)), Wanted(template="T1", levels=("INFO", "WARN"))):
            opener = Counting(Mapped)
            page = open_page(folder, "A1", opener)
            assert page.rows(page.place(line, wanted), 60, wanted)[0].line >= line
            looked_at.append(opener.lines.looked_at)
    assert min(looked_at) >= 60 * 16
    assert max(looked_at) < count * 16 / 250
