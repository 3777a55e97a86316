"""Evidence is sealed under its case's key: wrong keys are named, keys are rotated, what was plain is sealed over."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from holdfast.desk.vault import commands, keys, spool, storage
from holdfast.desk.vault.looking_after import check_all, seal_all
from holdfast.desk.vault.models import Artefact, DataKey, SealedObject
from holdfast.sealing import Damaged, KeyUnusable, Missing, WrongKey
from holdfast.sealing.keys import fresh_key, key_id, written

pytestmark = pytest.mark.django_db
DATA = b"canary " * 40_000


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


def attach(case, person, data=DATA, name="app.log"):
    upload = commands.begin(case, name, len(data), by=person)
    commands.take(upload, 0, [data])
    return commands.complete(upload)


def content(artefact):
    return b"".join(
        storage.opened(artefact.sha256, storage.case_scope(artefact.case_id), storage.by_machine).blocks()
    )


def plain(folder, case, data=DATA):
    """Evidence as an earlier version stored it."""
    digest = hashlib.sha256(data).hexdigest()
    path = folder / "vault" / "objects" / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    more = {"upload": os.urandom(16).hex(), "name": "old.log", "size": len(data), "sha256": digest}
    return Artefact.objects.create(case=case, **more), path


def test_nothing_of_the_evidence_lies_open_at_any_time(case, engineer, folder):
    upload = commands.begin(case, "app.log", len(DATA), by=engineer)
    for at in range(0, len(DATA), 100_000):
        commands.take(upload, at, [DATA[at : at + 100_000]])
        assert not [path for path in folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert content(commands.complete(upload)) == DATA
    assert not [path for path in folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


def test_each_case_has_a_key_of_its_own_and_opens_nothing_of_another(declare, engineer):
    one, other = declare(), declare()
    mine = attach(one, engineer)
    attach(other, engineer)
    assert SealedObject.objects.count() == 2
    objects = {found.key.scope: found for found in SealedObject.objects.select_related("key")}
    found = objects[storage.case_scope(one.id)]
    found.place = objects[storage.case_scope(other.id)].place
    found.save()
    with pytest.raises(Damaged):
        content(mine)


def test_the_same_content_twice_in_a_case_is_stored_once(case, engineer):
    assert content(attach(case, engineer)) == content(attach(case, engineer))
    assert SealedObject.objects.count() == 1
    assert len(list(storage.store_of("").names())) == 1


def test_a_wrong_master_key_is_named_and_the_right_one_opens_again(case, engineer, settings):
    artefact, right = attach(case, engineer), settings.VAULT_KEYS
    settings.VAULT_KEYS = written(fresh_key())
    with pytest.raises(WrongKey, match=keys.held(storage.case_scope(case.id)).key_id):
        content(artefact)
    settings.VAULT_KEYS = right
    assert content(artefact) == DATA


def test_a_wrong_key_is_said_by_the_api_in_the_one_shape(case, engineer, settings, signed_in):
    kept = commands.begin(case, "next.log", 5, by=engineer)
    commands.take(kept, 0, [b"abcde"])
    settings.VAULT_KEYS = written(fresh_key())
    answer = signed_in(engineer).post(f"/api/v1/uploads/{kept.id}/complete")
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert (error["code"], error["kept"]) == ("vault_key", "The sealed original is untouched.")
    assert keys.held(storage.case_scope(case.id)).key_id in error["message"]


def test_rotation_wraps_every_key_anew_and_old_ones_stay_readable_until_then(declare, engineer, settings):
    artefacts = [attach(declare(), engineer, b"case %d" % number) for number in range(3)]
    old, fresh = settings.VAULT_KEYS, fresh_key()
    settings.VAULT_KEYS = f"{written(fresh)},{old}"
    assert [content(one) for one in artefacts] == [b"case 0", b"case 1", b"case 2"]  # before
    assert keys.rotate() == (key_id(fresh), 3)
    assert keys.rotate() == (key_id(fresh), 0)
    settings.VAULT_KEYS = written(fresh)  # the old one is thrown away
    assert [content(one) for one in artefacts] == [b"case 0", b"case 1", b"case 2"]
    settings.VAULT_KEYS = old
    with pytest.raises(WrongKey, match=key_id(fresh)):
        content(artefacts[0])


def test_a_file_of_keys_is_made_once_rotated_in_place_and_missed_when_gone(case, engineer, settings, folder):
    settings.VAULT_KEYS = ""
    artefact = attach(case, engineer)
    first = keys.service().current
    now, number = keys.rotate(fresh=True)
    assert now != first
    assert number == DataKey.objects.count()
    assert content(artefact) == DATA  # the running process noticed that the file changed
    (folder / "vault.keys").unlink()
    with pytest.raises(KeyUnusable, match=f"put it back from your backup.*{now}"):
        content(artefact)
    assert not (folder / "vault.keys").exists()


def test_what_was_stored_plain_is_read_before_and_after_it_is_sealed_over(case, engineer, folder):
    artefact, path = plain(folder, case)
    assert content(artefact) == DATA
    done = seal_all()
    assert (done.sealed, done.removed, done.wrong) == (1, 1, [])
    assert not path.exists()
    assert content(artefact) == DATA
    assert seal_all().sealed == 0
    assert check_all() == (1, [])


def test_a_plain_file_that_is_not_what_it_was_is_left_and_told(case, folder):
    _, path = plain(folder, case)
    path.write_bytes(b"something else")
    stray = path.with_name("f" * 64)
    stray.write_bytes(b"nobody's")
    done = seal_all()
    assert (done.sealed, done.removed, done.nobodys) == (0, 0, 1)
    assert len(done.wrong) == 1
    assert path.exists()
    assert stray.exists()


def test_checking_reads_everything_and_names_what_is_wrong(case, engineer, folder):
    attach(case, engineer, b"good")
    bad = attach(case, engineer, b"bad" * 100_000)
    place = folder / "vault" / "sealed" / SealedObject.objects.get(sha256=bad.sha256).place
    data = bytearray(place.read_bytes())
    data[100_000] ^= 1
    place.unlink()
    place.write_bytes(data)
    good, wrong = check_all()
    assert good == 1
    assert len(wrong) == 1
    assert bad.sha256 in wrong[0]
    place.unlink()
    with pytest.raises(Missing):
        content(bad)


def test_a_spool_goes_with_its_reader_and_a_killed_readers_is_swept(case, engineer, folder):
    artefact = attach(case, engineer)
    with spool.spooled() as place:
        spool.lay_out(artefact, place / "1" / "app.log")
        assert (place / "1" / "app.log").read_bytes() == DATA
        assert spool.sweep(time.time() + 3600) == 0  # somebody reads
    assert not place.exists()
    left = folder / "spool" / "of-a-killed-process"
    left.mkdir()
    assert spool.sweep() == 0  # it may just have begun
    assert spool.sweep(time.time() + 3600) == 1
    assert not left.exists()


def test_a_store_by_s3_holds_evidence_like_a_folder(case, engineer, settings, folder, s3):
    settings.VAULT_STORE = s3
    artefact = attach(case, engineer)
    assert content(artefact) == DATA
    assert not (folder / "vault" / "sealed").exists()
    assert check_all() == (1, [])
