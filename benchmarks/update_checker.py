"""How often the update checker is right, by rule: on the sentences it was made with, and on others.

python -m benchmarks.update_checker [--markdown]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from holdfast.desk.updates.checking import Facts, Rule, all_rules, sentences

FOLDER = Path(__file__).parents[1] / "tests" / "desk" / "updates"
FILES = ("sentences.yaml", "sentences_fresh.yaml", "sentences_held_out.yaml", "sentences_unseen.yaml")
"""The first is what the rules were made with; no rule was tuned on the others."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a rule did on the sentences of one file: shares of 1, and how many were labelled."""

    precision: float
    recall: float
    labelled: int


def main() -> None:
    """Print precision and recall, as text or as the table of the guide."""
    found = {file: _scores(file) for file in FILES}
    if "--markdown" in sys.argv:
        print("| rule |" + "".join(f" {_titled(file)}, {rows} |" for file, (rows, _) in found.items()))
        print("| --- |" + " --- |" * len(found))
        for name in found[FILES[0]][1]:
            cells = (scores.get(name) for _, scores in found.values())
            print(
                f"| {name} |"
                + "".join(f" {one.precision:.2f} / {one.recall:.2f} |" if one else " |" for one in cells)
            )
        return
    for file, (rows, scores) in found.items():
        print(f"{file}: {rows} sentences\n{'rule':<18}{'precision':>10}{'recall':>8}{'labelled':>10}")
        for name, score in scores.items():
            print(f"{name:<18}{score.precision:>10.2f}{score.recall:>8.2f}{score.labelled:>10}")


def _titled(file: str) -> str:
    return {"sentences": "made with"}.get(
        file.split(".")[0], file.split(".")[0].removeprefix("sentences_").replace("_", " ")
    )


def _scores(file: str) -> tuple[int, dict[str, Score]]:
    """Return how many sentences a file has, and the score of each rule it has sentences for."""
    read = yaml.safe_load((FOLDER / file).read_text())
    rows, facts = (read["sentences"], _facts(read["case"])) if isinstance(read, dict) else (read, Facts())
    found = {}
    for name, rule in all_rules().items():
        wanted = [name in row["labels"] for row in rows]
        if any(wanted):
            hit = [_hits(rule, row["text"], facts) for row in rows]
            right = sum(one and two for one, two in zip(wanted, hit, strict=True))
            found[name] = Score(right / max(1, sum(hit)), right / sum(wanted), sum(wanted))
    return len(rows), found


def _facts(case: dict[str, list[str]]) -> Facts:
    """Return what a case knows of names."""
    internal = (*case["components"], *case["people"], *case["customers"])
    return Facts(internal=internal, people=tuple(case["people"]), vendors=tuple(case["vendors"]))


def _hits(rule: Rule, text: str, facts: Facts) -> bool:
    return any(True for part in sentences(text) for _ in rule.read(part, facts))


if __name__ == "__main__":
    main()
