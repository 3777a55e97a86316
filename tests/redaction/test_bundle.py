"""Bundles: any order, any writing, all or nothing, and what is not understood stays inside."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from holdfast.redaction import Key, OutputUnusable, Policy, redact_bundle, sealedmap
from holdfast.redaction.pseudonyms import KeyUnusable

VALUE = "Zebra99x7Quagga"


def test_a_value_learnt_late_is_removed_from_files_already_passed(redacted) -> None:  # type: ignore[no-untyped-def]
    encoded = base64.b64encode(b"\x00\x01\x02" + VALUE.encode() + b"\xfe\xff").decode()
    files = {
        "a.log": f"seen {VALUE} early, {VALUE.encode().hex()} and {encoded}\n".encode(),
        "b/wide.txt": f"also {VALUE}\r\n".encode("utf-16"),
        "z.env": f"DB_PASSWORD={VALUE}\n".encode(),
    }
    report, made = redacted(files)
    assert not report.withheld
    everything = b"\n".join(made.values())
    for writing in (
        VALUE.encode(),
        VALUE.encode("utf-16-le"),
        VALUE.encode().hex().encode(),
        encoded[4:20].encode(),
    ):
        assert writing not in everything
    pseudonym = made["z.env"].strip().partition(b"=")[2]
    assert pseudonym in made["a.log"]
    assert pseudonym.decode() in made["b/wide.txt"].decode("utf-16")


def test_the_order_of_files_does_not_matter(redacted, tmp_path: Path, key: Key) -> None:  # type: ignore[no-untyped-def]
    _, first = redacted({"a.txt": f"x {VALUE}\n".encode(), "b.txt": f"secret={VALUE}\n".encode()})
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "a.txt").write_text(f"secret={VALUE}\n")
    (folder / "b.txt").write_text(f"x {VALUE}\n")
    redact_bundle([folder], tmp_path / "second", key, workers=1)
    second = sorted((tmp_path / "second").glob("*.txt"))
    assert second[0].read_bytes() == first["b.txt"]
    assert second[1].read_bytes() == first["a.txt"]


def test_archives_are_walked_and_what_is_unknown_is_withheld(redacted, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    packed, zipped = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        data = f"password={VALUE}\n".encode()
        info = tarfile.TarInfo("../../etc/h.voss@acme-works.de.conf")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("inner.tgz", packed.getvalue())
        archive.writestr("shot.png", b"\x89PNG\r\n\x1a\n" + VALUE.encode())
        archive.writestr("core", b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x04\x00" + VALUE.encode())
        archive.writestr("blob.bin", bytes(range(256)) * 8)
    report, _ = redacted({"all.zip": zipped.getvalue()})
    assert sorted(entry.kind for entry in report.withheld) == ["binary", "dump", "image"]
    names = os.listdir(tmp_path / "out")
    assert len(names) == 2
    assert not any("voss" in name or "/" in name for name in names)
    assert VALUE not in (tmp_path / "out" / "manifest.json").read_text()
    assert not (tmp_path / "etc").exists()


def test_the_manifest_names_digests_rules_and_key(redacted, key: Key) -> None:  # type: ignore[no-untyped-def]
    import hashlib

    text = f"password={VALUE}\n".encode()
    report, made = redacted({"a.txt": text})
    (told,) = report.manifest["files"]
    assert told["sha256"] == hashlib.sha256(text).hexdigest()
    assert told["derivative_sha256"] == hashlib.sha256(made["a.txt"]).hexdigest()
    assert report.manifest["key"] == key.id
    assert len(report.manifest["ruleset"]) == 64
    assert told["coverage"] == "every byte read"


def test_the_map_opens_with_its_key_alone(redacted, tmp_path: Path, key: Key) -> None:  # type: ignore[no-untyped-def]
    _, made = redacted({"a.txt": f"password={VALUE}\n".encode()})
    pseudonym = made["a.txt"].strip().partition(b"=")[2]
    path = tmp_path / "out.map"
    assert sealedmap.open_file(path, key)[pseudonym] == ("secret", VALUE.encode())
    assert VALUE.encode() not in path.read_bytes()
    with pytest.raises(sealedmap.MapUnusable, match="sealed with the key"):
        sealedmap.open_file(path, Key(b"another key of sixteen"))
    raw = bytearray(path.read_bytes())
    for at in (0, 8, 30, len(raw) - 1):
        damaged = bytearray(raw)
        damaged[at] ^= 1
        with pytest.raises(sealedmap.MapUnusable):
            sealedmap.opened(bytes(damaged), key)
    with pytest.raises(sealedmap.MapUnusable):
        sealedmap.opened(bytes(raw[:40]), key)


def test_a_place_that_is_taken_is_left_as_it_was(tmp_path: Path, key: Key) -> None:
    (tmp_path / "a.txt").write_text("x")
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    with pytest.raises(OutputUnusable, match="not empty"):
        redact_bundle([tmp_path / "a.txt"], out, key)
    assert os.listdir(out) == ["mine"]


def test_two_redactions_into_one_place_do_not_mix(tmp_path: Path, key: Key) -> None:
    (tmp_path / "a.txt").write_text("x")
    seen = []

    def meanwhile(what: str, done: int, total: int) -> None:
        if not seen:
            with pytest.raises(OutputUnusable, match="another redaction") as refused:
                redact_bundle([tmp_path / "a.txt"], tmp_path / "out", key, workers=1)
            seen.append(refused)

    redact_bundle([tmp_path / "a.txt"], tmp_path / "out", key, workers=1, progress=meanwhile)
    assert seen
    assert (tmp_path / "out" / "manifest.json").exists()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.redaction import passes

    (tmp_path / "a.txt").write_text(f"password={VALUE}\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(passes, "derive", full)
    with pytest.raises(OutputUnusable, match="the disk is full"):
        redact_bundle([tmp_path / "a.txt"], tmp_path / "out", key, workers=1)
    assert sorted(os.listdir(tmp_path)) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == f"password={VALUE}\n"


@pytest.mark.parametrize("lines", [0, 4, 9000, 40000])
def test_a_file_that_changes_between_the_passes_is_withheld(
    redacted,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    lines: int,
) -> None:
    line = f"a line that has a password={VALUE}\n".encode()

    def change(what: str, _done: int, _total: int) -> None:
        if what == "discovering":
            (tmp_path / "in" / "a.txt").write_bytes(line * lines)

    report, made = redacted({"a.txt": line * 20000}, progress=change)
    assert [entry.withheld for entry in report.entries] == ["it has changed since it was first read"]
    assert not made


def test_a_crash_withholds_the_file_alone(redacted, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    from holdfast.redaction import passes

    true = passes.derive

    def failing(path: Path, *args: object, **options: object) -> object:
        if "bad" in path.name:
            raise MemoryError
        return true(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(passes, "derive", failing)
    report, made = redacted({"bad.txt": b"x\n", "good.txt": b"y\n"})
    assert [entry.withheld for entry in report.withheld] == ["writing it failed: MemoryError"]
    assert made == {"good.txt": b"y\n"}


def test_a_missing_file_and_a_wrong_key_are_told(tmp_path: Path, key: Key) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        redact_bundle([tmp_path / "none"], tmp_path / "out", key)
    (tmp_path / "key").write_text("short")
    with pytest.raises(KeyUnusable, match="holds no key"):
        Key.read(tmp_path / "key")
    with pytest.raises(KeyUnusable, match="cannot be read"):
        Key.read(tmp_path / "none")


def test_tables_are_redacted_by_their_columns(redacted) -> None:  # type: ignore[no-untyped-def]
    _, made = redacted(
        {
            "users.csv": b'id,first_name,token,note\n1,Henrike,abc123def456,ok\n2,"Al, B",zzz999yyy888,ok\n',
            "dump.sql": b"INSERT INTO users (id, password, note) VALUES (1,'it''s 99 me','ok'),(2,'b(9),x','ok');\n",
        }
    )
    assert b"Henrike" not in made["users.csv"]
    assert b"abc123def456" not in made["users.csv"]
    assert made["users.csv"].count(b",ok\n") == 2
    assert b"99 me" not in made["dump.sql"]
    assert b"b(9),x" not in made["dump.sql"]
    assert made["dump.sql"].count(b"'ok'") == 2


def test_a_capture_keeps_prefixes_and_lengths_and_loses_its_payload(redacted) -> None:  # type: ignore[no-untyped-def]
    def packet(source: bytes, target: bytes, payload: bytes) -> bytes:
        tcp = struct.pack("!HHIIBBHHH", 1234, 80, 1, 1, 5 << 4, 24, 100, 0, 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, source, target)
        return b"\x3c\x22\xfb\x19\x0a\x7e" * 2 + b"\x08\x00" + ip + tcp

    packets = [
        packet(bytes([81, 2, 69, 142]), bytes([81, 2, 69, 143]), VALUE.encode()),
        packet(bytes([81, 2, 69, 143]), bytes([127, 0, 0, 1]), VALUE.encode()),
    ]
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for one in packets:
        data += struct.pack("<IIII", 1, 2, len(one), len(one)) + one
    _, made = redacted({"a.pcap": data})
    out = made["a.pcap"]
    assert len(out) == len(data)
    assert VALUE.encode() not in out
    first, second = out[40:], out[40 + len(packets[0]) + 16 :]
    assert first[26:29] == first[30:33]
    assert first[30:34] == second[26:30]
    assert 240 <= first[26] <= 247
    assert second[30:34] == bytes([127, 0, 0, 1])
    report, _ = redacted({"a.pcap": data[:-5]})
    assert "breaks off" in report.withheld[0].withheld


def test_a_policy_adds_disables_and_exempts(redacted) -> None:  # type: ignore[no-untyped-def]
    policy = Policy.parsed(
        """
