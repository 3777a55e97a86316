"""Grouping and template accuracy on generated corpora: `python benchmarks/logs_quality.py [--errors]`.

GA: share of lines whose group is exactly right. FGA: F1 over groups. PA: share of lines with the right
template text. FTA: F1 over templates right in grouping and text. `--errors` explains development only.
"""

import re
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from log_corpora import HALVES, Corpus, corpora

from holdfast.diagnostics.logs import read_log
from holdfast.diagnostics.logs.detection import Plan, learned


def normal(text: str) -> str:
    """Template text for comparison: runs of wildcards and punctuation between them count once."""
    text = re.sub(r"\S*<\*>\S*", "<*>", text)
    return re.sub(r"<\*>(\s<\*>)+", "<*>", " ".join(text.split())).strip(" .:")


def unknown_plan(lines: list[str]) -> Plan:
    """The plan of a file whose layout is in no data file: the header is learned."""
    return learned([line.encode() for line in lines[:360]])


def read(lines: list[str], hint: Plan | None = None) -> tuple[list[int], list[str]]:
    """Template of each line, and the texts of the templates."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.log"
        path.write_text("\n".join(lines) + "\n")
        table = read_log(path, hint=hint)
        found = np.repeat(table.template, np.diff(np.append(table.line, table.lines + 1)))
        return found.tolist(), [
            template.text.removeprefix(template.location).strip() for template in table.templates
        ]


def assigned(corpus: Corpus, view: str) -> tuple[list[int], list[str]]:
    """Read a corpus as `messages` (no header), `lines`, or lines with an `unknown` header."""
    lines = corpus.messages if view == "messages" else corpus.lines
    return read(lines, unknown_plan(corpus.lines) if view == "unknown" else None)


def score(corpus: Corpus, view: str) -> dict[str, float]:
    """Scores of one corpus in one view."""
    return scores(*assigned(corpus, view), corpus.truth, corpus.templates)


def scores(found: list[int], texts: list[str], truth: list[int], templates: list[str]) -> dict[str, float]:
    """GA, FGA, PA and FTA."""
    groups, wanted = defaultdict(list), defaultdict(list)
    for line, (a, b) in enumerate(zip(found, truth, strict=True)):
        groups[a].append(line)
        wanted[b].append(line)
    true_sets = {tuple(lines): number for number, lines in wanted.items()}
    right = {group: true_sets[tuple(lines)] for group, lines in groups.items() if tuple(lines) in true_sets}
    exact = sum(normal(texts[group]) == normal(templates[number]) for group, number in right.items())
    parsed = sum(normal(texts[a]) == normal(templates[b]) for a, b in zip(found, truth, strict=True))
    f1 = lambda hits: 2 * hits / (len(groups) + len(wanted))  # noqa: E731
    return {
        "GA": sum(len(groups[group]) for group in right) / len(found),
        "FGA": f1(len(right)),
        "PA": parsed / len(found),
        "FTA": f1(exact),
    }


def explain(corpus: Corpus, found: list[int], texts: list[str]) -> None:
    """Print groups that are wrong; for development corpora only."""
    by_truth, by_found = defaultdict(Counter), defaultdict(Counter)
    for a, b in zip(found, corpus.truth, strict=True):
        by_truth[b][a] += 1
        by_found[a][b] += 1
    for number, counter in by_truth.items():
        if len(counter) > 1:
            print("   split", corpus.templates[number][:90], "->", [texts[a][:80] for a in counter][:4])
    for number, counter in by_found.items():
        if len(counter) > 1:
            print("   merged", texts[number][:90], "<-", [corpus.templates[b][:60] for b in counter][:4])


def main() -> None:
    """Print a table of both halves, on messages and on raw lines."""
    for half in HALVES:
        for view in ("messages", "lines", "unknown"):
            rows = []
            for corpus in corpora(half):
                found, texts = assigned(corpus, view)
                row = scores(found, texts, corpus.truth, corpus.templates)
                rows.append(row)
                if half == "development":
                    print(
                        f"{half:12} {view:9} {corpus.name:14}",
                        " ".join(f"{k} {v:.3f}" for k, v in row.items()),
                    )
                    if "--errors" in sys.argv:
                        explain(corpus, found, texts)
            means = {key: sum(row[key] for row in rows) / len(rows) for key in rows[0]}
            print(f"{half:12} {view:9} {'mean':14}", " ".join(f"{k} {v:.3f}" for k, v in means.items()))


if __name__ == "__main__":
    main()
