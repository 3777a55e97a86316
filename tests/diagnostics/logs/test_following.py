"""A value followed across files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.diagnostics.logs import NO_TIME, Level, following, read_log
from holdfast.diagnostics.logs.following import follow

Writer = Callable[..., Path]

API = (
    "2026-05-10T12:00:01.100Z INFO api order 1701 accepted",
    "2026-05-10T12:00:04.000Z ERROR api order 1701 failed",
    "java.lang.IllegalStateException: no stock for 1701",
    "\tat shop.Orders.place(Orders.java:88)",
    "2026-05-10T12:00:05.000Z INFO api order 17011 accepted, X-1701 too",
)
STOCK = (
    "2026-05-10 12:00:02,500 WARN [main] shop.Stock: order=1701, 1701 is short",
    "2026-05-10 12:00:02,700 INFO [main] shop.Stock: order=1702",
)


def test_lines_of_all_files_stand_in_the_order_of_time(write: Writer) -> None:
    tables = [read_log(write(*API, name="api.log")), read_log(write(*STOCK, name="stock.log"))]
    hits = follow(tables, "1701")
    assert [(hit.file, hit.line) for hit in hits] == [
        ("api.log", 1),
        ("stock.log", 1),
        ("api.log", 2),
        ("api.log", 3),
    ], "once a line, words only, and a line of a stack has the time of its record"
    assert [hit.level for hit in hits] == [Level.INFO, Level.WARN, Level.ERROR, Level.ERROR]
    assert hits[1].component == "shop.Stock"
    assert hits[1].text == STOCK[0]
    assert hits[2].time == hits[3].time != NO_TIME


def test_what_nobody_carries_and_an_empty_value_give_nothing(write: Writer) -> None:
    table = read_log(write(*API))
    assert follow([table], "nobody") == []
    assert follow([table], "") == []
    assert follow([read_log(write(name="empty.log"))], "1701") == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "latin-1", "utf-8"])
def test_every_encoding_is_followed(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "app.log"
    lines = ["2026-05-10T12:00:01.100Z INFO api päckchen 17 von jörg"] * 20
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    path.write_bytes((mark + "\n".join(lines) + "\n").encode(encoding))
    hits = follow([read_log(path)], "jörg")
    assert [hit.line for hit in hits] == list(range(1, 21))
    assert {hit.text.lstrip("\ufeff") for hit in hits} == {lines[0]}


def test_a_value_across_two_blocks_is_found_once(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_log(write(*API))
    whole = follow([table], "1701")
    for block in range(1, 40):
        monkeypatch.setattr(following, "BLOCK", block)
        assert follow([table], "1701") == whole


def test_no_more_than_so_many_lines_of_a_file(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_HITS", 2)
    assert len(follow([read_log(write(*API))], "1701")) == 2
