"""Evidence comes in any wrapping, and some of it is hostile."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.diagnostics.bundle import Bundle, Limits, open_bundle

LINE = b"2026-01-29T10:00:00Z INFO all is well\n"


def opened(folder: Path, *paths: Path, limits: Limits | None = None) -> Bundle:
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    return open_bundle(paths, spool, limits)


def contents(bundle: Bundle) -> dict[str, bytes]:
    return {one.artefact.name: one.path.read_bytes() for one in bundle.opened}


def rules(bundle: Bundle) -> list[str]:
    return [finding.rule for finding in bundle.findings]


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_a_compressed_file_is_read_as_what_it_holds(tmp_path: Path, suffix: str, pack: object) -> None:
    given_path = tmp_path / f"app.log{suffix}"
    given_path.write_bytes(pack(LINE * 100))  # type: ignore[operator]
    bundle = opened(tmp_path, given_path)
    assert contents(bundle) == {"app.log": LINE * 100}
    assert bundle.opened[0].artefact.sha256 == __import__("hashlib").sha256(LINE * 100).hexdigest()


def test_who_needs_no_hashes_gets_none(tmp_path: Path) -> None:
    given_path = tmp_path / "app.log.gz"
    given_path.write_bytes(gzip.compress(LINE * 100))
    (tmp_path / "spool").mkdir()
    bundle = open_bundle([given_path], tmp_path / "spool", hashed=False)
    assert contents(bundle) == {"app.log": LINE * 100}
    assert bundle.opened[0].artefact.sha256 == ""


def test_kind_goes_by_content_and_not_by_name(tmp_path: Path) -> None:
    misnamed = tmp_path / "notes.txt"
    misnamed.write_bytes(gzip.compress(tarred({"a.log": LINE})))
    assert contents(opened(tmp_path, misnamed)) == {"notes.txt/a.log": LINE}


def test_archives_within_archives_are_opened_to_a_depth(tmp_path: Path) -> None:
    data = tarred({"deep.log": LINE})
    for level in range(3):
        data = gzip.compress(tarred({f"level{level}.tar.gz": data}))
    path = tmp_path / "nested.tar.gz"
    path.write_bytes(data)
    assert list(contents(opened(tmp_path, path, limits=Limits(depth=20))).values()) == [LINE]
    shallow = opened(tmp_path, path, limits=Limits(depth=2))
    assert "bundle.too_deep" in rules(shallow)
    assert shallow.opened  # what lies too deep is kept as it is


def test_members_of_a_zip_are_read_and_encrypted_ones_are_named(tmp_path: Path) -> None:
    path = tmp_path / "support.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/a.log", LINE)
        archive.writestr("logs/b.log.gz", gzip.compress(LINE))
    assert contents(opened(tmp_path, path)) == {
        "support.zip/logs/a.log": LINE,
        "support.zip/logs/b.log": LINE,
    } or contents(opened(tmp_path, path)) == {"support/logs/a.log": LINE, "support/logs/b.log": LINE}


def test_hostile_names_never_become_paths(tmp_path: Path) -> None:
    names = [
        "../../escape.log",
        "/etc/absolute.log",
        "a/../../b.log",
        "nul\x01byte.log",
        "C:\\windows.log",
        ".",
    ]
    path = tmp_path / "hostile.tar"
    path.write_bytes(tarred(dict.fromkeys(names, LINE)))
    bundle = opened(tmp_path, path)
    assert len(bundle.opened) == len(names)
    for one in bundle.opened:
        assert one.path.parent == tmp_path / "spool"
        assert one.path.name.removesuffix(".data").isdigit()
        assert one.artefact.name.isprintable()
    assert not (tmp_path / "escape.log").exists()


def test_links_and_devices_are_left_alone_and_said(tmp_path: Path) -> None:
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as tar:
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("dev", tarfile.CHRTYPE),
            ("fifo", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
        info = tarfile.TarInfo("real.log")
        info.size = len(LINE)
        tar.addfile(info, io.BytesIO(LINE))
    bundle = opened(tmp_path, path)
    assert list(contents(bundle).values()) == [LINE]
    assert rules(bundle).count("bundle.left_out") == 4


def test_a_folder_is_read_without_following_links(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "a.log").write_bytes(LINE)
    os.symlink("/etc/passwd", folder / "secret")
    os.mkfifo(folder / "pipe")
    bundle = opened(tmp_path, folder)
    assert contents(bundle) == {"case/logs/a.log": LINE}
    assert rules(bundle).count("bundle.left_out") == 2


def test_one_name_twice_is_read_twice_and_said(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for data in (b"first\n", b"second\n"):
            info = tarfile.TarInfo("same.log")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    path = tmp_path / "twice.tar"
    path.write_bytes(out.getvalue())
    bundle = opened(tmp_path, path)
    assert [one.path.read_bytes() for one in bundle.opened] == [b"first\n", b"second\n"]
    assert "bundle.duplicate" in rules(bundle)


def test_a_bomb_is_refused_within_a_second_and_the_rest_is_read(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(400 << 20), 9)
    path = tmp_path / "bundle.tar"
    path.write_bytes(tarred({"bomb.gz": bomb, "good.log": LINE}))
    begun = time.process_time()
    bundle = opened(tmp_path, path)
    assert time.process_time() - begun < 1
    assert contents(bundle) == {"bundle.tar/good.log": LINE} or LINE in contents(bundle).values()
    assert len(bundle.opened) == 1
    (finding,) = [f for f in bundle.findings if f.rule == "bundle.bomb"]
    assert "refused as a bomb" in finding.title


def test_a_zip_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w") as member:
            for _ in range(100):
                member.write(bytes(1 << 20))
        archive.writestr("good.log", LINE)
    bundle = opened(tmp_path, path)
    assert list(contents(bundle).values()) == [LINE]
    assert "bundle.bomb" in rules(bundle)


@pytest.mark.parametrize("limits", [Limits(total=3000), Limits(members=2)])
def test_a_limit_that_is_hit_is_said_and_what_came_before_is_kept(tmp_path: Path, limits: Limits) -> None:
    path = tmp_path / "many.tar"
    path.write_bytes(tarred({f"{number}.log": LINE * 30 for number in range(5)}))
    bundle = opened(tmp_path, path, limits=limits)
    assert 1 <= len(bundle.opened) < 6
    assert bundle.partial
    assert {"bundle.too_large", "bundle.too_many"} & set(rules(bundle))


def test_a_truncated_archive_gives_what_it_still_holds(tmp_path: Path) -> None:
    whole = gzip.compress(tarred({f"{number}.log": os.urandom(5000) for number in range(20)}))
    path = tmp_path / "cut.tar.gz"
    path.write_bytes(whole[: len(whole) // 2])
    bundle = opened(tmp_path, path)
    assert 5 <= len(bundle.opened) < 20
    assert "bundle.truncated" in rules(bundle)


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        opened(tmp_path, tmp_path / "missing")


SAMPLES = [
    gzip.compress(tarred({"a": LINE * 50, "b": b"x"})),
    bz2.compress(LINE * 50),
    lzma.compress(tarred({"a": LINE})),
    zstandard.ZstdCompressor().compress(LINE * 50),
    tarred({"a.log": LINE, "b.log": LINE}),
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=st.sampled_from(SAMPLES), cut=st.floats(0, 1), flips=st.lists(st.integers(0, 10_000), max_size=4)
)
def test_nothing_given_makes_opening_fail(
    tmp_path: Path, sample: bytes, cut: float, flips: list[int]
) -> None:
    data = bytearray(sample[: max(1, int(len(sample) * cut))])
    for flip in flips:
        data[flip % len(data)] ^= 0x55
    path = tmp_path / "damaged"
    path.write_bytes(bytes(data))
    bundle = opened(tmp_path, path)
    assert bundle.opened or bundle.findings


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000))
def test_arbitrary_bytes_are_kept_or_refused_with_a_reason(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "anything"
    path.write_bytes(data)
    bundle = opened(tmp_path, path)
    assert bundle.opened or bundle.findings
