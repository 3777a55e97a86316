"""A sealed thing opens by ranges, and nothing that was done to it goes unnoticed."""

from __future__ import annotations

import itertools
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.sealing import Damaged, FileSource, Opened, PlainFile, Sealer, seal_file, sealed_size
from holdfast.sealing.frames import EXTRA, FRAME, HEADER

KEY = bytes(range(32))
WHOLE = FRAME + EXTRA


class Memory:
    def __init__(self, data):
        self.data = data

    def size(self):
        return len(self.data)

    def read(self, start, end):
        return self.data[start:end]


def sealed(data, key=KEY, context=b"", pieces=None):
    sealer = Sealer(key, context)
    done = [sealer.header, *(sealer.take(piece) for piece in (pieces or [data])), sealer.end()]
    return b"".join(done)


def whole(thing, key=KEY, context=b"", **more):
    return b"".join(Opened(Memory(thing), key, context, **more).blocks())


SIZES = st.sampled_from([0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 5 * FRAME + 7])


@settings(max_examples=40)
@given(
    SIZES, st.lists(st.integers(0, 6 * FRAME), max_size=5), st.integers(0, 6 * FRAME), st.integers(0, 70_000)
)
def test_what_was_sealed_in_any_pieces_opens_as_a_whole_and_by_any_range(size, cuts, start, length):
    data = os.urandom(size)
    cuts = sorted({0, size, *(cut for cut in cuts if cut < size)})
    thing = sealed(data, pieces=[data[a:b] for a, b in itertools.pairwise(cuts)])
    assert len(thing) == sealed_size(size)
    assert whole(thing) == data
    opened = Opened(Memory(thing), KEY)
    assert opened.read(start, start + length) == data[start : start + length]
    assert opened[start : start + length] == data[start : start + length]


@settings(max_examples=60)
@given(st.integers(0, 3 * WHOLE + HEADER), st.integers(1, 255))
def test_every_changed_byte_is_noticed(at, change):
    thing = bytearray(sealed(b"x" * (3 * FRAME)))
    thing[at % len(thing)] ^= change
    with pytest.raises(Damaged):
        whole(bytes(thing))


def frames_of(thing):
    return thing[:HEADER], [thing[at : at + WHOLE] for at in range(HEADER, len(thing), WHOLE)]


@pytest.mark.parametrize(
    "forge",
    [
        lambda header, frames: header + b"".join(frames[:-1]),
        lambda header, frames: header + b"".join(frames[:1]),
        lambda header, frames: header + b"".join([frames[1], frames[0], *frames[2:]]),
        lambda header, frames: header + b"".join([*frames[:1], *frames[2:]]),
        lambda header, frames: header + b"".join([*frames, frames[-1]]),
        lambda header, frames: (header + b"".join(frames))[:-1],
        lambda header, frames: header,
        lambda header, frames: b"",
        lambda header, frames: b"plain text as it came",
    ],
)
def test_cut_reordered_doubled_and_foreign_things_do_not_open(forge):
    header, frames = frames_of(sealed(os.urandom(3 * FRAME + 100)))
    with pytest.raises(Damaged):
        whole(forge(header, frames))


def test_the_end_that_is_missing_is_noticed_by_who_reads_the_new_end():
    header, frames = frames_of(sealed(os.urandom(3 * FRAME)))
    cut = Opened(Memory(header + b"".join(frames[:-1])), KEY)
    assert len(cut.read(0, FRAME)) == FRAME  # a range before it is genuine
    with pytest.raises(Damaged, match="end is missing"):
        cut.read(FRAME, 2 * FRAME)


def test_a_thing_of_another_key_case_or_place_does_not_open():
    thing = sealed(b"secret", context=b"case-1")
    for key, context in ((bytes(32), b"case-1"), (KEY, b"case-2"), (KEY, b"")):
        with pytest.raises(Damaged):
            whole(thing, key, context)


def test_a_frame_of_another_thing_under_the_same_key_does_not_open():
    header, frames = frames_of(sealed(os.urandom(2 * FRAME)))
    _, others = frames_of(sealed(os.urandom(2 * FRAME)))
    with pytest.raises(Damaged):
        whole(header + frames[0] + others[1])


def test_a_whole_thing_in_the_place_of_another_is_noticed_at_once():
    thing, other = sealed(b"one"), sealed(b"two")
    salt = Opened(Memory(thing), KEY).salt
    assert whole(thing, salt=salt, size=3) == b"one"
    with pytest.raises(Damaged, match="another"):
        Opened(Memory(other), KEY, salt=salt)
    with pytest.raises(Damaged, match="holds 3 bytes, not 4"):
        Opened(Memory(thing), KEY, size=4)


def test_the_cipher_text_holds_nothing_of_the_text():
    assert b"canary" not in sealed(b"canary" * 50_000)


def test_nothing_is_decrypted_that_is_not_allowed():
    class Expired(Exception):
        pass

    over = []

    def allowed():
        if over:
            raise Expired

    opened = Opened(Memory(sealed(b"x" * 2 * FRAME)), KEY, allowed=allowed)
    assert opened.read(0, 1) == b"x"
    over.append(True)
    with pytest.raises(Expired):  # also what is still in memory
        opened.read(0, 1)


@settings(max_examples=40)
@given(st.integers(0, 2 * FRAME), st.integers(0, 2 * FRAME), st.booleans())
def test_a_text_is_found_where_it_is_also_across_frames(place, start, plain_too):
    data = b"." * place + b"Needle" + b"." * 50
    opened = Opened(Memory(sealed(data)), KEY)
    assert opened.find(b"Needle", start) == data.find(b"Needle", start)
    pattern = re.compile(b"needle", re.I)
    found = pattern.search(data, start)
    assert opened.search(pattern, start, len(data), 6) == (found.start() if found else -1)


def test_it_reads_like_a_file(tmp_path):
    data = b"".join(b"line %d\n" % number for number in range(40_000))
    (tmp_path / "plain").write_bytes(data)
    seal_file(tmp_path / "plain", tmp_path / "sealed", KEY)
    opened = Opened(FileSource(tmp_path / "sealed"), KEY)
    with opened.file() as file:
        assert file.readline() == b"line 0\n"
        file.seek(-5, os.SEEK_END)
        assert file.read() == data[-5:]
        file.seek(0)
        assert file.readlines() == data.splitlines(keepends=True)


def test_a_file_that_is_not_sealed_is_read_the_same_way(tmp_path):
    data = os.urandom(3 << 20)
    (tmp_path / "plain").write_bytes(data)
    plain = PlainFile(tmp_path / "plain")
    assert b"".join(plain.blocks()) == data
    assert plain[5:9] == data[5:9]
    assert plain.find(data[1_048_570:1_048_590]) == 1_048_570  # across its pieces
