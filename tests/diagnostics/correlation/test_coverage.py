"""What so little was seen of that nothing can be told is named, and asked for."""

from __future__ import annotations

from holdfast.diagnostics.correlation.certainty import judged
from holdfast.diagnostics.correlation.coverage import gaps
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.questions import questions
from holdfast.diagnostics.correlation.ranking import weigh
from holdfast.diagnostics.diagnosis import Gap, Question
from small_system import broken, healthy


def asked(baseline: Evidence, bundle: Evidence) -> tuple[dict[str, Gap], tuple[Question, ...]]:
    """The gaps by kind, and what is asked for."""
    weighed = weigh(baseline, bundle)
    found = gaps(bundle, baseline, weighed, [], {})
    return {gap.kind: gap for gap in found}, questions(bundle, weighed, found)


def test_what_few_calls_were_seen_of_is_named_and_every_trace_of_it_asked_for() -> None:
    baseline, bundle = healthy(requests=8), broken("line_stops", requests=8)
    kinds, questions = asked(baseline, bundle)
    assert judged(weigh(baseline, bundle))[1] != "high"
    assert "stock" in kinds["few_calls"].components
    assert "every trace of stock" in questions[0].title


def test_many_calls_leave_nothing_to_ask_for() -> None:
    kinds, questions = asked(healthy(), broken("line_stops"))
    assert "few_calls" not in kinds
    assert not [question for question in questions if "every trace" in question.title]


def test_without_anything_to_compare_with_it_is_not_the_number_of_calls_that_lacks() -> None:
    kinds, _ = asked(Evidence(), broken("line_stops", since=0.0))
    assert "few_calls" not in kinds
    assert "no_baseline" in kinds
