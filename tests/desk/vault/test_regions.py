"""Evidence of a case lies in the region of its customer, whatever door it came by, and is never moved."""

from __future__ import annotations

import asyncio
import json
import uuid
import zipfile

import pytest
from django.core.exceptions import PermissionDenied

from holdfast.desk.arrival import hooks, keeping, taking
from holdfast.desk.cases import commands as cases
from holdfast.desk.cases.commands import Conflict, Escalation
from holdfast.desk.cases.models import Case
from holdfast.desk.decisions.commands import answer
from holdfast.desk.environments.commands import text_of
from holdfast.desk.investigation.commands import investigate
from holdfast.desk.investigation.kept import page_of
from holdfast.desk.links.merging import merge
from holdfast.desk.outbox.models import Event
from holdfast.desk.outbox.worker import work_once
from holdfast.desk.people.models import Customer
from holdfast.desk.vault import commands, grants, letting_go, regions, storage
from holdfast.desk.vault.handing_out import download
from holdfast.desk.vault.looking_after import check_all
from holdfast.desk.vault.models import DataKey, SealedObject
from holdfast.sealing import StoreFailed
from holdfast.web.backing_up import BackupUnusable, backup
from holdfast.web.restoring import restore

pytestmark = pytest.mark.django_db(transaction=True)
LINES = b"2023-01-29 10:55:00.000 INFO sync - kestrel one\n" * 400


@pytest.fixture
def desk_of_two(settings, tmp_path, s3, far_s3):
    """A desk with two regions, each with a store on a server of its own."""
    settings.DATA = tmp_path
    own = f"vault/{uuid.uuid4().hex}?"  # the servers are there for all tests
    north, south = (address.replace("vault/sealed?", own) for address in (s3, far_s3))
    settings.REGIONS = {"north": north, "south": south, "here": ""}
    return tmp_path


@pytest.fixture
def placed(desk_of_two, organisation, admin, engineer):
    """Return a way to declare a case of a customer whose evidence lies in a region."""

    def made(name, region):
        Customer.objects.get_or_create(organisation=organisation, name=name)
        regions.place(organisation, region, by=admin, customer=name)
        said = Escalation(title=f"{name} fails", severity=2, customer=name)
        return cases.declare(organisation, said, by=engineer, source="test").case

    return made


def work():
    while work_once("test"):
        pass


def attach(case, by, data=LINES):
    upload = commands.begin(case, "app.log", len(data), by=by)
    commands.take(upload, 0, [data])
    return commands.complete(upload)


def through_every_door(case, engineer, manager, signed_in, organisation):
    """Bring evidence to a case by each way there is, and use it in each way there is."""
    attach(case, engineer)
    browser, data = signed_in(engineer), b"2023-01-29 10:56:00.000 INFO by api\n" * 50
    said = {"name": "api.log", "size": len(data)}
    upload = browser.post(f"/api/v1/cases/{case.key}/uploads", said, "application/json").json()
    headers = {"headers": {"Upload-Offset": "0"}}
    browser.patch(f"/api/v1/uploads/{upload['id']}", data[:300], "application/octet-stream", **headers)
    headers = {"headers": {"Upload-Offset": "300"}}
    browser.patch(f"/api/v1/uploads/{upload['id']}", data[300:], "application/octet-stream", **headers)
    assert browser.post(f"/api/v1/uploads/{upload['id']}/complete").status_code == 200
    waiting = uuid.uuid4()
    storage.grow(waiting, 0, [b"from the form\n"], 100)  # as the form and mail leave what is of nobody yet
    commands.complete(commands.begin(case, "form.log", 14, by=engineer, arrived=waiting))
    commands.take(commands.begin(case, "half.log", 10, by=engineer), 0, [b"half"])
    investigate(case, by=engineer)
    work()
    kept = case.diagnoses.get()
    assert page_of(kept, "A1").lines.count
    text_of(case, "A1", by=engineer)
    asked = grants.request(case, grants.Wanted("raw", "to see", 8), by=engineer)
    answer(case.decisions.get(about=grants.about(asked)), True, by=manager)
    handed = b"".join(download(case, case.artefacts.first(), by=engineer).blocks)
    assert handed.startswith(LINES)
    for address in ("evidence/redacted.tar", "brief", "diagnosis/artefacts/A1/rows?raw=true"):
        assert browser.get(f"/api/v1/cases/{case.key}/{address}").status_code == 200, address
    sent = browser.post(f"/api/v1/cases/{case.key}/export", {"form": "redacted"}, "application/json")
    assert b"".join(asyncio.run(all_of(sent)))


