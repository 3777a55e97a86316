"""How often the update checker is right, by rule: on the sentences it was made with, and on others.

python -m benchmarks.update_checker [--markdown]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from holdfast.desk.updates.checking import Facts, Rule, all_rules, read_sentence, sentences

FOLDER = Path(__file__).parents[1] / "tests" / "desk" / "updates"
MADE_WITH = (
    "sentences.yaml",
    "sentences_fresh.yaml",
    "sentences_held_out.yaml",
    "sentences_unseen.yaml",
    "sentences_many_voices.yaml",
    "sentences_other_author.yaml",
    "sentences_third_author.yaml",
    "sentences_fourth_author.yaml",
    "sentences_neighbours.yaml",
)
"""What the rules were made with; of some of these they once knew nothing."""
ELSEWHERE = frozenset({"secret", "personal_data"})
"""Rules that hand on what the redaction's detectors find, which are measured by themselves."""
SET_ASIDE = ("sentences_set_aside.yaml",)
"""By the same author, who looked at none of what the rules get wrong here."""
STRANGER = ("sentences_stranger.yaml",)
"""By somebody who knew none of the rules, and from whom they learned nothing."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a rule did: sentences it hit rightly, those it hit, and those it should have hit."""

    right: int = 0
    hit: int = 0
    labelled: int = 0

    @property
    def precision(self) -> float:
        """The share of hits that were right."""
        return self.right / max(1, self.hit)

    @property
    def recall(self) -> float:
        """The share of labelled sentences that were hit."""
        return self.right / max(1, self.labelled)


def main() -> None:
    """Print precision and recall, as text by file or as the table of the guide."""
    if "--markdown" in sys.argv:
        columns = {
            "made with": _together(MADE_WITH),
            "set aside": _together(SET_ASIDE),
            "of a stranger": _together(STRANGER),
        }
        print("| rule |" + "".join(f" {title}, {rows} |" for title, (rows, _) in columns.items()))
        print("| --- |" + " --- |" * len(columns))
        for name in _worded():
            scores = [found[name] for _, found in columns.values()]
            if any(one.labelled for one in scores):
                cells = "".join(
                    f" {one.precision:.2f} / {one.recall:.2f} ({one.labelled}) |" for one in scores
                )
                print(f"| {name} |{cells}")
        return
    for file in (*MADE_WITH, *SET_ASIDE, *STRANGER):
        rows, found = _scores(file)
        print(f"{file}: {rows} sentences\n{'rule':<18}{'precision':>10}{'recall':>8}{'labelled':>10}")
        for name, one in found.items():
            if one.labelled:
                print(f"{name:<18}{one.precision:>10.2f}{one.recall:>8.2f}{one.labelled:>10}")


def _together(files: Iterable[str]) -> tuple[int, dict[str, Score]]:
    """Return how many sentences files have in all, and the score of each rule on them."""
    read = [_scores(file) for file in files]
    found = {
        name: Score(
            sum(scores[name].right for _, scores in read),
            sum(scores[name].hit for _, scores in read),
            sum(scores[name].labelled for _, scores in read),
        )
        for name in _worded()
    }
    return sum(rows for rows, _ in read), found


def _scores(file: str) -> tuple[int, dict[str, Score]]:
    """Return how many sentences a file has, and the score of each rule."""
    read = yaml.safe_load((FOLDER / file).read_text())
    rows, facts = (read["sentences"], facts_of(read["case"])) if isinstance(read, dict) else (read, Facts())
    found = {}
    for name, rule in _worded().items():
        wanted = [name in row["labels"] for row in rows]
        hit = [_hits(rule, row["text"], facts) for row in rows]
        right = sum(one and two for one, two in zip(wanted, hit, strict=True))
        found[name] = Score(right, sum(hit), sum(wanted))
    return len(rows), found


def _worded() -> dict[str, Rule]:
    """Return the rules that go by wording."""
    return {name: rule for name, rule in all_rules().items() if name not in ELSEWHERE}


def facts_of(case: dict[str, list[str]]) -> Facts:
    """Return what a case knows of names."""
    internal = (*case["components"], *case["people"], *case["customers"])
    return Facts(internal=internal, people=tuple(case["people"]), vendors=tuple(case["vendors"]))


def _hits(rule: Rule, text: str, facts: Facts) -> bool:
    return any(True for part in sentences(text) for _ in read_sentence(rule, part.text, facts))


if __name__ == "__main__":
    main()
