"""How often the update checker is right, by rule: on the sentences it was made with, and on others.

python benchmarks/update_checker.py
"""

from __future__ import annotations

from pathlib import Path

import yaml

from holdfast.desk.updates.checking import Facts, Rule, all_rules, sentences

FOLDER = Path(__file__).parents[1] / "tests" / "desk" / "updates"
FILES = ("sentences.yaml", "sentences_held_out.yaml", "sentences_unseen.yaml")
"""The first is what the rules were made with; the others no rule was tuned on."""


def main() -> None:
    """Print precision and recall."""
    for file in FILES:
        read = yaml.safe_load((FOLDER / file).read_text())
        rows, facts = (read["sentences"], _facts(read["case"])) if isinstance(read, dict) else (read, Facts())
        print(f"{file}: {len(rows)} sentences\n{'rule':<18}{'precision':>10}{'recall':>8}{'labelled':>10}")
        for name, rule in all_rules().items():
            wanted = [name in row["labels"] for row in rows]
            if any(wanted):
                hit = [_hits(rule, row["text"], facts) for row in rows]
                right = sum(one and two for one, two in zip(wanted, hit, strict=True))
                print(
                    f"{name:<18}{right / max(1, sum(hit)):>10.2f}{right / sum(wanted):>8.2f}{sum(wanted):>10}"
                )


def _facts(case: dict[str, list[str]]) -> Facts:
    """Return what a case knows of names."""
    internal = (*case["components"], *case["people"], *case["customers"])
    return Facts(internal=internal, people=tuple(case["people"]), vendors=tuple(case["vendors"]))


def _hits(rule: Rule, text: str, facts: Facts) -> bool:
    return any(True for part in sentences(text) for _ in rule.read(part, facts))


if __name__ == "__main__":
    main()
