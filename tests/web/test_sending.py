"""A case opened from the command line: declared, its evidence sent and read."""

from __future__ import annotations

import httpx
import pytest

from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.models import Job
from holdfast.desk.people.commands import issue_token
from holdfast.web import sending
from holdfast.web.serving import open_case


@pytest.fixture
def token(transactional_db, engineer):
    return issue_token(engineer, "laptop", "write")[1]


def test_a_case_is_opened_with_its_evidence_in_pieces(desk, token, tmp_path, monkeypatch):
    monkeypatch.setattr(sending, "PIECE", 1000)
    (tmp_path / "app.log").write_text("2026-03-01T10:00:00Z INFO checkout - order\n" * 100)
    sent = []
    address = open_case(
        desk,
        token,
        {"title": "Checkout fails", "severity": 1},
        [tmp_path / "app.log"],
        progress=lambda name, done, size: sent.append((name, done, size)),
    )
    assert address == f"{desk}/cases/ESC-1/"
    assert len(sent) > 3
    assert sent[-1][1] == sent[-1][2] == (tmp_path / "app.log").stat().st_size
    assert [artefact.name for artefact in Case.objects.get().artefacts.all()] == ["app.log"]
    assert Job.objects.filter(kind="investigate").exists()


def test_the_same_key_opens_one_case(desk, token):
    for _ in range(2):
        open_case(desk, token, {"title": "Checkout fails", "severity": 1}, [], key="ticket-9")
    assert Case.objects.count() == 1


def test_a_token_that_is_none_is_refused(desk, token):
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        open_case(desk, "hf_wrong", {"title": "Checkout fails", "severity": 1}, [])