async def all_of(sent):
    return [piece async for piece in sent.streaming_content]


def test_no_byte_of_one_region_lies_in_another(
    placed, desk_of_two, engineer, manager, signed_in, organisation
):
    north, south = placed("North Rail", "north"), placed("South Rail", "south")
    for case in (north, south):
        through_every_door(case, engineer, manager, signed_in, organisation)
    for case, region in ((north, "north"), (south, "south")):
        scope = storage.case_scope(case.id)
        held = set(SealedObject.objects.filter(key__scope=scope).values_list("place", flat=True))
        assert len(held) >= 3
        assert held == set(storage.store_of(region).names())
        below = desk_of_two / "regions" / region
        files = [path.relative_to(below) for path in below.rglob("*") if path.is_file()]
        assert {path.parts[0] for path in files} == {"readings", "vault"}
        for path in files:
            assert path.parts[1].startswith(f"{case.id}-") or path.parts[2] == scope, path
        assert not list((below / "spool").iterdir())
    assert list(storage.store_of("").names()) == []
    assert not (desk_of_two / "readings").exists()
    for path in (desk_of_two / "vault").rglob("*"):
        assert path.is_dir(), path
    assert check_all()[1] == []


def test_an_organisation_has_a_region_and_its_raw_arrivals_lie_there(
    desk_of_two, organisation, admin, case, engineer
):
    regions.place(organisation, "here", by=admin)
    hooks.declare_mailbox(organisation, "support@desk.example", by=admin)
    kept = keeping.keep(organisation, [b"From: a@b.example\nTo: support@desk.example\n\nhelp"], 10_000)
    taking.mail_arrived(organisation, kept, "a@b.example")
    attach(case, engineer)
    places = list(storage.store_of("here").names())
    assert {place.partition("/")[0] for place in places} == {
        storage.organisation_scope(organisation.id),
        storage.case_scope(case.id),
    }
    assert (desk_of_two / "regions" / "here" / "vault" / "sealed").is_dir()


def test_a_region_is_changed_only_while_there_is_no_evidence(placed, organisation, admin, engineer):
    case = placed("North Rail", "north")
    regions.place(organisation, "south", by=admin, customer="North Rail")
    attach(case, engineer)
    assert DataKey.objects.get(scope=storage.case_scope(case.id)).region == "south"
    with pytest.raises(Conflict, match=f"{case.key}: its evidence lies in south and is not moved"):
        regions.place(organisation, "north", by=admin, customer="North Rail")
    assert Customer.objects.get(name="North Rail").region == "south"
    told = Event.objects.filter(kind="evidence.region").order_by("-id").first().data
    assert (told["before"], told["after"], told["of"]) == ("north", "south", "North Rail")


def test_an_upload_under_way_is_evidence_too(placed, organisation, admin, engineer):
    case = placed("North Rail", "north")
    commands.take(commands.begin(case, "half.log", 10, by=engineer), 0, [b"half"])
    with pytest.raises(Conflict, match="is not moved"):
        regions.place(organisation, "", by=admin, customer="North Rail")


