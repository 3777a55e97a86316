"""Evidence arrives whole or not at all, from wherever it broke off, and its custody is kept."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import zipfile

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connections, transaction
from django.test import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.decisions.commands import answer
from holdfast.desk.vault import commands, grants, storage
from holdfast.desk.vault.models import Artefact, Custody
from holdfast.sealing.arriving import _running

pytestmark = pytest.mark.django_db
DATA = os.urandom(300_000)


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def upload(case, engineer):
    return commands.begin(case, "bundle.tar.gz", len(DATA), by=engineer)


def content_of(artefact):
    return b"".join(
        storage.opened(artefact.sha256, storage.case_scope(artefact.case_id), storage.by_machine).blocks()
    )


def pieces(data, size=65_536):
    return (data[at : at + size] for at in range(0, len(data), size))


def test_a_file_sent_in_pieces_is_sealed_under_its_sha256(case, upload):
    for at in range(0, len(DATA), 100_000):
        commands.take(upload, at, pieces(DATA[at : at + 100_000]))
    artefact = commands.complete(upload)
    assert artefact.sha256 == hashlib.sha256(DATA).hexdigest()
    assert content_of(artefact) == DATA
    assert Custody.objects.get().deed == "received"
    assert case.entries.latest("position").data["sha256"] == artefact.sha256


def test_a_connection_that_breaks_keeps_what_arrived_and_says_where_to_go_on(upload):
    def breaking():
        yield DATA[:70_000]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        commands.take(upload, 0, breaking())
    _running.clear()  # the server was restarted too
    with pytest.raises(storage.WrongOffset) as wrong:
        commands.take(upload, 0, [DATA])
    commands.take(upload, wrong.value.offset, pieces(DATA[wrong.value.offset :]))
    assert commands.complete(upload).sha256 == hashlib.sha256(DATA).hexdigest()


def test_completing_twice_makes_one_artefact(upload):
    commands.take(upload, 0, [DATA])
    assert commands.complete(upload) == commands.complete(upload)
    assert Artefact.objects.count() == 1


def test_a_crash_between_the_object_and_its_row_is_mended_by_completing_again(upload):
    commands.take(upload, 0, [DATA])
    storage.finish(upload.id, storage.case_scope(upload.case_id))  # ... and the process dies here
    commands.begin(upload.case, "same.bin", len(DATA), by=upload.person)
    assert not Artefact.objects.exists()
    assert commands.complete(upload).sha256 == hashlib.sha256(DATA).hexdigest()


def test_an_incomplete_upload_is_no_artefact(upload):
    commands.take(upload, 0, [DATA[:-1]])
    with pytest.raises(Conflict, match="299999 of 300000"):
        commands.complete(upload)
    assert not Artefact.objects.exists()


def test_something_else_than_announced_is_refused_and_dropped(case, engineer):
    upload = commands.begin(case, "a", 3, by=engineer, sha256="0" * 64)
    commands.take(upload, 0, [b"abc"])
    with pytest.raises(Conflict, match="SHA-256"):
        commands.complete(upload)
    assert not Artefact.objects.exists()


def test_more_than_announced_is_refused(upload):
    with pytest.raises(ValueError, match="announced"):
        commands.take(upload, 0, [DATA, b"x"])


def test_more_than_the_desk_takes_is_refused_before_a_byte_is_sent(case, engineer, settings):
    settings.UPLOAD_LIMIT = 10
    with pytest.raises(commands.TooLarge, match="10"):
        commands.begin(case, "big", 11, by=engineer)


def test_the_same_content_twice_is_one_object_with_two_custodies(case, engineer):
    for _ in range(2):
        upload = commands.begin(case, "x", 3, by=engineer)
        commands.take(upload, 0, [b"abc"])
        commands.complete(upload)
    assert Artefact.objects.count() == Custody.objects.count() == 2


def test_who_may_not_attach_may_not_begin(case, auditor):
    with pytest.raises(PermissionDenied):
        commands.begin(case, "x", 1, by=auditor)


def test_custody_cannot_be_rewritten(upload):
    commands.take(upload, 0, [DATA])
    commands.complete(upload)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Custody.objects.update(deed="nothing")


@given(st.text(max_size=500))
def test_a_name_is_shown_but_never_a_path(name):
    from holdfast.desk.investigation.jobs import safe

    assert commands.clean(name).isprintable()
    assert "/" not in safe(name)
    assert safe(name) not in {"", ".", ".."}


def test_only_the_sender_goes_on_with_an_upload(upload, team_mate, engineer, signed_in):
    address = f"/api/v1/uploads/{upload.id}"
    assert signed_in(team_mate).get(address).status_code == 404
    assert signed_in(engineer).get(address).json()["offset"] == 0


@pytest.mark.django_db(transaction=True)
def test_an_artefact_is_handed_out_in_pieces_as_a_download_and_that_is_noted(upload, engineer, manager):
    commands.take(upload, 0, [DATA])
    artefact = commands.complete(upload)
    grants.request(upload.case, grants.Wanted("raw", "the bundle does not open here"), by=engineer)
    answer(upload.case.decisions.get(), True, by=manager)

    async def play():
        client = AsyncClient()
        await client.aforce_login(engineer, backend="allauth.account.auth_backends.AuthenticationBackend")
        given = await client.get(f"/api/v1/cases/ESC-1/evidence/{artefact.id}/content")
        pieces = [piece async for piece in given.streaming_content]
        await sync_to_async(connections.close_all)()
        return given, b"".join(pieces)

    given, content = asyncio.run(play())
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.read("bundle.tar.gz") == DATA  # untouched: its hash still proves it
    mark = packed.read("HANDED-OUT.txt").decode()
    assert given.headers["X-Holdfast-Download"] in mark
    assert hashlib.sha256(DATA).hexdigest() in mark
    assert given.headers["Content-Disposition"] == 'attachment; filename="bundle.tar.gz.zip"'
    assert list(Custody.objects.values_list("deed", flat=True)) == ["received", "handed out"]
