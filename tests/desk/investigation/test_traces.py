"""The page of traces: one that failed first, what it waited for, good ones beside it; redacted like all evidence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.investigation import commands, queries
from holdfast.desk.investigation.kept import traces_of
from holdfast.desk.investigation.traces import _ticks, chosen, draw, named, worst
from holdfast.desk.outbox import worker
from holdfast.desk.vault import commands as vault
from small_system import NOON, SECOND, SmallSystem, written

CANARY = "AKIAQYLPMN5HFIQR7KXD"


def trace(**more):
    known = {"trace": "t", "sort": "good", "request": "GET /a", "rows": [], "origin": None}
    return known | more


def row(**more):
    known = {
        "depth": 0,
        "at": 0.0,
        "took": 100.0,
        "critical": [],
        "waiting": [],
        "good": None,
        "missing": False,
    }
    return known | {"folded": False} | more


def test_of_all_traces_the_one_shown_first_failed_and_its_request_fails_most():
    traces = [
        trace(trace="a"),
        trace(trace="b", sort="slow"),
        trace(trace="c", sort="failed"),
        trace(trace="d", sort="failed", request="GET /b"),
    ]
    assert worst(traces, [{"request": "GET /b"}, {"request": "GET /a"}])["trace"] == "d"
    assert [one["trace"] for one in chosen(traces, "failed", "")] == ["c", "d"]
    assert [one["trace"] for one in chosen(traces, "", "GET /b")] == ["d"]
    assert named(traces, "b")["sort"] == "slow"
    assert named(traces, "") is None


def test_a_wait_is_told_in_words_where_there_is_room():
    short = row(took=1.0, waiting=[[0.0, 1.0]])
    picture = draw(trace(rows=[row(waiting=[[10.0, 90.0]]), short]))
    assert [line.words for line in picture.lines] == ["80.0 ms waited, no span", ""]
    assert [(part.tone, part.x, part.width) for part in picture.lines[0].parts] == [
        ("rest", 0.0, 100.0),
        ("wait", 10.0, 80.0),
    ]


def test_a_call_that_is_missing_stands_where_the_error_was_raised():
    lost = row(missing=True, said="missing: 1 in each of 38 good traces")
    picture = draw(trace(rows=[row(), lost], origin={"at": 60.0}))
    assert picture.error_at == 60.0
    assert (picture.lines[1].words, picture.lines[1].parts[0].tone) == (lost["said"], "lost")


def test_a_trace_without_a_duration_is_drawn():
    assert draw(trace(rows=[row(took=0.0)])).ticks


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_the_axis_has_few_round_moments_within_the_trace(whole):
    ticks = _ticks(whole)
    assert 1 <= len(ticks) <= 8
    assert all(0 <= at <= 100.001 for at, _ in ticks)


@pytest.mark.django_db(transaction=True)
def test_a_real_reading_shows_its_traces_redacted_on_the_page_and_by_api(
    case, engineer, customer, signed_in, settings, tmp_path
):
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    for name, system in (
        ("quiet", SmallSystem(seed=99, start=NOON - 3600 * SECOND)),
        ("bad", SmallSystem(fault="error_below")),
    ):
        folder = written(tmp_path / name, system)
        spans = (
            (folder / "traces" / "spans.jsonl")
            .read_bytes()
            .replace(b"table stock_items", f"key {CANARY}".encode())
        )
        upload = vault.begin(case, f"{name}-spans.jsonl", len(spans), by=engineer, baseline=name == "quiet")
        vault.take(upload, 0, [spans])
        vault.complete(upload)
    commands.investigate(case, by=engineer)
    assert worker.work_once("w")
    found = traces_of(queries.newest(case))
    assert found["failed"] > 0
    assert CANARY not in json.dumps(found)
    for path in settings.DATA.rglob("*"):
        assert not path.is_file() or b"LockTimeout" not in path.read_bytes()
    browser = signed_in(engineer)
    page = browser.get("/cases/ESC-1/traces").content.decode()
    assert "Error origin" in page
    assert "LockTimeout" in page
    assert CANARY not in page
    told = browser.get("/api/v1/cases/ESC-1/traces").json()
    one = next(trace for trace in told["traces"] if trace["sort"] == "failed")
    whole = browser.get(f"/api/v1/cases/ESC-1/traces/{one['trace']}").json()
    assert whole["origin"]["component"] == "stock"
    assert {row["component"] for row in whole["rows"]} >= {"gateway", "stock"}
    assert browser.get("/api/v1/cases/ESC-1/traces/none").status_code == 404
    assert browser.get(f"/cases/ESC-1/traces?trace={one['trace']}&show=all").status_code == 200
    assert signed_in(customer).get("/cases/ESC-1/traces").status_code == 403


@pytest.mark.django_db
def test_a_reading_without_traces_says_what_to_send(case, diagnosis, engineer, signed_in, settings, tmp_path):
    settings.DATA = tmp_path
    assert "No diagnosis yet" in signed_in(engineer).get("/cases/ESC-1/traces").content.decode()
    commands.keep(case, diagnosis, artefacts=[], folder="kept")
    assert "holds no traces" in signed_in(engineer).get("/cases/ESC-1/traces").content.decode()
    assert signed_in(engineer).get("/api/v1/cases/ESC-1/traces").json()["traces"] == []
