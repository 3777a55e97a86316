"""The board of golden signals: what each component's calls were like before the onset and since."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.golden import golden
from holdfast.diagnostics.correlation.ranking import weigh
from holdfast.diagnostics.diagnosis import Golden
from small_system import broken, healthy


def board(fault: str) -> dict[str, Golden]:
    return {row.component: row for row in golden(weigh(healthy(), broken(fault)))}


def test_the_slow_one_is_the_one_waited_for() -> None:
    rows = board("slow_work")
    assert next(iter(rows)) == "stock"
    before, after = rows["stock"].before, rows["stock"].after
    assert before
    assert after
    assert after.median > 20 * before.median
    assert after.waited > 0.8 > before.waited


def test_the_failing_one_fails_and_its_rate_stays() -> None:
    stock = board("error_below")["stock"]
    assert stock.before
    assert stock.after
    assert stock.before.failed == 0.0
    assert stock.after.failed > 0.95
    assert stock.after.rate == pytest.approx(stock.before.rate, rel=0.2)


def test_the_waits_of_all_add_up_to_the_whole() -> None:
    rows = board("slow_ways").values()
    assert sum(row.after.waited for row in rows if row.after) == pytest.approx(1.0)


def test_without_calls_there_is_no_board() -> None:
    assert golden(weigh(Evidence(), Evidence())) == ()
