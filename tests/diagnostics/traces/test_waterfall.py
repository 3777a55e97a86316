"""A waterfall says what a request waited for at every moment, and never more than once."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from holdfast.diagnostics.traces.shape import critical
from holdfast.diagnostics.traces.spans import CLIENT, SERVER, SpanBuilder, join, parents
from holdfast.diagnostics.traces.waterfall import named, waterfall


def frame_of(rows):
    """rows: span, parent, component, start, end, kind."""
    spans = SpanBuilder()
    for span, parent, component, start, end, kind in rows:
        spans.add("t", span, parent, component, f"op {span}", start, end, kind=kind)
    return join([("A1", spans.table())]).frame


def held(bars):
    return sorted(one for bar in bars for one in (*bar.critical, *bar.waiting))


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 200), st.integers(0, 200), st.sampled_from("xyz")),
        max_size=25,
    )
)
def test_the_parts_of_the_critical_path_cover_the_whole_request_once(children):
    rows = [("s0", "", "x", 100, 300, SERVER)]
    for number, (parent, start, length, component) in enumerate(children, 1):
        rows.append((f"s{number}", f"s{parent % number}", component, 50 + start, 50 + start + length, SERVER))
    frame = frame_of(rows)
    bars = waterfall(frame)
    parts = held(bars)
    assert sum(end - start for start, end in parts) == 200
    # The sums that figures are made of are those of the stretches drawn.
    sums = critical(parents(frame), frame["start"].to_numpy(), frame["end"].to_numpy())
    assert {bar.row: sum(e - s for s, e in (*bar.critical, *bar.waiting)) for bar in bars} == dict(
        enumerate(sums)
    )
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(parts))


def test_callers_stand_before_the_called_in_the_order_they_began():
    rows = [("c", "a", "x", 50, 60, SERVER), ("a", "", "x", 1, 90, SERVER), ("b", "a", "x", 10, 20, SERVER)]
    frame = frame_of(rows)
    assert [(frame["span"][bar.row], bar.depth) for bar in waterfall(frame)] == [("a", 0), ("b", 1), ("c", 1)]


def test_time_between_a_call_and_the_called_is_waiting_not_work():
    frame = frame_of(
        [("call", "", "basic", 0 + 1, 231, CLIENT), ("serve", "call", "train", 225, 230, SERVER)]
    )
    call, serve = waterfall(frame)
    assert (call.critical, call.waits_for) == ([], "train")
    assert sorted(call.waiting) == [(1, 225), (230, 231)]
    assert serve.critical == [(225, 230)]


def test_an_operation_says_which_one_other_component_it_calls():
    frame = frame_of([("a", "", "basic", 1, 9, CLIENT), ("b", "a", "train", 2, 8, SERVER)])
    assert named(frame)["operation"].to_list() == ["op a → train", "op b"]


def test_spans_that_call_one_another_in_a_circle_are_drawn_and_hold_nothing():
    frame = frame_of([("a", "b", "x", 1, 9, SERVER), ("b", "a", "y", 2, 8, SERVER)])
    assert len(waterfall(frame)) == 2


def test_a_chain_of_fifty_thousand_calls_is_drawn():
    deep = 50_000
    rows = [(f"s{n}", f"s{n - 1}" if n else "", "x", 1 + n, 3 * deep - n, SERVER) for n in range(deep)]
    assert waterfall(frame_of(rows))[-1].depth == deep - 1
