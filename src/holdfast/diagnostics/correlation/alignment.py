"""Makes templates of different files and sides comparable.

Templates are learned from each file alone, so a word that happened to be always the same in one file is
a varying part in another. Two templates are the same message when one becomes the other by putting the
varying parts of either in the place of words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

WILDCARD = "<*>"
MOST_MASKS = 200
"""Different sets of varying places looked at among templates of one length; more would be noise."""

Tokens = tuple[str, ...]


def aligned(templates: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return for each template id (of dicts id -> text) the id of the message it is an instance of."""
    texts = {key: text for side in templates for key, text in side.items()}
    leader = {key: key for key in texts}
    groups: dict[int, list[tuple[str, Tokens]]] = defaultdict(list)
    for key, text in texts.items():
        tokens = tuple(text.split())
        groups[len(tokens)].append((key, tokens))
    for group in groups.values():
        _join(group, leader)
    return {key: _leader(leader, key) for key in texts}


def _join(group: list[tuple[str, Tokens]], leader: dict[str, str]) -> None:
    masks = {
        key: frozenset(at for at, token in enumerate(tokens) if WILDCARD in token) for key, tokens in group
    }
    for mask in sorted(set(masks.values()), key=lambda m: (len(m), sorted(m)))[:MOST_MASKS]:
        if len(mask) == len(group[0][1]):
            continue  # all places vary: that would swallow every message of this length
        heads: dict[Tokens, str] = {}
        members: dict[Tokens, list[str]] = defaultdict(list)
        for key, tokens in group:
            if masks[key] <= mask:
                masked = tuple(WILDCARD if at in mask else token for at, token in enumerate(tokens))
                members[masked].append(key)
                if masks[key] == mask:
                    heads.setdefault(masked, key)
        for masked, head in heads.items():
            for key in members[masked]:
                leader[_leader(leader, key)] = _leader(leader, head)


def _leader(leader: dict[str, str], key: str) -> str:
    while leader[key] != key:
        leader[key] = leader[leader[key]]
        key = leader[key]
    return key
