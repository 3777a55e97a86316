"""Evidence is let go for good by its decision or its policy, with a certificate; a legal hold keeps it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from holdfast.desk.audit.queries import deletion as certificate
from holdfast.desk.audit.sequencing import log_what_happened
from holdfast.desk.cases.commands import Conflict, comment
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.commands import answer
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.policies.commands import publish
from holdfast.desk.vault import commands, gate, keys, letting_go, storage
from holdfast.desk.vault.models import Artefact, Custody, DataKey, Deletion, SealedObject
from holdfast.desk.vault.retention import RetentionPolicy
from holdfast.sealing import StoreFailed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


def attach(case, person, data=b"canary " * 1000):
    upload = commands.begin(case, "app.log", len(data), by=person)
    commands.take(upload, 0, [data])
    return commands.complete(upload)


@pytest.fixture
def artefact(case, engineer):
    return attach(case, engineer)


@pytest.fixture
def approved(case, lead, engineer, team_mate, artefact):
    letting_go.request(case, "the customer asks for it", by=lead)
    decision = case.decisions.get()
    for person in (engineer, team_mate):
        answer(decision, True, by=person)
    return decision


def test_with_its_key_destroyed_nothing_opens_any_more_and_the_bytes_are_gone(
    case, artefact, approved, lead, folder, django_capture_on_commit_callbacks
):
    reading = folder / "readings" / f"{case.id}-1-1"
    reading.mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        letting_go.delete(case, "the customer asks for it", by=lead)
    with pytest.raises(keys.Shredded, match="destroyed"):
        keys.data_key(storage.case_scope(case.id))
    assert bytes(DataKey.objects.get(scope=storage.case_scope(case.id)).wrapped) == b""
    assert list(storage.store_of("").names()) == []
    assert not reading.exists()
    assert not SealedObject.objects.exists()
    assert Artefact.objects.get().name == f"deleted-{artefact.id}"
    assert list(Custody.objects.values_list("sha256", flat=True)) == [artefact.sha256]  # that stays


def test_the_certificate_names_what_by_whom_and_its_place_in_the_ledger(
    case, artefact, approved, lead, signed_in
):
    letting_go.delete(case, "the customer asks for it", by=lead)
    log_what_happened()
    told = certificate(case)
    assert told["artefacts"][0]["sha256"] == artefact.sha256
    assert (told["by"], told["because"], told["decision"]) == ("lead", "the customer asks for it", 1)
    assert isinstance(told["ledger_entry"], int)
    assert signed_in(lead).get("/api/v1/cases/ESC-1/evidence/certificate").json() == told
    assert "Deleted for good" in signed_in(lead).get("/cases/ESC-1/access").content.decode()


def test_the_case_lives_on_without_its_evidence(case, artefact, approved, lead, engineer, signed_in):
    letting_go.delete(case, "they ask", by=lead)
    comment(case, "it goes on", by=engineer)
    assert "ghp_" not in gate.redacted("token ghp_9fKq2LmZx81TbVnR4sWcY7uJ3dHgA0PeoXi5", case)
    browser = signed_in(engineer)
    for address in (
        "/cases/ESC-1/",
        "/cases/ESC-1/brief",
        "/cases/ESC-1/access",
        "/api/v1/cases/ESC-1/evidence",
    ):
        assert browser.get(address).status_code == 200, address
    said = browser.post(
        "/api/v1/cases/ESC-1/uploads", {"name": "new.log", "size": 3}, content_type="application/json"
    )
    assert said.status_code == 409
    assert "deleted for good" in said.json()["error"]["message"]
    assert (
        browser.post("/api/v1/cases/ESC-1/investigations", {}, content_type="application/json").status_code
        == 409
    )


def test_nobody_deletes_alone_and_an_approval_is_of_these_artefacts(case, artefact, lead, engineer, approved):
    attach(case, engineer, b"one more")
    with pytest.raises(NeedsApproval, match="something else"):
        letting_go.delete(case, "they ask", by=lead)
    with pytest.raises(PermissionDenied):
        letting_go.delete(case, "they ask", by=engineer)
    assert not Deletion.objects.exists()


def test_a_legal_hold_keeps_it_whatever_was_approved(case, artefact, approved, lead, manager):
    letting_go.hold(case, "case 12 at court", by=manager)
    assert letting_go.hold(case, "again", by=lead).why == "case 12 at court"
    with pytest.raises(Conflict, match=r"legal hold.*court"):
        letting_go.delete(case, "they ask", by=lead)
    letting_go.lift(case, "the court is done", by=manager)
    assert letting_go.delete(case, "they ask", by=lead).reason == "they ask"
    with pytest.raises(Conflict, match="nothing left to hold"):
        letting_go.hold(case, "too late", by=lead)
    with pytest.raises(Conflict, match="no legal hold"):
        letting_go.lift(case, "x", by=lead)


def test_who_may_not_decide_neither_holds_nor_asks(case, artefact, engineer):
    for deed in (letting_go.hold, letting_go.lift, letting_go.request):
        with pytest.raises(PermissionDenied):
            deed(case, "why", by=engineer)


POLICY = """title: Short
days: {1: null, 2: 30, 3: null, 4: null}
contracts: {}
"""


def test_evidence_past_its_time_goes_by_policy_unless_it_is_held(declare, engineer, lead):
    kept, due, held = declare(), declare(), declare()
    for case in (kept, due, held):
        attach(case, engineer)
    letting_go.hold(held, "court", by=lead)
    Case.objects.filter(id__in=[due.id, held.id]).update(closed_at=timezone.now() - timedelta(days=31))
    Case.objects.filter(id=kept.id).update(closed_at=timezone.now() - timedelta(days=29))
    letting_go.let_go()
    assert not Deletion.objects.exists()  # by default nothing goes by itself
    publish(RetentionPolicy, due.organisation, POLICY, by=lead, why="we promised it")
    letting_go.let_go()
    made = Deletion.objects.get()
    assert (made.case, made.by) == (due, None)
    assert made.certificate["by"] == "retention policy"
    assert "30 days after closing" in made.reason


def test_the_shorter_of_severity_and_contract_counts():
    value = RetentionPolicy.schema(title="a", days={1: 90, 2: None, 3: None, 4: None}, contracts={"gold": 30})
    assert value.keeps(1, "gold") == timedelta(days=30)
    assert value.keeps(1, "") == timedelta(days=90)
    assert value.keeps(2, "gold") == timedelta(days=30)
    assert value.keeps(2, "") is None


def test_a_store_that_fails_leaves_bytes_without_a_key_and_the_round_removes_them(
    case, artefact, approved, lead, monkeypatch, django_capture_on_commit_callbacks
):
    def failing(*_):
        raise StoreFailed("down")

    monkeypatch.setattr("holdfast.sealing.Folder.delete", failing)
    with pytest.raises(StoreFailed), django_capture_on_commit_callbacks(execute=True):
        letting_go.delete(case, "they ask", by=lead)
    assert Deletion.objects.exists()
    letting_go._remove_all_left()  # still down: logged, tried again
    assert SealedObject.objects.exists()
    monkeypatch.undo()
    letting_go._remove_all_left()
    assert not SealedObject.objects.exists()
