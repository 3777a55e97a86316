"""Readers are found by being there, two of one name are refused, and the surest of them reads."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.analysers import Analyser, Opened, Reading, Sample, choose, registered
from holdfast.diagnostics.analysers.manifest import moment
from holdfast.diagnostics.analysers.registry import _by_name


def test_every_reader_is_there_in_order_of_name() -> None:
    names = [one.name for one in registered()]
    assert names == sorted(names)
    assert {"logs", "traces.otlp", "metrics.prometheus", "manifest", "changes"} <= set(names)
    assert all(one.reads for one in registered())


def test_a_second_reader_of_one_name_is_refused() -> None:
    before = dict(_by_name)
    with pytest.raises(TypeError, match="two analysers are named 'logs'"):

        class Usurper(Analyser):
            name = "logs"
            reads = "what is not its own"

            def confidence(self, sample: Sample) -> float:
                return 1.0

            def read(self, opened: Opened) -> Reading:
                raise NotImplementedError

    assert _by_name == before


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"resourceSpans": []}', "traces.otlp"),
        (b"time,cpu\n1769680800,1.5\n", "metrics.csv"),
        (b"time,message\nyesterday,nothing\n", "logs"),
        (b"plain words\n", "logs"),
    ],
)
def test_kind_goes_by_content_whatever_the_name_says(data: bytes, name: str) -> None:
    for called in ("x.log", "x.json", "x.csv", "x"):
        chosen = choose(Sample(called, data, len(data)))
        assert chosen is not None
        assert chosen.name == name


def test_noise_is_nobodys() -> None:
    assert choose(Sample("x.log", bytes(range(1, 9)) * 500, 4000)) is None


def test_a_reader_that_chokes_on_a_sample_is_not_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def choke(_: object, __: Sample) -> float:
        raise ValueError

    monkeypatch.setattr(type(next(one for one in registered() if one.name == "logs")), "confidence", choke)
    assert choose(Sample("x", b"plain words\n", 12)) is None


def test_times_without_a_zone_are_utc() -> None:
    assert (
        moment("2026-01-29T10:58:02") == moment("2026-01-29T10:58:02Z") == moment("2026-01-29T11:58:02+01:00")
    )
    assert moment("soon") is None
    assert moment(None) is None
