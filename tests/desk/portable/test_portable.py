"""A case leaves one desk and goes on at another, with its proofs; what was changed on the way is refused."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField

from holdfast.desk.audit.models import Leaf
from holdfast.desk.audit.sequencing import log_what_happened
from holdfast.desk.cases.carrying import carried, staying
from holdfast.desk.cases.chain import verify as verify_chain
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.guarding import NeedsApproval
from holdfast.desk.investigation.kept import page_of
from holdfast.desk.links.models import Link
from holdfast.desk.outbox.models import Event
from holdfast.desk.people.models import Membership, Person
from holdfast.desk.portable import exporting, importing, rows
from holdfast.desk.portable.models import Origin
from holdfast.desk.vault import grants, storage
from holdfast.desk.vault.grants import NotGranted
from holdfast.ledger.verifying import verify
from holdfast.portable import Passphrase, Refused
from travelling import LINES, SECRET

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "correct horse battery"


def inside(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}


def columns_of(found, name):
    return [json.loads(line)["columns"] for line in found[f"records/{name}.jsonl"].splitlines()]


# --- what travels


def hangs_on_a_case(model, seen=()):
    if model is Case or any(field.name == "case_id" for field in model._meta.concrete_fields):
        return True
    return any(
        field.is_relation
        and field.related_model not in (*seen, model)
        and field.related_model is not None
        and not field.null
        and hangs_on_a_case(field.related_model, (*seen, model))
        for field in model._meta.concrete_fields
    )


def test_of_every_model_of_a_case_it_is_said_whether_it_travels_or_why_not():
    hanging = {
        model._meta.label_lower
        for model in apps.get_models()
        if model.__module__.startswith("holdfast.")
        and (
            hangs_on_a_case(model)
            or any(field.related_model is Case for field in model._meta.concrete_fields)
        )
    }
    assert hanging == set(carried()) | set(staying())
    assert all(why.strip() for why in staying().values())


def test_every_column_that_travels_can_be_checked():
    for record in carried().values():
        names = {field.name for field in record.model._meta.concrete_fields}
        assert set(record.anew) | set(record.plain) | set(record.shapes) | set(record.stops) <= names, (
            record.name
        )
        for field in rows.columns(record):
            if isinstance(field, JSONField):
                assert field.name in record.shapes, f"{record.name}.{field.name}"
            if field.is_relation:
                told = field.related_model is Person or field.related_model._meta.label_lower in carried()
                assert told, f"{record.name}.{field.name}"


def test_something_of_every_record_travels(exported):
    there = {
        name.removeprefix("records/").removesuffix(".jsonl")
        for name in inside(exported)
        if name[:8] == "records/"
    }
    never_here = {"decisions.decision", "decisions.voice", "response.sample", "response.written"}
    never_here |= {"response.acknowledged", "response.question"}
    assert there | never_here >= set(carried())


# --- redacted


def test_the_redacted_archive_carries_no_secret_and_no_raw_byte(exported):
    assert SECRET.encode() not in exported
    found = inside(exported)
    assert not [name for name in found if name.startswith("evidence/")]
    assert b"ERROR sync" in found["derivatives/A1"]
    assert len(found["derivatives/A1"].splitlines()) == len(LINES.splitlines())


def test_it_becomes_a_case_under_a_new_reference_with_the_old_one_as_a_link(lived, exported, take):
    made = take(exported).case
    assert (made.key, made.title, made.severity, made.state) == (
        "SEA-1",
        lived.title,
        lived.severity,
        lived.state,
    )
    assert made.owner is None
    assert made.customer is None
    link = Link.objects.get(case=made, relation="same_as")
    assert link.reference.startswith("ESC-1 of holdfast")


def test_the_timeline_comes_along_as_it_was_and_its_origin_follows(lived, exported, take):
    made = take(exported).case
    before = list(lived.entries.order_by("position"))
    after = list(made.entries.order_by("position"))
    along = len(before)
    told = [(one.position, one.kind, one.author, one.happened_at, one.recorded_at) for one in after[:along]]
    assert told == [(one.position, one.kind, one.author, one.happened_at, one.recorded_at) for one in before]
    assert [one.data["elsewhere"] for one in after[:along]] == [one.hash for one in before]
    assert after[along].text.startswith("Imported from holdfast, where it is ESC-1: redacted")
    assert f"proves {along} of {along} entries" in after[along].text
    assert verify_chain(Case.objects.get(id=made.id)) == ""


def test_nobody_comes_along_but_by_name(lived, exported, take, engineer):
    people, members = set(Person.objects.values_list("id", flat=True)), Membership.objects.count()
    made = take(exported).case
    assert made.hypotheses.get().person.title == engineer.title
    assert made.hypotheses.get().person_id != engineer.id
    assert Membership.objects.count() == members
    for one in Person.objects.exclude(id__in=people):
        assert not one.is_active
        assert not one.has_usable_password()


def test_what_was_under_way_or_allowed_there_is_not_here(exported, take):
    made = take(exported).case
    assert made.mitigations.get().probe == {}
    assert made.actions.get().state == "dropped"
    assert made.hand_overs.get().state == "withdrawn"
    ticket = made.tickets.get()
    assert (ticket.state, ticket.tracker, ticket.owner, ticket.reference) == ("draft", "", "", "ENG-1")
    assert made.decisions.filter(state__in=["waiting", "approved", "broken"]).count() == 0


def test_rooms_find_their_records(lived, exported, take):
    made = take(exported).case
    assert made.updates.get().sent_text == lived.updates.get().sent_text
    assert made.promises.get().update == made.updates.get()
    assert made.hypotheses.get().experiments.get().setting == "swap the token"
    assert made.tickets.get().customers.get().name == "Acme"
    assert [one.reference for one in made.links.filter(relation="caused_by")] == ["ESC-2"]
    assert made.environments.get().settings == {"a": "1"}
    assert made.diagnoses.count() == 1


def test_every_page_of_it_opens_and_citations_do(exported, take, receiver, signed_in):
    made = take(exported).case
    browser = signed_in(receiver)
    pages = (
        "",
        "brief",
        "diagnosis",
        "hypotheses",
        "intake",
        "triage",
        "room",
        "mitigations",
        "updates",
        "tickets",
    )
    for page in (*pages, "decisions", "access", "export", "clocks", "closing", "environments", "handover"):
        assert browser.get(f"/cases/{made.key}/{page}").status_code == 200, page
    assert page_of(made.diagnoses.get(), "A1").lines.count == len(LINES.splitlines())
    shown = browser.get(f"/cases/{made.key}/export").content.decode()
    assert "where it is" in shown
    assert 'title="engineer">E</span>' in browser.get(f"/cases/{made.key}/timeline").content.decode()


def test_its_derivatives_are_received_as_one_artefact(exported, take):
    made = take(exported).case
    artefact = made.artefacts.get()
    assert artefact.name == "ESC-1-redacted.tar"
    opened = storage.opened(artefact.sha256, storage.case_scope(made.id), storage.by_machine)
    with tarfile.open(fileobj=io.BytesIO(opened[:])) as bundle:
        assert bundle.getnames() == ["A1-route.log", "coverage.json"]
    assert artefact.custody.get().deed == "received"


def test_links_tell_only_of_cases_that_the_exporter_sees(lived, engineer, monkeypatch):
    from holdfast.desk.cases.models import CaseQuerySet

    monkeypatch.setattr(CaseQuerySet, "visible_to", lambda self, _: self.filter(id=lived.id))
    blocks, _ = exporting.export_redacted(lived, by=engineer)
    found = inside(b"".join(blocks))
    assert [one["reference"] for one in columns_of(found, "links.link")] == ["CHG-9"]


# --- proofs


def test_its_ledger_verifies_offline(exported, tmp_path):
    (tmp_path / "ledger.zip").write_bytes(inside(exported)["ledger.zip"])
    verdict = verify(tmp_path / "ledger.zip")
    assert verdict.holds
    assert verdict.proven == verdict.entries > 20


def test_both_ledgers_log_the_archive_by_its_hash(exported, take):
    taken = take(exported)
    log_what_happened()
    digest = hashlib.sha256(exported).hexdigest()
    told = {entry["deed"]: entry for entry in map(json.loads, Leaf.objects.values_list("entry", flat=True))}
    assert told["case.archive_left"]["archive"] == digest
    assert told["case.archive_taken"]["archive"] == digest
    manifest = json.loads(inside(exported)["manifest.json"])
    assert told["case.archive_taken"]["checkpoint"] == manifest["checkpoint"]
    assert Origin.objects.get(case=taken.case).archive == digest


def test_the_other_ledger_stays_with_the_case(exported, take, receiver, signed_in):
    made = take(exported).case
    browser = signed_in(receiver)
    answer = browser.get(f"/api/v1/cases/{made.key}/origin/ledger.zip")
    assert collected(answer) == inside(exported)["ledger.zip"]
    told = browser.get(f"/api/v1/cases/{made.key}/origin").json()
    assert (told["reference"], told["proven"]) == ("ESC-1", told["entries"])


def collected(answer):
    import asyncio

    async def gather():
        return b"".join([piece async for piece in answer.streaming_content])

    return asyncio.run(gather())


def test_over_the_api_and_on_the_page_it_is_the_same(lived, engineer, receiver, signed_in):
    sent = signed_in(engineer).post("/api/v1/cases/ESC-1/export", {"form": "redacted"}, "application/json")
    archive = collected(sent)
    browser = signed_in(receiver)
    first = browser.post("/api/v1/import?organisation=sea", archive, "application/octet-stream")
    assert (first.status_code, first.json()["case"], first.json()["created"]) == (201, "SEA-1", True)
    assert first.json()["origin"]["reference"] == "ESC-1"
    again = browser.post("/api/v1/import?organisation=SEA", archive, "application/octet-stream")
    assert (again.status_code, again.json()["created"]) == (200, False)
    form = {"organisation": "SEA", "archive": io.BytesIO(archive)}
    assert browser.post("/import/", form).headers["Location"] == "/cases/SEA-1/"
    damaged = archive[:9000] + b"!" + archive[9001:]
    refused = browser.post("/import/", form | {"archive": io.BytesIO(damaged)})
    assert refused.status_code == 409
    assert "bytes" in refused.content.decode()
    told = browser.post("/api/v1/import?organisation=SEA", damaged, "application/octet-stream")
    assert (told.status_code, told.json()["error"]["kept"]) == (422, "Nothing of it was kept.")
    elsewhere = browser.post("/api/v1/import?organisation=ESC", archive, "application/octet-stream")
    assert elsewhere.status_code == 404


# --- refused


def state():
    return Case.objects.count(), Person.objects.count(), Event.objects.count()


def test_a_changed_byte_is_refused_with_its_place_and_nothing_is_written(exported, take, tmp_path):
    before = state()
    for at in range(0, len(exported), max(1, len(exported) // 60)):
        changed = exported[:at] + bytes([exported[at] ^ 4]) + exported[at + 1 :]
        with pytest.raises(Refused, match=r"byte|manifest|holdfast-case"):
            take(changed)
    assert state() == before
    assert list((tmp_path / "vault" / "arriving" / "desk").iterdir()) == []


def again(archive, change):
    """Write an archive anew with something changed, signed by the same key: what only another desk could do."""
    from holdfast.desk.audit.keeping import signing_key
    from holdfast.portable import Member, write

    found = inside(archive)
    manifest = json.loads(found.pop("manifest.json"))
    about = {name: manifest[name] for name in json.loads(found.pop("holdfast-case.json"))}
    found.pop("manifest.note")
    change(found, manifest)
    more = {name: manifest[name] for name in manifest if name not in ("members", "key", "format", *about)}
    about.pop("format")
    return b"".join(write(about, [Member.of(*one) for one in found.items()], signing_key(), lambda: more))


def edited(name, edit):
    def change(found, _):
        lines = [json.loads(line) for line in found[f"records/{name}.jsonl"].splitlines()]
        edit(lines)
        found[f"records/{name}.jsonl"] = b"".join(json.dumps(one).encode() + b"\n" for one in lines)

    return change


WRONG = {
    "another entry than the one logged": (
        "cases.entry",
        lambda rows: rows[1]["columns"].update(hash="0" * 64),
    ),
    "an entry is missing": ("cases.entry", lambda rows: rows.pop(2)),
    "a state nobody knows": ("cases.case", lambda rows: rows[0]["columns"].update(state="gone")),
    "a severity that is none": ("cases.case", lambda rows: rows[0]["columns"].update(severity=9)),
    "two cases": ("cases.case", lambda rows: rows.append(rows[0])),
    "a title that is too long": ("cases.case", lambda rows: rows[0]["columns"].update(title="x" * 5000)),
    "a zero in a text": ("cases.case", lambda rows: rows[0]["columns"].update(title="a\x00b")),
    "a column of a newer desk": ("cases.case", lambda rows: rows[0]["columns"].update(mood="calm")),
    "a scope of another form": ("cases.case", lambda rows: rows[0]["columns"].update(scope={"regions": 3})),
    "a time without a zone": (
        "cases.case",
        lambda rows: rows[0]["columns"].update(reported_at="2026-01-01T10:00"),
    ),
    "a time that is none": ("cases.case", lambda rows: rows[0]["columns"].update(reported_at=[1])),
    "a report that is none": ("investigation.diagnosis", lambda rows: rows[0]["columns"].update(report=[])),
    "a row of nobody": ("investigation.weighing", lambda rows: rows[0]["columns"].update(hypothesis=99)),
    "a row without an id": ("impact.number", lambda rows: rows[0].pop("id")),
    "the same number twice": ("impact.constraint", lambda rows: rows.append({**rows[0], "id": 9})),
    "a person who is a list": ("impact.number", lambda rows: rows[0]["columns"].update(person=["x"])),
}


def test_what_another_desk_signed_is_not_believed_for_that(exported, take):
    before, taken = state(), []
    for what, (name, edit) in WRONG.items():
        try:
            take(again(exported, edited(name, edit)))
            taken.append(what)
        except Refused:
            continue
    assert taken == []
    assert state() == before


def test_an_archive_that_is_only_written_anew_is_taken(exported, take):
    assert take(again(exported, lambda *_: None)).created


def test_files_the_manifest_names_have_to_be_there(exported, take):
    with pytest.raises(Refused, match=r"derivatives/A1"):
        take(again(exported, lambda found, _: found.pop("derivatives/A1")))
    with pytest.raises(Refused, match="a newer Holdfast"):
        take(again(exported, lambda found, _: found.update({"records/moods.mood.jsonl": b"{}\n"})))


def test_an_archive_signed_by_another_key_than_named_is_refused(exported, take):
    with pytest.raises(Refused, match="not by the key you named"):
        take(exported, key="other.example/log+00000000+AAAA")


def test_importing_twice_is_harmless_and_another_archive_of_it_changes_nothing(
    lived, exported, take, engineer
):
    first = take(exported)
    entries = first.case.entries.count()
    second = take(exported)
    assert (second.created, second.case) == (False, first.case)
    assert first.case.entries.count() == entries
    blocks, _ = exporting.export_redacted(lived, by=engineer)
    with pytest.raises(Conflict, match="is here as SEA-1, from another archive"):
        take(b"".join(blocks))


def test_evidence_that_could_not_be_stored_comes_when_it_is_sent_again(exported, take, monkeypatch):
    from holdfast.sealing import StoreFailed

    def broken(*_, **__):
        raise StoreFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "take_whole", broken)
        with pytest.raises(StoreFailed):
            take(exported)
    assert take(exported).case.artefacts.count() == 1


# --- sealed


def test_sealed_it_brings_the_evidence_itself(sealed, take):
    archive = sealed(importing.receiver())
    assert SECRET.encode() not in archive
    assert b"ERROR sync" not in archive
    made = take(archive).case
    artefact = made.artefacts.get()
    opened = storage.opened(artefact.sha256, storage.case_scope(made.id), storage.by_machine)
    assert (artefact.name, opened[:]) == ("app.log", LINES)
    assert any(SECRET in one.text for one in made.entries.all())
    assert page_of(made.diagnoses.get(), "A1").lines.count == len(LINES.splitlines())


def test_a_passphrase_seals_it_too(sealed, take):
    archive = sealed(Passphrase(WORDS))
    with pytest.raises(Refused, match="passphrase"):
        take(archive)
    assert take(archive, passphrase=WORDS).case.artefacts.count() == 1


def test_sealed_it_takes_a_grant_and_its_decision(lived, engineer, manager):
    from holdfast.desk.decisions.commands import answer

    to = importing.receiver()
    with pytest.raises(NotGranted):
        exporting.export_sealed(lived, to, by=engineer)
    asked = grants.request(lived, grants.Wanted("raw", "they need it", 8), by=engineer)
    answer(lived.decisions.get(about=grants.about(asked)), True, by=manager)
    with pytest.raises(NeedsApproval):
        exporting.export_sealed(lived, to, by=engineer)
    exporting.request(lived, None, "by a passphrase", by=engineer)
    answer(lived.decisions.get(about="export"), True, by=manager)
    with pytest.raises(NeedsApproval, match="of something else"):
        exporting.export_sealed(lived, to, by=engineer)


def test_a_grant_that_ends_ends_the_archive(lived, engineer, sealed, monkeypatch, folder):
    from holdfast.desk.vault.models import Grant

    real = exporting._evidence

    def ended(leaving, leave):
        Grant.objects.update(state="ended")
        monkeypatch.setattr(grants, "_ANEW", -1.0)
        yield from real(leaving, leave)

    monkeypatch.setattr(exporting, "_evidence", ended)
    with pytest.raises(NotGranted):
        sealed(importing.receiver())
    assert list((folder / "vault" / "arriving" / "desk").iterdir()) == []
    assert list((folder / "spool").iterdir()) == []


def test_custody_and_timeline_say_that_evidence_was_handed_out(lived, sealed):
    sealed(importing.receiver())
    assert "handed out" in lived.artefacts.get().custody.values_list("deed", flat=True)
    assert "exported with its evidence, sealed for hfdesk1-" in lived.entries.latest("position").text


def test_a_timeline_that_was_changed_after_it_was_sealed_is_refused(sealed, take, monkeypatch):
    monkeypatch.setattr(exporting, "sealed", lambda blocks, _: blocks)
    plain = sealed(importing.receiver())
    wrong = again(
        plain, edited("cases.entry", lambda rows: rows[1]["columns"].update(text="nothing happened"))
    )
    with pytest.raises(Refused, match="changed after it was sealed"):
        take(wrong)


# --- who may


def test_who_may_export_and_import(
    lived, exported, customer, auditor, manager, receiver, house, take, engineer
):
    for person in (customer, auditor, manager):
        with pytest.raises(PermissionDenied):
            exporting.export_redacted(lived, by=person)
    with pytest.raises(PermissionDenied):
        importing.import_case(house, [exported], importing.Asked(), by=engineer)
    assert take(exported, customer="Seaside Rail").case.customer.name == "Seaside Rail"


def test_an_export_broken_off_asks_the_database_nothing_more_and_leaves_no_file(
    case, lead, settings, django_assert_num_queries
):
    blocks, _ = exporting.export_redacted(case, by=lead)
    next(blocks)
    with django_assert_num_queries(0):  # the collector may end it while another question is under way
        blocks.close()
    assert [one for part in ("arriving", "spool") for one in settings.DATA.glob(f"vault/{part}*/*/*")] == []
