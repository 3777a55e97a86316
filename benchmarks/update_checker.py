"""How often the update checker is right, by rule: on the sentences it was made with, and on others.

python benchmarks/update_checker.py
"""

from __future__ import annotations

from pathlib import Path

import yaml

from holdfast.desk.updates.checking import Facts, Rule, all_rules, sentences

FOLDER = Path(__file__).parents[1] / "tests" / "desk" / "updates"


def main() -> None:
    """Print precision and recall."""
    for file in ("sentences.yaml", "sentences_held_out.yaml"):
        rows = yaml.safe_load((FOLDER / file).read_text())
        print(f"{file}: {len(rows)} sentences\n{'rule':<18}{'precision':>10}{'recall':>8}{'labelled':>10}")
        for name, rule in all_rules().items():
            wanted = [name in row["labels"] for row in rows]
            if any(wanted):
                hit = [_hits(rule, row["text"]) for row in rows]
                right = sum(one and two for one, two in zip(wanted, hit, strict=True))
                print(
                    f"{name:<18}{right / max(1, sum(hit)):>10.2f}{right / sum(wanted):>8.2f}{sum(wanted):>10}"
                )


def _hits(rule: Rule, text: str) -> bool:
    return any(True for part in sentences(text) for _ in rule.read(part, Facts()))


if __name__ == "__main__":
    main()
