"""Byte ranges merge to the same answer however a file is cut."""

import itertools
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.diagnostics.logs.detection import detect
from holdfast.diagnostics.logs.partial import Mapped, Partial, merge, merge_all, scan, scan_all
from holdfast.diagnostics.logs.records import S_MESSAGE

Writer = Callable[..., Path]


def plain_lines() -> list[str]:
    lines = []
    for n in range(150):
        text = f"order {n} failed request_id={n:032x}"
        lines.append(f"2023-01-29 10:{n % 60:02d}:00,385 ERROR [w-{n}] a.b.C{n % 5}: {text}")
        if n % 7 == 0:
            lines += [
                "java.lang.IllegalStateException: none",
                f"\tat a.b.C.m{'xyz'[n % 3]}(C.java:{n})",
                "",
                "\t... 3 more",
            ]
    return lines


def docker_lines() -> list[str]:
    lines = []
    for n in range(120):
        stamp = f"2023-01-29T10:{n % 60:02d}:01.5Z"
        for piece in ["begin ", "middle ", f"end {n}\n"] if n % 5 == 0 else [f"job {n} done\n"]:
            lines.append(json.dumps({"log": piece, "stream": "stdout", "time": stamp}))
    return lines


@pytest.fixture(params=["plain", "docker"])
def path(request: pytest.FixtureRequest, write: Writer) -> Path:
    return write(*(plain_lines() if request.param == "plain" else docker_lines()))


def assert_same(a: Partial, b: Partial) -> None:
    for field in fields(Partial):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if field.name == "tally":
            one, two = one[:6], two[:6]
        assert np.array_equal(one, two), field.name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_cuts_give_the_same_records(path: Path, data: st.DataObject) -> None:
    file = Mapped(path)
    plan = detect(file.data, file.size)
    whole = scan_all(file, plan)
    cuts = sorted(data.draw(st.sets(st.integers(1, file.size - 1), max_size=8)))
    bounds = itertools.pairwise([0, *cuts, file.size])
    assert_same(whole, merge_all([scan(file, plan, start, stop) for start, stop in bounds]))


def test_merging_is_associative(path: Path) -> None:
    file = Mapped(path)
    plan = detect(file.data, file.size)
    third = file.size // 3
    a, b, c = (
        scan(file, plan, 0, third),
        scan(file, plan, third, 2 * third),
        scan(file, plan, 2 * third, file.size),
    )
    assert_same(merge(merge(a, b), c), merge(a, merge(b, c)))


def test_threads_give_the_serial_answer(path: Path) -> None:
    file = Mapped(path)
    plan = detect(file.data, file.size)
    assert_same(scan_all(file, plan), scan_all(file, plan, threads=4, chunk=file.size // 7))


def test_small_chunks_give_the_same_answer(path: Path) -> None:
    file = Mapped(path)
    plan = detect(file.data, file.size)
    assert_same(scan_all(file, plan), scan_all(file, plan, chunk=777))


def test_equal_keys_stand_for_equal_skeletons(path: Path) -> None:
    file = Mapped(path)
    plan = detect(file.data, file.size)
    a, b = scan(file, plan, 0, file.size // 2), scan(file, plan, file.size // 2, file.size)
    texts: dict[int, str] = {}
    for part in (a, b):
        for key, slot in zip(part.slot_keys.tolist(), part.slots, strict=True):
            raw = file.data[slot[S_MESSAGE] : slot[S_MESSAGE + 1]].tobytes().decode()
            shape = " ".join("#" if any(char.isdigit() for char in word) else word for word in raw.split())
            assert texts.setdefault(key, shape) == shape


def test_tables_grow_without_losing_lines(write: Writer) -> None:
    words = ["".join(chr(97 + n // 26**k % 26) for k in range(4)) for n in range(30_000)]
    table = scan_all(
        Mapped(path := write(*(f"~ {word} happened" for word in words))),
        detect(Mapped(path).data, path.stat().st_size),
    )
    assert table.records == 30_000
    assert len(table.slots) == 30_000
    assert np.array_equal(table.slot, np.arange(30_000))