add:
- {id: badge, title: Badge number, class: badge, pattern: 'BDG-[0-9]{6}', source: 'https://example.org/badges'}
disable: [ipv4]
exempt: {fields: [session_token], paths: ['*/public/*']}
keep: [demo@acme-works.de]
"""
    )
    report, made = redacted(
        {
            "a.txt": b"BDG-740291 81.2.69.142 session_token=q8Zr2LmX0vTn4KbW7sYd1F demo@acme-works.de\n",
        },
        policy,
    )
    text = made["a.txt"].decode()
    assert text.startswith("BADGE-")
    assert "81.2.69.142 session_token=q8Zr2LmX0vTn4KbW7sYd1F demo@acme-works.de" in text
    assert not report.withheld


def test_an_exempt_file_loses_only_what_was_found_elsewhere(redacted) -> None:  # type: ignore[no-untyped-def]
    policy = Policy.parsed("exempt: {paths: ['*/public/*']}")
    encoded = base64.b64encode(f"note: {VALUE} !".encode()).decode()
    files = {
        "a.env": f"DB_PASSWORD={VALUE}\n".encode(),
        "public/b.txt": f"mail press@acme-works.de password=Other77x81 {VALUE} {encoded}\n".encode(),
        "public/shot.png": b"\x89PNG\r\n\x1a\n",
    }
    report, made = redacted(files, policy)
    pseudonym = made["a.env"].strip().partition(b"=")[2]
    assert made["public/b.txt"].startswith(
        b"mail press@acme-works.de password=Other77x81 " + pseudonym + b" "
    )
    assert encoded.encode() not in made["public/b.txt"]
    assert [entry.withheld for entry in report.withheld] == ["an image; a person has to look at it"]
    assert report.manifest["files"][1]["coverage"].startswith("exempt by the policy")


def test_a_value_of_an_exempt_field_that_is_a_secret_elsewhere_goes(redacted) -> None:  # type: ignore[no-untyped-def]
    policy = Policy.parsed("exempt: {fields: [session_token]}")
    files = {"a.txt": f"session_token={VALUE} session_token=q8Zr2LmX0vTn4KbW7sYd1F\n".encode()}
    _, made = redacted(files, policy)
    assert made["a.txt"] == files["a.txt"]
    report, made = redacted({**files, "b.env": f"PASSWORD={VALUE}\n".encode()}, policy)
    assert not report.withheld
    assert VALUE.encode() not in made["a.txt"]
    assert b"session_token=q8Zr2LmX0vTn4KbW7sYd1F" in made["a.txt"]


def test_what_hit_is_explained(redacted) -> None:  # type: ignore[no-untyped-def]
    report, _ = redacted(
        {"a.txt": f"x\nmail a.b@acme-works.de\npassword={VALUE}\n{VALUE}\n".encode()}, explain=True
    )
    (places,) = report.explained.values()
    assert places == [
        (2, "email", "email", "form"),
        (3, "password-field", "secret", "field or context"),
        (4, "learnt", "secret", "known from elsewhere"),
    ]
    assert json.dumps(report.manifest)


def test_a_released_dump_keeps_its_length_and_loses_its_values(redacted) -> None:  # type: ignore[no-untyped-def]
    head = b"MDMP" + bytes([147, 167, 0, 0, 2, 0, 0, 0, 32, 0, 0, 0]) + bytes(16)
    streams = b"\x03\0\0\0" + bytes(8) + b"\x04\0\0\0" + bytes(8)
    body = (
        bytes(range(256))
        + f"password={VALUE}".encode()
        + b"\0\0"
        + f"user {VALUE} x".encode("utf-16-le")
        + bytes(99)
    )
    mail = b"\0\1henrike.voss@acme-works.de\0" + "h.voss@acme-works.de".encode("utf-16-le")
    data = head + streams + body + mail + bytes(300)
    report, made = redacted({"a.dmp": data, "b.env": f"SECRET={VALUE}\n".encode()})
    assert "a.dmp" not in made
    assert report.manifest["files"][0]["facts"] == {"form": "minidump", "streams": [3, 4], "written": 0}
    report, made = redacted({"a.dmp": data, "b.env": b"x=1\n"}, Policy.parsed("release: ['*.dmp']"))
    out = made["a.dmp"]
    assert len(out) == len(data)
    assert out[: len(head) + len(streams) + 256] == data[: len(head) + len(streams) + 256]
    for value in (VALUE, "henrike.voss", "h.voss@"):
        assert value.encode() not in out
        assert value.encode("utf-16-le") not in out
