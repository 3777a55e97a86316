"""A locator into a file that is one long line opens the piece it means."""

from __future__ import annotations

import json

import pytest

from holdfast.diagnostics.viewing import open_page
from holdfast.diagnostics.viewing.fragments import MOST, fragment_of


@pytest.fixture
def opened(tmp_path):
    def page(text: str):
        (tmp_path / "A1.data").write_text(text)
        return open_page(tmp_path, "A1")

    return page


def spans(number):
    one = [
        {"traceId": "t", "spanId": f"s{n}", "tags": [{"key": "db", "value": '{"a": "}"'}]}
        for n in range(number)
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": one}]}]})


def test_a_span_opens_its_own_object(opened):
    found = fragment_of(opened(spans(900)), "span", "s700")
    assert json.loads(found.text)["spanId"] == "s700"
    assert "\n" in found.text


def test_a_sample_opens_its_series_with_its_neighbours(opened):
    series = [{"metric": {"pod": f"p{n}"}, "values": [[t, str(t)] for t in range(10)]} for n in range(3)]
    answer = json.dumps({"data": {"resultType": "matrix", "result": series}})
    found = fragment_of(opened(answer), "sample", "16")
    assert found.path == "data.result[1].values[5]"
    assert json.loads(found.text) == {
        "metric": {"pod": "p1"},
        "values": [[t, str(t)] for t in range(2, 9)],
    }
    vector = json.dumps({"data": {"result": [{"metric": {}, "value": [1, "2"]}] * 2}})
    assert fragment_of(opened(vector), "sample", "2").path == "data.result[1].value"


@pytest.mark.parametrize(
    ("text", "place", "at"),
    [
        ("plain line\n", "sample", "1"),
        ('{"data": {"result": []}}', "sample", "1"),
        ('{"data": {"result": 7}}', "sample", "1"),
        ('{"data": {"result": [{"values": [[1]]}]}}', "sample", "x"),
        ("{broken", "sample", "1"),
        ('{"spanId": "s1"', "span", "s1"),
        ("{" * 5000 + '"s1"', "span", "s1"),
        ('{"a": 1}', "span", ""),
        ('{"a": 1}', "span", "s9"),
        ('{"a": 1}', "line", "1"),
        ("", "span", "s1"),
    ],
)
def test_what_has_no_fragment_has_none(opened, text, place, at):
    assert fragment_of(opened(text), place, at) is None


def test_a_huge_object_is_cut_and_says_so(opened):
    found = fragment_of(opened(json.dumps({"id": "x", "text": "y" * 30_000})), "span", "x")
    assert len(found.text) < MOST + 50
    assert found.text.endswith("characters more")
