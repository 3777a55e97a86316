"""The words rules go by, kept as data beside them: `rules/<name>.yaml`."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parent / "rules"
_NAME = re.compile(r"\{([a-z_]+)\}")


def phrases(rule: str) -> dict[str, list[re.Pattern[str]]]:
    """Return a rule's groups of phrases; `{name}` in one stands for a list of words under `words`."""
    read = yaml.safe_load((_FOLDER / f"{rule}.yaml").read_text("utf-8"))
    words: dict[str, str] = read.pop("words", {})
    return {
        group: [re.compile(_NAME.sub(lambda match: words[match[1]], one), re.I) for one in lines]
        for group, lines in read.items()
    }
