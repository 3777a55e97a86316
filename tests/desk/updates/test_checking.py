"""The checker finds what should not be sent, says why, and leaves the rest alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.updates.checking import (
    LONGEST,
    Facts,
    Hit,
    Rule,
    Sentence,
    Span,
    all_rules,
    check,
    read_sentence,
    sentences,
)
from holdfast.diagnostics.logs.layouts import LOADER

LABELLED, VOICES, OTHERS, NEIGHBOURS, STRANGER = (
    yaml.load(Path(__file__).with_name(f"sentences{name}.yaml").read_bytes(), Loader=LOADER)
    for name in ("", "_many_voices", "_other_author", "_neighbours", "_stranger")
)


def _known(case: dict[str, list[str]]) -> Facts:
    internal = tuple(case["components"] + case["people"] + case["customers"])
    return Facts(internal=internal, people=tuple(case["people"]), vendors=tuple(case["vendors"]))


KNOWN = _known(VOICES["case"])
NEXT = datetime(2099, 1, 1, tzinfo=UTC)
WORDED = ["overpromise", "false_precision", "speculation", "blame", "internal_name", "missing_next"]


@pytest.mark.parametrize("name", WORDED)
@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        (LABELLED, Facts()),
        *((each["sentences"], _known(each["case"])) for each in (VOICES, OTHERS, NEIGHBOURS)),
    ],
    ids=["one voice", "many voices", "another author", "their neighbours"],
)
def test_of_the_sentences_it_was_made_with_it_finds_most_and_little_else(
    name: str, rows: list[dict[str, Any]], facts: Facts
) -> None:
    right, wrong, missed = _counted(name, rows, facts)

    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.95


@pytest.mark.parametrize("name", WORDED)
def test_of_sentences_it_knows_nothing_of_it_finds_nine_in_ten_and_one_hit_in_ten_is_wrong(name: str) -> None:
    right, wrong, missed = _counted(name, STRANGER["sentences"], _known(STRANGER["case"]))

    assert right / (right + wrong) >= 0.9
    assert right / (right + missed) >= 0.9


def _counted(name: str, rows: list[dict[str, Any]], facts: Facts) -> tuple[int, int, int]:
    """Return how many sentences a rule hits rightly, hits wrongly and misses."""
    rule, right, wrong, missed = all_rules()[name], 0, 0, 0
    for row in rows:
        hit = any(True for part in sentences(row["text"]) for _ in read_sentence(rule, part.text, facts))
        wanted = name in row["labels"]
        right, wrong, missed = (
            right + (hit and wanted),
            wrong + (hit and not wanted),
            missed + (wanted and not hit),
        )
    return right, wrong, missed


def test_every_hit_says_its_words_and_why() -> None:
    text = "This will never happen again. It is probably the cache on db-07.prod.internal. We will update you soon."

    found = check(text, Facts(next_at=NEXT))

    assert {hit.rule for hit in found} == {"overpromise", "speculation", "internal_name", "missing_next"}
    assert all(hit.why and text[hit.start : hit.end] == hit.words for hit in found)
    assert [hit.blocks for hit in found] == sorted((hit.blocks for hit in found), reverse=True)


def test_a_confirmed_hypothesis_may_be_told_and_another_may_not() -> None:
    facts = Facts(confirmed=("The connection pool of checkout was exhausted",), next_at=NEXT)

    assert check("It was caused by an exhausted connection pool.", facts) == []
    assert [hit.rule for hit in check("It was caused by a full disk.", facts)] == ["speculation"]


def test_names_of_the_case_are_internal_but_for_those_outsiders_know() -> None:
    facts = Facts(internal=("route-service", "mhuber", "Northline"), public=("Northline",), next_at=NEXT)

    found = check("route-service answers again, says mhuber to Northline.", facts)

    assert [hit.words for hit in found] == ["route-service", "mhuber"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Ann Lee pushed a change without review.", {"blame"}),
        ("Paylane dropped it without notice.", {"blame"}),
        ("We are working with Paylane on it.", set()),
        ("Kestrel is working with us on it.", set()),
        ("Kestrel pushed a change without review.", {"blame"}),  # by its wording, whoever that is
    ],
)
def test_whom_the_case_knows_can_be_pointed_at(text: str, rules: set[str]) -> None:
    facts = Facts(people=("Ann Lee",), vendors=("Paylane",), next_at=NEXT)

    assert {hit.rule for hit in check(text, facts)} == rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (
            "We don’t know for sure, but it’s probably the cache.",
            {"speculation"},
        ),  # what is left open is not the guess
        ("We don't know whether it is the cache.", set()),
        ("We rolled back because the error rate rose.", set()),  # a reason of ours
        ("Searches fail because the cache is full.", {"speculation"}),
        (
            "It was rolled back at 14:00 UTC and we will keep you posted.",
            {"missing_next"},
        ),  # another thing's time
        ("It was rolled back and we will write again at 14:00 UTC.", set()),
        ("Please send us the log and we'll come back to you.", {"missing_next"}),
        ("It’ll be fixed by five.", {"overpromise"}),
        ("It'll be fixed by five, we hope.", set()),
    ],
)
def test_a_clause_answers_for_itself(text: str, rules: set[str]) -> None:
    found = {
        name
        for name, rule in all_rules().items()
        for part in sentences(text)
        if read_sentence(rule, part.text, Facts())
    }

    assert found == rules


@pytest.mark.parametrize("words", ["a ", "the ", "we will ", "your team ", "very ", "x"])
def test_however_long_a_sentence_is_it_is_read_in_pieces_of_one_size(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is bounded for a piece, and there are as many pieces as the text is long."""
    given: list[int] = []
    rule = all_rules()["blame"]
    read = rule.read

    def counted(sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        given.append(len(sentence.text))
        return read(sentence, facts)

    monkeypatch.setattr(rule, "read", counted)
    text = (words * 16_000)[:16_000]
    list(Rule.look(rule, text, Facts(people=(f"nobody {words}",))))

    assert "".join(one.text for one in sentences(text)).strip() == text.strip()
    assert max(given) <= LONGEST
    assert sum(given) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Orders placed after 10:00 are late.",
        "All orders are printed again.",
        "Please check your orders.",
        "New orders can be searched again.",
    ],
)
def test_a_component_called_by_an_ordinary_word_leaves_the_word_to_its_use(text: str) -> None:
    assert check(text, Facts(internal=("orders", "search"), next_at=NEXT)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We restarted `orders`.", "`orders`"),
        ("The orders service is slow.", "orders service"),
        ("Orders pods were moved.", "Orders pods"),
        ("We drained the queue orders.", "queue orders"),
        ("The component called orders answers again.", "component called orders"),
        ("We restarted ordersd.", "ordersd"),
    ],
)
def test_where_it_is_used_as_a_name_it_is_one(text: str, words: str) -> None:
    found = check(text, Facts(internal=("orders", "ordersd"), next_at=NEXT))

    assert [hit.words for hit in found if hit.rule == "internal_name"] == [words]


