"""Names outsiders are not told: components, hosts, people, tickets, channels, places in code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence

_READ = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
_SHAPES = [
    (re.compile(one["pattern"], re.I if one.get("any_case") else re.NOFLAG), one["is"])
    for one in _READ["shapes"]
]
_NEVER = frozenset(_READ["never"])
_SHORTEST = 3


class InternalName(Rule):
    """A name outsiders are not told."""

    name = "internal_name"
    title = "Internal name"
    why = "Outsiders do not know this name, and need not. Say what it does for them."

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:
        """Return names of the case's components and people, and what has the shape of one."""
        known = {name.lower() for name in facts.public}
        for name in facts.internal:
            if name.lower() in known or len(name) < _SHORTEST:
                continue
            for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence.text, re.I):
                yield self.hit(
                    sentence, match.start(), match.end(), f"`{name}` is a name of ours. {self.why}"
                )
        for pattern, what in _SHAPES:
            for match in pattern.finditer(sentence.text):
                words = match.group()
                if words.upper() not in _NEVER and words.lower() not in known:
                    yield self.hit(sentence, match.start(), match.end(), f"This is {what}. {self.why}")
