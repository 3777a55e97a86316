"""Every layout reads its own sample lines, and wins the vote for a file of them."""

from pathlib import Path

import numpy as np
import pytest

from holdfast.diagnostics.logs import NO_TIME, Level, read_log
from holdfast.diagnostics.logs.detection import arranged, detect_lines
from holdfast.diagnostics.logs.layouts import Layout, LayoutError, Sample, compiled, known_layouts, parsed

CASES = [
    pytest.param(layout, sample, id=f"{layout.name}-{number}")
    for layout in known_layouts()
    for number, sample in enumerate(layout.samples)
]


def nanoseconds(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))


@pytest.mark.parametrize(("layout", "sample"), CASES)
def test_a_layout_reads_its_sample(layout: Layout, sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "sample.log"
    path.write_text(sample.line + "\n", "utf-8")
    plan = arranged(
        [program for program in compiled(layout) if _reads(program, sample)][:1], (), False, 1.0, [layout]
    )
    table = read_log(path, hint=plan)
    assert table.records == 1
    expect = dict(sample.expect)
    if "time" in expect:
        assert table.time[0] == nanoseconds(expect["time"])
    if "level" in expect:
        assert Level(table.level[0]).name.lower() == expect["level"]
    if "component" in expect:
        assert table.components[table.component[0]] == expect["component"]
    if "id" in expect:
        assert table.id_values[int(table.ids[0])] == expect["id"]
    if "location" in expect:
        assert table.templates[0].location == expect["location"]
    if "message" in expect:
        first = expect["message"].split()[0].strip('":[]<>(),=')
        assert first in table.templates[0].text or any(char in first for char in "0123456789/='")


def _reads(program: object, sample: Sample) -> bool:
    from holdfast.diagnostics.logs.detection import _Booth, _spans

    text, spans = _spans([sample.line.encode()])
    layout = program.layout  # type: ignore[attr-defined]
    plan = arranged([program], (), False, 1.0, [layout])  # type: ignore[list-item]
    return bool(_Booth(text, spans, plan).ballots(np.arange(1)))


@pytest.mark.parametrize(("layout", "sample"), CASES)
def test_a_layout_is_recognised_by_its_sample(layout: Layout, sample: Sample) -> None:
    plan = detect_lines([sample.line.encode()] * 3)
    assert plan.outers[0].layout.name == layout.name


@pytest.mark.parametrize("every", [2, 3, 5, 7])
def test_layouts_that_take_turns_are_both_recognised(every: int) -> None:
    klog = b"I0510 01:00:06.081123   20373 scope.go:285] removed a container"
    plain = b"2023-01-29 10:55:01,385 INFO [main] a.b.C: opened the door"
    for rare, common in ((klog, plain), (plain, klog)):
        plan = detect_lines([rare if number % every == 0 else common for number in range(240)])
        readers = [
            {program.layout.name for program in detect_lines([line] * 3).outers} for line in (rare, common)
        ]
        assert all(reader & {program.layout.name for program in plan.outers} for reader in readers)


def test_every_layout_has_a_sample_and_a_title() -> None:
    assert len(known_layouts()) >= 70
    for layout in known_layouts():
        assert layout.samples, layout.name
        assert layout.title


def test_a_data_file_without_a_pattern_is_refused() -> None:
    with pytest.raises(LayoutError, match="pattern"):
        parsed("name: broken\ntitle: Broken\n")


def test_an_unknown_kind_is_refused_by_name() -> None:
    layout = parsed("name: broken\ntitle: Broken\npattern: '{x:sausage} {message}'\n")
    with pytest.raises(LayoutError, match="sausage"):
        compiled(layout)


def test_an_unknown_time_field_is_refused() -> None:
    layout = parsed("name: broken\ntitle: Broken\npattern: '{time} {message}'\ntime: ['%Q']\n")
    with pytest.raises(LayoutError, match="%Q"):
        compiled(layout)


def test_a_time_of_day_layout_gives_no_time_when_the_line_has_none(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("ERROR:root:Cannot open a.txt\n")
    assert read_log(path).time.tolist() == [NO_TIME]
