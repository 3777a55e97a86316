"""The evidence itself is seen by grant: decided, for a time, marked, noted, and ended by the store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Notice
from holdfast.desk.decisions.commands import answer, break_glass
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.people.models import Person
from holdfast.desk.vault import commands, grants, storage
from holdfast.desk.vault.grants import NotGranted, Wanted
from holdfast.desk.vault.handing_out import download
from holdfast.desk.vault.models import Custody, Grant

pytestmark = pytest.mark.django_db
DATA = b"2023-01-29 10:55:00 INFO canary one\n" * 50_000


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def attach(case, engineer):
    def made(data=DATA, name="app.log"):
        upload = commands.begin(case, name, len(data), by=engineer)
        commands.take(upload, 0, [data])
        return commands.complete(upload)

    return made


@pytest.fixture
def granted(case, engineer, manager):
    """A grant that was asked for by the engineer and approved by the manager."""

    def made(what="raw", hours=8, artefacts=(), to=None):
        grant = grants.request(case, Wanted(what, "the lines do not tell", hours, artefacts, to), by=engineer)
        answer(case.decisions.get(about=grants.about(grant)), True, by=manager)
        grant.refresh_from_db()
        return grant

    return made


def texts(case):
    return [entry.text for entry in case.entries.order_by("position")]


def test_without_a_grant_nothing_is_handed_out_and_the_way_to_one_is_said(case, attach, engineer, signed_in):
    artefact = attach()
    with pytest.raises(NotGranted, match="page Access"):
        download(case, artefact, by=engineer)
    refused = signed_in(engineer).get(f"/api/v1/cases/ESC-1/evidence/{artefact.id}/content")
    assert refused.status_code == 409
    assert "by grant only" in refused.json()["error"]["message"]
    assert list(Custody.objects.values_list("deed", flat=True)) == ["received"]


def test_an_approved_grant_opens_by_itself_and_all_of_it_is_on_the_timeline(case, attach, granted, engineer):
    artefact = attach()
    grant = granted()
    assert (grant.state, grant.decision) == ("open", 1)
    made = download(case, artefact, by=engineer)
    assert b"".join(made.blocks).startswith(DATA)
    said = texts(case)
    assert any(text.startswith("G-1 asked for: ") for text in said)
    assert any(text.startswith("G-1 open until ") for text in said)
    assert f"G-1 used: app.log handed to engineer, download {made.mark}" in said
    assert Notice.objects.filter(person=engineer, key="grant/1/open").exists()
    assert "handed out" in Custody.objects.values_list("deed", flat=True)


def test_a_refused_grant_opens_nothing(case, attach, engineer, manager):
    artefact = attach()
    grant = grants.request(case, Wanted("raw", "because"), by=engineer)
    answer(case.decisions.get(), False, by=manager, text="the lines are enough")
    grant.refresh_from_db()
    assert grant.state == "refused"
    with pytest.raises(NotGranted):
        download(case, artefact, by=engineer)


def test_nobody_opens_a_grant_past_its_decision(case, engineer, manager, lead):
    grant = grants.request(case, Wanted("raw", "because"), by=engineer)
    for person in (engineer, lead):
        with pytest.raises(NeedsApproval, match="decided by manager"):
            grants.open_grant(grant, by=person)
    with pytest.raises(PermissionDenied):
        grants.open_grant(grant, by=manager)  # managers read no evidence


def test_a_grant_changed_after_it_was_approved_opens_nothing(case, engineer, manager):
    grants.request(case, Wanted("raw", "because", 1), by=engineer)
    Grant.objects.update(hours=168)
    with pytest.raises(NeedsApproval, match="something else"):
        answer(case.decisions.get(), True, by=manager)


def test_broken_glass_opens_it_for_the_one_who_broke_it_with_an_alarm(
    case, attach, engineer, team_mate, lead
):
    artefact = attach()
    grant = grants.request(case, Wanted("raw", "nobody answers"), by=engineer)
    break_glass(case.decisions.get(), "the site is down and nobody answers", by=engineer)
    with pytest.raises(NeedsApproval):
        grants.open_grant(grant, by=team_mate)
    assert grants.open_grant(grant, by=engineer).open
    assert b"".join(download(case, artefact, by=engineer).blocks)
    assert Notice.objects.filter(person=lead, text__startswith="ALARM").exists()
    decision = case.decisions.get()
    assert decision.unreviewed


def test_glass_broken_by_somebody_else_opens_nothing_for_another(case, engineer, team_mate):
    grant = grants.request(case, Wanted("raw", "for her", to=team_mate), by=engineer)
    break_glass(case.decisions.get(), "now", by=engineer)
    with pytest.raises(Conflict, match="opens nothing for team_mate"):
        grants.open_grant(grant, by=engineer)


def test_the_store_ends_a_download_in_its_middle_when_the_grant_is_over(case, attach, granted, engineer):
    artefact, grant = attach(DATA * 4), granted()
    blocks = download(case, artefact, by=engineer).blocks
    assert next(blocks)
    grants.end(grant, by=engineer, reason="enough")
    with pytest.raises(NotGranted, match="was ended"):
        list(blocks)
    with pytest.raises(NotGranted):
        download(case, artefact, by=engineer)


@pytest.fixture(autouse=True)
def ask_again_each_time(monkeypatch):
    monkeypatch.setattr(grants, "_ANEW", 0.0)


def test_expiry_counts_to_the_second_before_any_round_said_so(case, attach, granted, engineer):
    artefact, grant = attach(), granted()
    scope = storage.case_scope(case.id)
    _, leave = grants.leave(case, engineer, "raw", [artefact.id])
    opened = storage.opened(artefact.sha256, scope, leave)
    assert opened.read(0, 10) == DATA[:10]
    Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert Grant.objects.get().state == "open"
    with pytest.raises(NotGranted):
        grants.leave(case, engineer, "raw", [artefact.id])
    grant.refresh_from_db()
    with pytest.raises(NotGranted, match="is over"):
        storage.opened(artefact.sha256, scope, grants._Leave(grant, case))
    grants.expire()
    assert Grant.objects.get().state == "expired"
    assert texts(case)[-1] == "G-1 is over: engineer sees no more"


def test_a_suspended_person_and_a_lost_role_see_no_more(case, attach, granted, engineer):
    artefact = attach()
    granted()
    _, leave = grants.leave(case, engineer, "raw", [artefact.id])
    Person.objects.filter(id=engineer.id).update(is_active=False)
    with pytest.raises(NotGranted, match="ended"):
        leave()
    Person.objects.filter(id=engineer.id).update(is_active=True)
    engineer.memberships.update(role="manager")
    with pytest.raises(NotGranted, match="does not read evidence"):
        leave()


def test_a_grant_is_of_its_artefacts_its_person_and_its_kind(case, attach, granted, engineer, team_mate):
    one, other = attach(), attach(b"other\n", "other.log")
    granted(artefacts=[one.id])
    assert b"".join(download(case, one, by=engineer).blocks)
    for artefact, person in ((other, engineer), (one, team_mate)):
        with pytest.raises(NotGranted):
            download(case, artefact, by=person)
    with pytest.raises(NotGranted, match="pseudonyms"):
        grants.leave(case, engineer, "map")


def test_a_text_ends_with_its_mark_and_no_line_moves(case, attach, granted, engineer):
    granted()
    for data in (b"one\ntwo\n", b"one\ntwo"):
        made = download(case, attach(data), by=engineer)
        lines = b"".join(made.blocks).splitlines()
        assert lines[:2] == [b"one", b"two"]
        assert lines[2].decode().startswith("# Holdfast ESC-1 G-1 download ")
        assert made.mark in lines[2].decode()
        assert len(lines) == 3
    marks = {download(case, attach(b"x\n"), by=engineer).mark for _ in range(5)}
    assert len(marks) == 5


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Wanted("raw", " "), "nothing in it"),
        (Wanted("raw", "a", 0), "1 to 168 hours"),
        (Wanted("raw", "a", 1000), "1 to 168 hours"),
        (Wanted("all", "a"), "raw, map"),
        (Wanted("raw", "a", 8, [999]), "no evidence 999"),
    ],
)
def test_what_cannot_be_granted_is_refused_with_the_reason(case, engineer, said, why):
    with pytest.raises(Conflict, match=why):
        grants.request(case, said, by=engineer)
    assert not Grant.objects.exists()


def test_who_does_not_read_evidence_gets_no_grant(case, engineer, manager, tier2):
    with pytest.raises(PermissionDenied):
        grants.request(case, Wanted("raw", "a"), by=manager)
    for person in (manager, tier2):
        with pytest.raises(Conflict, match="does not read evidence"):
            grants.request(case, Wanted("raw", "a", to=person), by=engineer)


def test_who_ends_a_grant(case, granted, engineer, team_mate, manager):
    grant = granted()
    with pytest.raises(PermissionDenied):
        grants.end(grant, by=team_mate, reason="no")
    assert grants.end(grant, by=manager, reason="enough was seen").state == "ended"
    with pytest.raises(Conflict, match="already"):
        grants.end(grant, by=manager, reason="again")


def test_the_page_shows_who_sees_what_and_offers_only_what_may_be_done(
    case, attach, granted, engineer, executive, signed_in
):
    attach()
    assert "/content" not in signed_in(engineer).get("/cases/ESC-1/access").content.decode()
    granted()
    page = signed_in(engineer).get("/cases/ESC-1/access").content.decode()
    assert "G-1" in page
    assert "the lines do not tell" in page
    assert f"/evidence/{case.artefacts.get().id}/content" in page
    other = signed_in(executive).get("/cases/ESC-1/access").content.decode()
    assert "/content" not in other
    assert "Ask for a grant" not in other


def test_the_page_asks_for_a_grant_and_says_what_is_wrong(case, engineer, signed_in):
    browser = signed_in(engineer)
    form = {"what": "raw", "why": "it does not open", "hours": "4"}
    browser.post("/cases/ESC-1/access/ask", form)
    assert (Grant.objects.get().hours, Grant.objects.get().person) == (4, engineer)
    for wrong in ({"hours": "many"}, {"artefact": "x"}, {"person": "nobody-here"}):
        said = browser.post("/cases/ESC-1/access/ask", form | wrong, follow=True).content.decode()
        assert "Nothing was changed" in said
    assert Grant.objects.count() == 1
