"""The same message is known again whatever happened to vary in each file."""

from __future__ import annotations

from holdfast.diagnostics.correlation.alignment import aligned


def test_a_word_that_varied_elsewhere_is_the_same_message() -> None:
    same = aligned([{"a": "user bob logged in"}, {"b": "user <*> logged in"}])
    assert same["a"] == same["b"]


def test_a_chain_of_wildcards_is_one_message() -> None:
    same = aligned(
        [{"a": "read 5 rows of orders"}, {"b": "read <*> rows of orders"}, {"c": "read <*> rows of <*>"}]
    )
    assert len(set(same.values())) == 1


def test_different_words_stay_different() -> None:
    same = aligned([{"a": "connection opened to db"}, {"b": "connection closed to db"}])
    assert same["a"] != same["b"]


def test_different_lengths_stay_different() -> None:
    same = aligned([{"a": "connection to <*> lost"}, {"b": "connection to <*> lost again"}])
    assert same["a"] != same["b"]


def test_a_template_without_any_word_swallows_nothing() -> None:
    same = aligned([{"a": "<*> <*> <*>"}, {"b": "disk almost full"}, {"c": "orders are late"}])
    assert same["b"] != same["c"]


def test_every_id_is_answered_for() -> None:
    same = aligned([{"a": "", "b": "x"}, {}])
    assert set(same) == {"a", "b"}
