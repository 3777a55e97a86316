"""Behind the derivative: lines as they came, and what pseudonyms stand for, by grant and noted."""

from __future__ import annotations

import re

import pytest

from holdfast.desk.decisions.commands import answer
from holdfast.desk.investigation import commands, queries
from holdfast.desk.investigation.kept import page_of
from holdfast.desk.investigation.unmasking import behind, granted_page_of
from holdfast.desk.outbox.worker import work_once
from holdfast.desk.vault import commands as vault
from holdfast.desk.vault import grants

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = "marta.lindqvist@northline.example"
LINES = [f"2023-01-29 10:{55 + n // 60:02d}:{n % 60:02d}.000 INFO mailer - sent to {MAIL}" for n in range(90)]


@pytest.fixture
def kept(case, engineer, settings, tmp_path):
    settings.DATA = tmp_path
    data = ("\n".join(LINES) + "\n").encode()
    upload = vault.begin(case, "mail.log", len(data), by=engineer)
    vault.take(upload, 0, [data])
    vault.complete(upload)
    commands.investigate(case, by=engineer)
    while work_once("test"):
        pass
    return queries.newest(case)


def grant(case, what, engineer, manager):
    asked = grants.request(case, grants.Wanted(what, "who is it"), by=engineer)
    answer(case.decisions.get(about=grants.about(asked)), True, by=manager)


def test_lines_as_they_came_are_shown_by_grant_and_noted_once_an_hour(
    kept, case, engineer, manager, signed_in
):
    address = "/api/v1/cases/ESC-1/diagnosis/artefacts/A1/rows?line=5"
    browser = signed_in(engineer)
    assert browser.get(f"{address}&raw=true").status_code == 409
    grant(case, "raw", engineer, manager)
    for _ in range(3):
        assert MAIL in browser.get(f"{address}&raw=true").content.decode()
        assert MAIL not in browser.get(address).content.decode()  # nobody sees it by accident
    used = [entry.text for entry in case.entries.filter(text__contains="looks at")]
    assert used == ["G-1 used: engineer looks at mail.log as it came"]


def test_the_page_offers_lines_as_they_came_to_who_holds_the_grant_only(
    kept, case, engineer, team_mate, manager, signed_in
):
    grant(case, "raw", engineer, manager)
    for person, raw in ((engineer, True), (team_mate, False)):
        assert signed_in(person).get("/cases/ESC-1/diagnosis?raw=1").context["raw"] == raw
        assert not signed_in(person).get("/cases/ESC-1/diagnosis").context["raw"]


def test_a_grant_of_one_artefact_does_not_open_a_reading_of_several(kept, case, engineer, manager):
    asked = grants.request(case, grants.Wanted("raw", "one", 8, kept.artefacts[:1]), by=engineer)
    answer(case.decisions.get(about=grants.about(asked)), True, by=manager)
    assert granted_page_of(kept, "A1", by=engineer).rows(0, 1)
    kept.artefacts = [*kept.artefacts, 999]
    with pytest.raises(grants.NotGranted):
        granted_page_of(kept, "A1", by=engineer)


def test_a_pseudonym_is_resolved_by_grant_and_the_answer_is_not_noted(
    kept, case, engineer, manager, signed_in
):
    shown = page_of(kept, "A1").rows(0, 1)[0].text
    name = re.search(r"user-\w+@\S+", shown)[0]
    with pytest.raises(grants.NotGranted):
        behind(case, name, by=engineer)
    grant(case, "map", engineer, manager)
    found = signed_in(engineer).post(
        "/api/v1/cases/ESC-1/pseudonyms", {"text": f"who is {name}?"}, content_type="application/json"
    )
    assert [(one["pseudonym"], one["value"]) for one in found.json()] == [(name, MAIL)]
    said = case.entries.latest("position").text
    assert said == "G-1 used: engineer asks what 1 pseudonyms stand for"
    assert not case.entries.filter(text__contains=MAIL).exists()
