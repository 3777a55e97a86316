"""What arrives may break off anywhere, by a crash at any byte too, and is whole in the end or not there."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.sealing import Arriving, FileSource, Opened, StoreFailed, WrongOffset
from holdfast.sealing.arriving import _running
from holdfast.sealing.frames import EXTRA, FRAME, HEADER

KEY = bytes(range(32))
DATA = random.Random(7).randbytes(5 * FRAME)


def content(path):
    return b"".join(Opened(FileSource(path), KEY).blocks())


@settings(max_examples=60)
@given(
    st.sampled_from([1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 4 * FRAME + 5]),
    st.lists(st.integers(0, 4 * FRAME + 5), max_size=6),
    st.booleans(),
)
def test_pieces_of_any_size_make_the_whole_also_after_restarts(tmp_path_factory, size, cuts, restarted):
    path = tmp_path_factory.mktemp("arriving") / "thing"
    data, cuts = DATA[:size], sorted({0, size, *(cut for cut in cuts if cut < size)})
    for start, end in itertools.pairwise(cuts):
        if restarted:
            _running.clear()
        assert Arriving(path, KEY).grow(start, [data[start:end]], size) == end
        assert Arriving(path, KEY).size() == end
    for _ in range(2):  # completing again is safe
        assert Arriving(path, KEY).seal()[:2] == (hashlib.sha256(data).hexdigest(), size)
        assert Arriving(path, KEY).size() == size
    assert content(path) == data
    with pytest.raises(WrongOffset):
        Arriving(path, KEY).grow(0, [data], size)


@settings(max_examples=80)
@given(st.integers(0, 3 * (FRAME + EXTRA) + HEADER + 10), st.integers(1, 3 * FRAME))
def test_a_file_torn_at_any_byte_goes_on_from_what_is_whole(tmp_path_factory, torn, first):
    path = tmp_path_factory.mktemp("arriving") / "thing"
    size = 3 * FRAME + 10
    Arriving(path, KEY).grow(0, [DATA[:first]], size)
    with path.open("r+b") as file:
        file.truncate(min(torn, os.fstat(file.fileno()).st_size))
    _running.clear()
    here = Arriving(path, KEY).size()
    assert here <= first
    Arriving(path, KEY).grow(here, [DATA[here:size]], size)
    assert Arriving(path, KEY).seal()[0] == hashlib.sha256(DATA[:size]).hexdigest()
    assert content(path) == DATA[:size]


def test_nothing_lies_open_while_it_arrives(tmp_path):
    Arriving(tmp_path / "thing", KEY).grow(0, [b"canary " * 20_000], 10**6)
    assert len(list(tmp_path.iterdir())) == 2
    for path in tmp_path.iterdir():
        assert b"canary" not in path.read_bytes()


def test_more_than_announced_is_refused_and_what_fitted_stays(tmp_path):
    thing = Arriving(tmp_path / "thing", KEY)
    with pytest.raises(ValueError, match="announced"):
        thing.grow(0, [b"abc", b"def"], 5)
    assert thing.size() == 3


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_a_full_disk_is_said_and_what_arrived_before_stays(tmp_path, monkeypatch):
    thing = Arriving(tmp_path / "thing", KEY)
    thing.grow(0, [DATA[: 2 * FRAME]], len(DATA))
    full = os.open("/dev/full", os.O_RDWR)
    monkeypatch.setattr("holdfast.sealing.arriving._write", lambda file, data: write_to(full, data))
    with pytest.raises(StoreFailed, match="full"):
        thing.grow(2 * FRAME, [DATA[2 * FRAME :]], len(DATA))
    monkeypatch.undo()
    os.close(full)
    here = thing.size()
    thing.grow(here, [DATA[here:]], len(DATA))
    assert thing.seal()[0] == hashlib.sha256(DATA).hexdigest()


def write_to(handle, data):
    from holdfast.sealing.failures import told

    try:
        os.write(handle, data)
    except OSError as error:
        raise told(error, "what arrives") from error


SENDER = """
import sys
from pathlib import Path
from holdfast.sealing import Arriving, Folder
data, path, store = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]), Folder(Path(sys.argv[3]))
thing = Arriving(path, bytes(range(32)))
print("ready", flush=True)
while (here := thing.size()) < len(data):
    thing.grow(here, [data[here : here + 40_000]], len(data))
thing.seal()
store.put("things/one", path)
thing.discard()
print("done", flush=True)
"""


def test_killed_at_any_moment_there_is_the_whole_thing_or_none(tmp_path):
    data, store = random.Random(1).randbytes(12 * FRAME + 17), tmp_path / "store"
    (tmp_path / "data").write_bytes(data)
    chance, ends = random.Random(3), 0
    for number in range(12):
        path = tmp_path / f"arriving-{number}"
        kills = 0
        while True:
            process = subprocess.Popen(
                [sys.executable, "-c", SENDER, tmp_path / "data", path, store],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            if kills < 3:
                time.sleep(chance.random() * 0.05)
                process.send_signal(signal.SIGKILL)
                kills += 1
            finished = process.stdout.read() == "done\n"
            process.stdout.close()
            process.wait()
            stored = store / "things" / "one"
            if stored.exists():
                assert content(stored) == data
            if finished:
                break
        ends += 1
        assert content(store / "things" / "one") == data
        (store / "things" / "one").unlink()
    assert ends == 12