def test_what_is_stored_while_the_region_changes_is_nowhere(placed, engineer, monkeypatch):
    case = placed("North Rail", "here")
    real, scope = storage.store_of, storage.case_scope(case.id)
    upload = commands.begin(case, "app.log", 3, by=engineer)
    commands.take(upload, 0, [b"abc"])

    def changing(region):
        DataKey.objects.filter(scope=scope).update(region="")
        return real(region)

    monkeypatch.setattr(storage, "store_of", changing)
    with pytest.raises(StoreFailed, match="changed meanwhile"):
        commands.complete(upload)
    assert list(real("here").names()) == list(real("").names()) == []


def test_a_customer_without_a_region_follows_its_organisation(placed, organisation, admin, engineer):
    case = placed("North Rail", "")
    regions.place(organisation, "here", by=admin)
    attach(case, engineer)
    assert DataKey.objects.get(scope=storage.case_scope(case.id)).region == "here"
    with pytest.raises(Conflict, match="is not moved"):
        regions.place(organisation, "north", by=admin)


def test_cases_of_two_regions_are_not_merged(placed, engineer):
    north, south = placed("North Rail", "north"), placed("South Rail", "south")
    with pytest.raises(Conflict, match="lies in north, of ESC-2 in south; link them instead"):
        merge(north, south, by=engineer, reason="one cause")
    assert Case.objects.get(id=north.id).state == "new"


def test_deleting_removes_it_from_its_region(placed, engineer):
    case = placed("North Rail", "north")
    attach(case, engineer)
    before = list(storage.store_of("north").names())
    mine = [one for one in before if one.startswith(f"{storage.case_scope(case.id)}/")]
    assert mine
    letting_go.remove_left(case.id)
    assert not set(mine) & set(storage.store_of("north").names())


def test_a_region_whose_store_was_taken_out_of_the_settings_says_so(placed, engineer, settings):
    case = placed("North Rail", "north")
    artefact = attach(case, engineer)
    settings.REGIONS = {}
    with pytest.raises(StoreFailed, match="the region north has no store here any more"):
        storage.opened(artefact.sha256, storage.case_scope(case.id), storage.by_machine)


def test_who_may_say_where_evidence_lies_and_only_what_there_is(organisation, desk_of_two, admin, lead):
    with pytest.raises(PermissionDenied):
        regions.place(organisation, "north", by=lead)
    with pytest.raises(Conflict, match="these are: north, south, here"):
        regions.place(organisation, "moon", by=admin)


def test_by_api_and_on_the_page(organisation, desk_of_two, northline, admin, signed_in):
    browser = signed_in(admin)
    said = {"region": "here", "customer": "Northline Rail"}
    told = browser.put("/api/v1/organisations/ESC/regions", json.dumps(said), "application/json").json()
    assert told == {
        "regions": ["here", "north", "south"],
        "organisation": "",
        "customers": {"Northline Rail": "here"},
    }
    browser.post("/people/ESC/region", {"region": "south", "customer": ""})
    shown = browser.get("/people/ESC/").content.decode()
    assert "Where evidence lies" in shown
    assert ">south</b>" in shown


def test_a_region_is_backed_up_by_itself_and_restored_by_itself(placed, engineer, desk_of_two, tmp_path):
    case, other = placed("Here Rail", "here"), placed("Own Rail", "")
    artefact = attach(case, engineer)
    attach(other, engineer)
    made = backup(tmp_path / "here.zip", region="here")
    assert made["files"]
    assert all(name.startswith("data/regions/here/") for name in made["files"])
    whole = backup(tmp_path / "whole.zip")
    assert not [name for name in whole["files"] if "regions/" in name]
    with zipfile.ZipFile(tmp_path / "here.zip") as packed:
        assert "database.sqlite3" not in packed.namelist()
    with pytest.raises(BackupUnusable, match="is not empty there"):
        restore(tmp_path / "here.zip")
    for path in sorted((desk_of_two / "regions" / "here").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    restore(tmp_path / "here.zip")
    opened = storage.opened(artefact.sha256, storage.case_scope(case.id), storage.by_machine)
    assert opened[:] == LINES
    with pytest.raises(BackupUnusable, match="there is no region moon"):
        backup(tmp_path / "moon.zip", region="moon")