def test_people_are_known_by_their_first_name_too() -> None:
    facts = Facts(internal=("Ann Lee", "Mark Young"), people=("Ann Lee", "Mark Young"), next_at=NEXT)

    found = check("Ann is looking at it. Mark the box if it is the young one.", facts)

    assert [hit.words for hit in found] == ["Ann"]


@pytest.mark.parametrize(
    "text",
    [
        "The shared token has been changed to 8b7e02d5f1c94a63be07d1a85f3c6e92047ba8d1.",
        "The passphrase is violet-harbour-17.",
        "client_secret=mR7.tq2Lk_09, please keep it",
    ],
)
def test_the_value_of_a_secret_is_no_name(text: str) -> None:
    assert "internal_name" not in {hit.rule for hit in check(text, KNOWN)}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Probably about a third of the shops were affected.", set()),
        ("The load balancer probably dropped a third of the calls.", {"speculation"}),
        ("It takes two hours more, we think.", set()),
        ("It was the load balancer, we think.", {"speculation"}),
        ("The root cause is now known and will be set out in the review.", set()),
        ("The root cause is now known, it was the batch job.", {"speculation"}),
        ("Because Friday is a bank holiday, the desk closes at noon.", set()),
        ("Because a disk was full, the desk could not answer.", {"speculation"}),
        ("We can't promise that this will never happen again.", set()),
        ("We can't say when, but this will never happen again.", {"overpromise"}),
        ("The import is 47.3% complete.", {"false_precision"}),
        ("Your contract promises 99.95% per month.", set()),
    ],
)
def test_a_neighbour_of_what_is_wrong_passes(text: str, rules: set[str]) -> None:
    assert {hit.rule for hit in check(text, Facts(next_at=NEXT))} == rules


def test_a_text_without_a_time_of_the_next_update_is_stopped_once() -> None:
    assert [hit.rule for hit in check("7 of 31 searches fail.", Facts())] == ["missing_next"]
    assert check("7 of 31 searches fail. Next update by 15:00 UTC.", Facts()) == []
    assert check("7 of 31 searches fail.", Facts(next_at=NEXT)) == []
    late = Facts(next_at=datetime(2020, 1, 1, tzinfo=UTC), now=NEXT)
    assert "past" in check("7 of 31 searches fail.", late)[0].why


def test_a_secret_is_never_repeated() -> None:
    facts = Facts(next_at=NEXT, secrets=lambda text: [Span(3, 9, "token")])

    (hit,) = check("xxxSECRETyyy", facts)

    assert (hit.rule, hit.words, hit.blocks) == ("secret", "", True)


def test_a_text_too_long_to_be_read_is_not_sent() -> None:
    assert check("word " * 10_000, Facts(next_at=NEXT))[0].rule == "length"


@given(st.text(max_size=400))
def test_arbitrary_text_is_checked_without_a_crash_and_in_place(text: str) -> None:
    for hit in check(text, Facts()):
        assert hit.words == text[hit.start : hit.end]


@given(st.text(max_size=300))
def test_sentences_stand_where_they_say(text: str) -> None:
    for one in sentences(text):
        assert text[one.start : one.start + len(one.text)] == one.text
