"""A line of evidence becomes a fact of the case, with its place; labels on the picture cover nothing."""

from __future__ import annotations

import itertools

import pytest

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.investigation.citing import cite_fact
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.lanes import LETTER, _placed

pytestmark = pytest.mark.django_db


def test_a_cited_line_is_a_fact_that_opens_at_its_place(case, engineer, diagnosis, signed_in):
    keep(case, diagnosis, artefacts=[])
    keep(case, diagnosis, artefacts=[])
    said = {"text": "the last line of its kind", "proof": "A1:54", "version": "1"}
    signed_in(engineer).post("/cases/ESC-1/diagnosis/cite", said)
    entry = case.entries.order_by("-position").first()
    assert (entry.kind, entry.text, entry.data["diagnosis"]) == ("fact", "the last line of its kind", 1)
    assert entry.data["places"] == [{"artefact": "A1", "name": "route.log", "place": "line", "at": "54"}]
    page = signed_in(engineer).get("/cases/ESC-1/").content.decode()
    assert "?version=1&amp;artefact=A1&amp;at=line:54#viewer" in page
    answer = signed_in(engineer).post(
        "/api/v1/cases/ESC-1/diagnosis/cite", {"text": "x", "proof": "F-01"}, content_type="application/json"
    )
    assert answer.json()["data"]["finding"] == "F-01"


def test_a_place_that_is_not_there_is_refused(case, engineer, diagnosis):
    with pytest.raises(Conflict):
        cite_fact(case, "seen", "A1:54", by=engineer)
    keep(case, diagnosis, artefacts=[])
    with pytest.raises(Conflict, match="neither a finding"):
        cite_fact(case, "seen", "A9:54", by=engineer)


@pytest.mark.parametrize("gap", [0, 5, 60, 200])
def test_labels_of_changes_cover_neither_each_other_nor_the_onset(gap):
    found = [
        (240 + gap * n, "change", f"rollout of payment-service version 2.{n} to all of eu-1")
        for n in range(6)
    ]
    marks = _placed(found, 700)
    boxes = [(700.0, 748.0, 40)]
    for mark in marks:
        width = len(mark.label) * LETTER
        left = mark.x - 10 - width if mark.anchor == "end" else mark.x + 10
        boxes.append((left, left + width, mark.y))
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] != other[2] or one[1] <= other[0] or other[1] <= one[0]
    assert all(left >= 70 for left, _, _ in boxes)
