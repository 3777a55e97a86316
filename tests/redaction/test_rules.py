"""Every rule finds its examples and leaves its counter-examples alone."""

from __future__ import annotations

import pytest

from holdfast.redaction import Redactor
from holdfast.redaction.rules import SECRET, Rule, RuleError, parsed, shipped


def test_there_are_enough_kinds() -> None:
    secrets = [rule for rule in shipped() if rule.kind == SECRET]
    assert len(secrets) >= 400
    assert len({rule.kind for rule in shipped()} - {SECRET}) >= 25


@pytest.mark.parametrize("rule", shipped(), ids=lambda rule: rule.id)
def test_a_rule_finds_its_examples(rule: Rule, redactor: Redactor) -> None:
    positive, negative = rule.examples()
    assert positive
    assert negative
    for text in positive:
        found = redactor.find(text)
        assert any(one.kind == rule.kind or rule.kind == SECRET == one.kind for one in found), text
    for text in negative:
        assert not [one for one in redactor.find(text) if one.rule == rule.id], text


@pytest.mark.parametrize("rule", shipped(), ids=lambda rule: rule.id)
def test_a_rule_names_its_source(rule: Rule) -> None:
    assert rule.source.startswith("https://")
    assert rule.title


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{id: a}", "give a pattern"),
        ("{id: a, pattern: '(?<=x)y{9}'}", "not regular"),
        ("{id: a, pattern: '['}", "is not a pattern"),
        ("{id: a, pattern: '[a-z]{9}'}", "no literal of three bytes"),
        ("{id: a, colour: red}", "unknown colour"),
        ("{id: a, fields: [x], strength: huge}", "'huge' is none of"),
        ("{id: a, handler: magic}", "'magic' is none of"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(row: str, reason: str) -> None:
    with pytest.raises(RuleError, match=reason):
        parsed(f"rules:\n- {row}\n", "mine.yaml")


def test_a_list_of_rules_is_asked_for() -> None:
    with pytest.raises(RuleError, match="a list under `rules` is missing"):
        parsed("nothing: here", "mine.yaml")
