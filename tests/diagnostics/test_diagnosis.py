"""Times, words and the public form of an answer."""

from __future__ import annotations

import json

import pytest

from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.diagnosis import Diagnosis, iso
from holdfast.diagnostics.findings import Severity
from holdfast.diagnostics.publication import publish
from holdfast.diagnostics.rules import COMPARING, OPENING, READING, RULES


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_769_684_160_123_000_000, "2026-01-29T10:56:00.123Z"),
        (1_769_684_160_000_000_001, "2026-01-29T10:56:00.000000001Z"),
        (None, None),
    ],
)
def test_times_keep_the_decimals_they_have(time: int | None, text: str | None) -> None:
    assert iso(time) == text


def test_a_locator_names_its_place_by_kind() -> None:
    assert Locator("A3", "line", 54).to_dict() == {"artefact": "A3", "line": 54}
    assert Locator("A3", "span", "eee1", 5, "5b8e").to_dict() == {
        "artefact": "A3", "span": "eee1", "time": 5, "trace": "5b8e"
    }  # fmt: skip


def test_severities_are_ordered_and_have_words() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR < Severity.CRITICAL
    assert Severity.WARNING.word == "warning"


def test_no_two_rules_share_an_id() -> None:
    assert len(RULES) == len(OPENING) + len(READING) + len(COMPARING)


def test_the_public_form_is_plain_json(diagnosed: Diagnosis) -> None:
    public = publish(diagnosed)
    assert json.loads(json.dumps(public)) == public
    assert public["schema"] == 1
    assert [finding["id"] for finding in public["findings"]] == [
        f"F-{number:02d}" for number in range(1, len(public["findings"]) + 1)
    ]
