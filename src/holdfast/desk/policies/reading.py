"""From a policy's text to its value: every fault with its line and its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from pydantic import ValidationError

from holdfast.desk.policies.kind import Contradiction, PolicyKind, PolicyModel

MOST_CHARACTERS = 200_000
MOST_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a policy, and where."""

    line: int
    """From 1; 0 when it is the text as a whole."""
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class Unusable(Exception):
    """A policy that cannot be published; carries every fault found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: `on` stays a word, `10:30` and `2026-12-24` stay text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^[-+]?[0-9]{1,15}$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]{1,15}\.[0-9]{1,15}$", "-+0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read(kind: type[PolicyKind[Any]], text: str) -> Any:
    """Return the value of a policy's text; raise Unusable with every fault, each with its line."""
    hashable: Any = kind
    return _read(hashable, text)


def require_met(kind: type[PolicyKind[Any]], text: str, organisation_id: int) -> None:
    """Raise Unusable when a text names something its organisation does not have."""
    found = list(kind.unmet(read(kind, text), organisation_id))
    if found:
        root = _compose(text)
        raise Unusable([_located(root, one) for one in found])


@lru_cache(maxsize=512)
def _read(kind: type[PolicyKind[Any]], text: str) -> PolicyModel:
    root = _compose(text)
    faults: list[Fault] = []
    data = _plain(root, faults, 0)
    if faults:
        raise Unusable(faults)
    try:
        value = kind.schema.model_validate(data)
    except ValidationError as error:
        raise Unusable([Fault(_line(root, one["loc"]), _said(one)) for one in error.errors()]) from error
    found = [_located(root, one) for one in kind.contradictions(value)]
    if found:
        raise Unusable(found)
    return value


def _compose(text: str) -> yaml.Node:
    if len(text) > MOST_CHARACTERS:
        raise Unusable([Fault(0, f"longer than {MOST_CHARACTERS} characters")])
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Unusable([Fault(0, "holds a character no database keeps")])
    try:
        _refuse_references(text)
        root = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unusable(
            [Fault(mark.line + 1 if mark else 0, error.problem or "not readable as YAML")]
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unusable([Fault(0, "not readable as YAML")]) from error
    if root is None:
        raise Unusable([Fault(0, "there is nothing in it")])
    return root


def _refuse_references(text: str) -> None:
    """Refuse anchors and aliases: ten lines of them can stand for a billion entries."""
    for token in yaml.scan(text, _Loader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            line = token.start_mark.line + 1
            raise Unusable([Fault(line, "anchors, aliases and tags are not taken; write it out")])


def _plain(node: yaml.Node, faults: list[Fault], depth: int) -> Any:
    line = node.start_mark.line + 1
    if depth > MOST_DEPTH:
        raise Unusable([Fault(line, "nested too deeply")])
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, faults, depth)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, faults, depth + 1) for item in node.value]
    return yaml.constructor.SafeConstructor().construct_object(node)


def _mapping(node: yaml.MappingNode, faults: list[Fault], depth: int) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in node.value:
        name = _plain(key, faults, depth + 1)
        if isinstance(name, list | dict):
            faults.append(Fault(key.start_mark.line + 1, "a key is a word or a number"))
        elif name in found:
            faults.append(Fault(key.start_mark.line + 1, f"{name} is written twice; keep one"))
        else:
            found[name] = _plain(value, faults, depth + 1)
    return found


def _line(root: yaml.Node, path: tuple[str | int, ...]) -> int:
    """Return the line of the deepest place on the way that is written in the text."""
    node, line = root, root.start_mark.line + 1
    for step in path:
        following = _step(node, step)
        if following is None:
            break
        key, node = following
        line = key.start_mark.line + 1
    return line


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    return None


def _located(root: yaml.Node, found: Contradiction) -> Fault:
    return Fault(_line(root, found.at), found.reason)


def _said(error: Any) -> str:
    way = ".".join(str(step) for step in error["loc"])
    reason = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{way}: this kind of policy knows no such word"
    return f"{way}: {reason}" if way else reason
