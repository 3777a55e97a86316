"""A folder and a real S3 server do the same; what goes wrong is said, and nothing half is ever there."""

from __future__ import annotations

import os
import socket

import pytest

from holdfast.sealing import Folder, Missing, Opened, StoredSource, StoreFailed, open_store, seal_file

KEY = bytes(range(32))
DATA = os.urandom(11 * 2**20 + 5)


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return open_store("", tmp_path / "store")
    return open_store(request.getfixturevalue("s3"), tmp_path)


@pytest.fixture
def thing(tmp_path):
    (tmp_path / "plain").write_bytes(DATA)
    seal_file(tmp_path / "plain", tmp_path / "sealed", KEY)
    return tmp_path / "sealed"


def test_what_was_put_is_there_whole_and_by_ranges(store, thing):
    store.put("case-1/aa/thing", thing)
    assert store.size("case-1/aa/thing") == thing.stat().st_size
    assert list(store.names()) == ["case-1/aa/thing"]
    opened = Opened(StoredSource(store, "case-1/aa/thing"), KEY)
    assert opened.read(9_000_000, 9_000_100) == DATA[9_000_000:9_000_100]
    assert b"".join(opened.blocks()) == DATA
    store.delete("case-1/aa/thing")
    store.delete("case-1/aa/thing")
    assert list(store.names()) == []


def test_what_is_not_there_is_said_to_be_missing(store):
    for ask in (lambda: store.size("case-1/aa/none"), lambda: store.read("case-1/aa/none", 0, 5)):
        with pytest.raises(Missing, match="case-1/aa/none"):
            ask()


def test_a_store_nobody_answers_for_says_so_without_its_secret(tmp_path, thing):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    store = open_store(f"s3://key:very-secret@vault/?endpoint=http://127.0.0.1:{port}&region=x", tmp_path)
    with pytest.raises(StoreFailed, match="nothing was lost") as failed:
        store.put("case-1/aa/thing", thing)
    assert "very-secret" not in str(failed.value)


def test_a_bucket_that_is_not_there_is_a_failure_and_no_crash(s3, tmp_path, thing):
    store = open_store(s3.replace("@vault/", "@nobody/"), tmp_path)
    with pytest.raises(StoreFailed):
        store.put("case-1/aa/thing", thing)


def test_a_copy_that_breaks_off_leaves_nothing(tmp_path, thing, monkeypatch):
    store = Folder(tmp_path / "store")

    def other_disk(*_):
        raise OSError(18, "Invalid cross-device link")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", other_disk)
    store.put("case-1/aa/thing", thing)  # copied instead
    assert store.size("case-1/aa/thing") == thing.stat().st_size
    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(StoreFailed, match="full"):
        store.put("case-1/aa/other", thing)
    assert list(store.names()) == ["case-1/aa/thing"]
    assert len(list((tmp_path / "store").rglob("*other*"))) == 0


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a//b", "a/../b", "", ".hidden", "A"])
def test_a_name_never_leads_out_of_the_store(tmp_path, name):
    with pytest.raises(ValueError, match="no name"):
        Folder(tmp_path).size(name)


@pytest.mark.parametrize("address", ["ftp://x/y", "s3:///x", "nonsense", "file:"])
def test_an_address_that_cannot_be_used_says_how_it_reads(tmp_path, address):
    with pytest.raises(ValueError, match="s3://KEY:SECRET@bucket"):
        open_store(address, tmp_path)


def test_a_folder_elsewhere_is_a_store_too(tmp_path, thing):
    store = open_store(f"file:{tmp_path}/elsewhere", tmp_path)
    store.put("case-1/aa/thing", thing)
    assert (tmp_path / "elsewhere" / "case-1" / "aa" / "thing").exists()
