"""The derivative of a reading: every word of the evidence goes through one redaction, or is withheld."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from holdfast.desk.investigation import deriving
from holdfast.redaction import Key

KEY = Key(bytes(range(32)))
LOG = (
    b"10:00:00 INFO mailer - sent to marta.lindqvist@northline.example\n"
    b"10:00:01 ERROR sync - password=tr0ub4dor-Zebra-91x refused\n"
    b"10:00:02 INFO sync - request id-77aa done\n"
)
REPORT = {
    "verdict": "abnormal",
    "summary": "sync said tr0ub4dor-Zebra-91x",
    "findings": [
        {"id": "F-01", "rule": "logs.new_error", "title": "password=tr0ub4dor-Zebra-91x", "first": "x"}
    ],
    "components": [{"name": "sync", "score": 0.5}],
}


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "A1.data").write_bytes(LOG)
    texts = {
        "components": ["sync"],
        "templates": [{"id": "T0", "text": "sync - password=tr0ub4dor-Zebra-91x", "count": 1}],
    }
    (folder / "A1.log.json").write_bytes(orjson.dumps(texts))
    at = LOG.index(b"id-77aa")
    np.save(folder / "A1.id_spans.npy", np.array([[at, at + 7]]))
    return folder


def test_lines_templates_and_report_lose_what_was_learnt_anywhere(kept):
    made = deriving.derive(REPORT, kept, KEY, lambda _: None)
    shown = (kept / "A1.redacted").read_bytes()
    words = orjson.loads((kept / "A1.redacted.log.json").read_bytes())
    for text in (shown, orjson.dumps(made), orjson.dumps(words)):
        assert b"tr0ub4dor" not in text
        assert b"marta" not in text
    assert shown.count(b"\n") == LOG.count(b"\n")
    assert (made["verdict"], made["findings"][0]["rule"], made["components"][0]["name"]) == (
        "abnormal",
        "logs.new_error",
        "sync",
    )
    assert made["withheld"] == {}


def test_an_id_is_found_at_its_new_place(kept):
    deriving.derive(REPORT, kept, KEY, lambda _: None)
    shown = (kept / "A1.redacted").read_bytes()
    start, end = np.load(kept / "A1.redacted_id_spans.npy")[0]
    assert shown[start:end] == b"id-77aa"


def test_what_cannot_be_redacted_is_withheld_with_the_reason(kept):
    (kept / "A2.data").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    made = deriving.derive(REPORT, kept, KEY, lambda _: None)
    assert "image" in made["withheld"]["A2"]
    assert not (kept / "A2.redacted").exists()
    assert (kept / "A1.redacted").exists()


def test_when_redaction_fails_everything_is_withheld(kept, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr(deriving, "redact_bundle", broken)
    made = deriving.derive(REPORT, kept, KEY, lambda _: None)
    assert made["summary"] == deriving.WITHHELD
    assert (made["verdict"], made["findings"][0]["id"]) == ("abnormal", "F-01")
    assert list(made["withheld"]) == ["A1"]
    assert not list(kept.glob("*.redacted*"))


def test_a_component_that_signs_in_by_its_own_name_keeps_it_but_no_person_and_no_password_does(kept):
    (kept / "A1.data").write_bytes(
        b"10:00:00 INFO pool - connected user=accounts database=shop\n"
        b"10:00:01 INFO web - user=marta.lindqvist signed in\n"
        b"10:00:02 ERROR accounts - password=inventory-Zebra-91x refused\n"
    )
    report = REPORT | {
        "summary": "accounts fails; marta.lindqvist saw it; inventory-Zebra-91x",
        "components": [{"name": "accounts"}, {"name": "inventory-Zebra-91x"}],
        "timeline": [{"component": "accounts", "title": "accounts: new error"}],
    }
    made = deriving.derive(report, kept, KEY, lambda _: None)
    shown = (kept / "A1.redacted").read_text()
    assert "connected user=accounts database=shop" in shown
    assert made["components"][0]["name"] == "accounts"
    assert made["summary"].startswith("accounts fails; ")
    for text in (shown, made["summary"], made["components"][1]["name"]):
        assert "marta" not in text
        assert "Zebra-91x" not in text
