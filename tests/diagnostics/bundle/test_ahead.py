"""Reading ahead changes when bytes are read, never which bytes, in which order, or what goes wrong."""

from __future__ import annotations

import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnostics.bundle.ahead import PIECE, PIECES, WORTH, Ahead

WHOLE = bytes(range(251)) * ((WORTH + 3 * PIECE) // 251 + 1)


class Breaking(io.BytesIO):
    """A stream that breaks where its bytes end."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise EOFError("cut off")
        return data


class Endless:
    """A stream that goes on for ever."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        self.given += size
        return bytes(size)


def threads() -> int:
    return sum(thread.name == "reading ahead" for thread in threading.enumerate())


@given(st.lists(st.integers(1, WORTH), min_size=1, max_size=8))
def test_all_bytes_come_in_order_whatever_is_asked_for(sizes: list[int]) -> None:
    parts = []
    with Ahead(io.BytesIO(WHOLE)) as stream:
        for number in range(len(WHOLE)):
            data = stream.read(sizes[number % len(sizes)] if number < 100 else PIECE)
            if not data:
                break
            parts.append(data)
        assert stream.read(1) == b""
    assert b"".join(parts) == WHOLE
    assert not threads()


def test_what_comes_before_a_damage_is_read_first_and_the_damage_stays() -> None:
    with Ahead(Breaking(WHOLE)) as stream:
        got = b""
        while len(got) < len(WHOLE):
            got += stream.read(1 << 16)
        for _ in range(2):
            with pytest.raises(EOFError, match="cut off"):
                stream.read(1)
    assert got == WHOLE


def test_no_more_is_read_ahead_than_may_wait_and_leaving_ends_it() -> None:
    below = Endless()
    with Ahead(below) as stream:
        taken = sum(len(stream.read(PIECE)) for _ in range(20))
        assert threads() == 1
    assert not threads()
    assert below.given <= taken + (PIECES + 2) * PIECE


def test_a_short_stream_gets_no_thread() -> None:
    with Ahead(io.BytesIO(b"short")) as stream:
        assert stream.read() == b"short"
        assert stream.read() == b""
        assert not threads()
