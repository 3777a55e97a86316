"""An archive is taken whole, or refused with what is wrong and where."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.portable import FORMAT, Archive, Member, Refused
from small_archive import KEY, WHOLE, Bytes, packed


def test_what_was_written_is_read_again():
    archive = Archive(Bytes(WHOLE))
    assert archive.about == {"format": FORMAT, "case": "ESC-1", "form": "redacted"}
    assert archive.manifest["counts"] == {"a": 2}
    assert archive.key == KEY.verifier
    assert list(archive.lines("records/a.jsonl")) == [{"a": 1}, {"a": 2}]
    assert b"".join(archive.blocks("evidence/7")) == b"x" * 700
    assert archive.names("evidence/") == ["evidence/7"]


def test_anybody_opens_it_with_tar():
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as opened:
        assert opened.getnames()[0] == "holdfast-case.json"
        assert json.load(opened.extractfile("manifest.json"))["case"] == "ESC-1"


def test_no_changed_byte_anywhere_is_taken_and_it_is_said_where():
    for at in range(len(WHOLE)):
        changed = WHOLE[:at] + bytes([WHOLE[at] ^ 1]) + WHOLE[at + 1 :]
        with pytest.raises(Refused, match=r"byte|holdfast-case\.json|manifest"):
            Archive(Bytes(changed))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_cut_archive_is_refused(end):
    with pytest.raises(Refused):
        Archive(Bytes(WHOLE[:end]))


def test_what_was_added_taken_out_or_swapped_is_refused():
    with pytest.raises(Refused, match="added behind its end"):
        Archive(Bytes(WHOLE + b"\x00"))
    other = packed(Member.of("records/a.jsonl", b'{"a": 9}\n{"a": 2}\n'), Member.of("evidence/7", b"x" * 700))
    start = other.index(b'{"a": 9}')
    with pytest.raises(Refused, match=r"records/a\.jsonl \(bytes \d+ to \d+\): it was changed"):
        Archive(Bytes(WHOLE[:start] + other[start : start + 8] + WHOLE[start + 8 :]))


def test_a_newer_format_is_refused_before_anything_else_is_looked_at():
    newer = WHOLE.replace(b'"format": 1', b'"format": 2', 1)
    with pytest.raises(Refused, match="of format 2, this desk reads up to 1: update Holdfast"):
        Archive(Bytes(newer))


@given(st.binary(max_size=2000))
def test_arbitrary_bytes_are_refused(data):
    with pytest.raises(Refused):
        Archive(Bytes(data))


def test_a_large_member_passes_in_pieces():
    block = b"y" * (1 << 20)
    source = Bytes(packed(Member("evidence/8", 40 << 20, (block for _ in range(40)))))
    archive = Archive(source)
    assert sum(len(piece) for piece in archive.blocks("evidence/8")) == 40 << 20
    assert source.asked <= 1 << 20


def test_a_member_that_does_not_have_its_size_is_no_archive():
    with pytest.raises(ValueError, match="was to have 3 bytes and has 2"):
        packed(Member("evidence/9", 3, [b"ab"]))


def test_a_name_from_outside_never_becomes_a_member():
    for name in ("../x", "/x", "a//b", "a/../b", "A", ""):
        with pytest.raises(ValueError, match="is no name"):
            packed(Member.of(name, b""))
