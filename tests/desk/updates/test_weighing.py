"""What no phrase lists is heard by its wording, says by which words, and is learned from labelled sentences alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.desk.updates.checking import Facts, all_rules, read_sentence
from holdfast.desk.updates.weighing import RULES, features, weigh


@pytest.mark.parametrize(
    ("rule", "text", "word"),
    [
        ("blame", "Vendor did not respond for six hours, unacceptable.", "unacceptable"),
        ("overpromise", "Nothing of the kind will trouble your shops in the future.", "nothing"),
        ("speculation", "The whole thing smells of an expired certificate.", "certificate"),
    ],
)
def test_a_sentence_in_words_of_its_own_is_heard_and_says_by_which(rule: str, text: str, word: str) -> None:
    share, words = weigh(rule, text, ())

    assert share > 0.5
    assert word in words
    assert read_sentence(all_rules()[rule], text, Facts())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "text",
    [
        "We are reading the logs of both nodes and will write again at 15:00 UTC.",
        "About one in five orders failed between 10:02 and 10:40 UTC.",
        "Thank you for the traces, they helped.",
        "kubectl get pods -n shop --watch",
    ],
)
def test_plain_sentences_are_left_alone(rule: str, text: str) -> None:
    assert not read_sentence(all_rules()[rule], text, Facts())


def test_what_the_case_knows_excuses_whatever_the_wording() -> None:
    text, rule = "The whole thing smells of an expired certificate.", all_rules()["speculation"]

    assert read_sentence(rule, text, Facts())
    assert not read_sentence(rule, text, Facts(confirmed=("an expired certificate of the gateway",)))


def test_names_and_numbers_are_alike() -> None:
    one = weigh("blame", "Ann Lee forgot 3 of them at 10:04.", ("Ann Lee",))
    other = weigh("blame", "Bo Ray forgot 17 of them at 9:30.", ("Bo Ray",))

    assert one == other


@given(st.text(max_size=1000))
def test_the_work_grows_with_the_sentence_and_no_faster(text: str) -> None:
    found = features(text, ())

    assert len(found.buckets) <= 3 * len(found.words) + 3 * (len(text) + 3 * len(found.words))
    assert all(0 <= weigh(rule, text, ())[0] <= 1 for rule in RULES)


def test_the_weights_kept_are_those_the_sentences_teach() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.checker_weights", "--check"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
