"""From a configuration file's text to settings by dotted path. Nothing in it is run, followed or expanded."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

MOST_BYTES, MOST_YAML = 1 << 20, 128 << 10
MOST_SETTINGS, MOST_DEPTH = 5000, 32
LONGEST_PATH = 300


class Unread(Exception):
    """The text is no configuration that can be read; the message says why and what to do."""


def read(text: str, name: str = "") -> tuple[str, dict[str, str]]:
    """Return the format and the settings of a text; `name` is a format, or nothing to find it out."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise Unread("it is larger than 1 MiB; keep it as evidence and give the part that matters")
    if "\x00" in text:
        raise Unread("it is not text")
    if name and name not in FORMATS:
        raise Unread(f"{', '.join(FORMATS)} are read, not {name[:20]!r}")
    kind = name or detect(text)
    try:
        found = dict(FORMATS[kind](text.removeprefix("\ufeff")))
    except RecursionError as error:
        raise Unread("it is nested too deeply") from error
    if not found:
        raise Unread(f"there is no setting in it, read as {kind}; name the format if it is another")
    return kind, found


def detect(text: str) -> str:
    """Return the format a text looks like."""
    lines = [line.strip() for line in re.sub(r"\\\n\s*", "", text).splitlines()]
    lines = [line for line in lines if line and not line.startswith(("#", ";", "!"))]
    first = lines[0] if lines else ""
    if re.fullmatch(r"\[[^\[\]{}\",:]+\]", first):
        return "ini"
    if first.startswith(("{", "[")):
        return "json"
    if lines and all(re.match(r"(export\s+)?[A-Za-z_][A-Za-z0-9_]*=", line) for line in lines):
        return "env"
    if lines and all(re.match(r"[^\s=:#\[{-][^=]*=", line) for line in lines):
        return "properties"
    return "yaml"


def _json(text: str) -> Iterator[tuple[str, str]]:
    try:
        # numbers stay as they are written: 1.10 is a version as often as a number
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError as error:
        raise Unread(f"it is not JSON: {error}") from error
    return _flat(value, "", 0, [0])


def _flat(value: Any, path: str, depth: int, count: list[int]) -> Iterator[tuple[str, str]]:
    if depth > MOST_DEPTH:
        raise Unread(f"it is nested more than {MOST_DEPTH} deep")
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _flat(one, joined(path, str(key)), depth + 1, count)
    elif isinstance(value, list) and value:
        for at, one in enumerate(value):
            yield from _flat(one, f"{path}[{at}]", depth + 1, count)
    else:
        yield _counted(path or ".", _text(value), count)


def joined(path: str, key: str) -> str:
    """Return the dotted path of a key; one with dots or brackets of its own is quoted."""
    step = key if re.fullmatch(r"[^.\[\]\"\s]+", key) else json.dumps(key, ensure_ascii=False)
    return f"{path}.{step}" if path else step


def _text(value: Any) -> str:
    words = {True: "true", False: "false", None: "null"}
    if isinstance(value, bool) or value is None:
        return words[value]
    return "{}" if value == {} else "[]" if value == [] else str(value)


def _counted(path: str, value: str, count: list[int]) -> tuple[str, str]:
    count[0] += 1
    if count[0] > MOST_SETTINGS:
        raise Unread(f"it has more than {MOST_SETTINGS} settings; give the part that matters")
    if len(path) > LONGEST_PATH:
        raise Unread(f"a path in it is longer than {LONGEST_PATH} characters: {path[:60]}…")
    return path, value


class _Loader(yaml.SafeLoader):
    """YAML in which every scalar stays the text it is."""


_Loader.yaml_implicit_resolvers = {}


def _yaml(text: str) -> Iterator[tuple[str, str]]:
    if len(text) > MOST_YAML:
        raise Unread("YAML is read up to 128 KiB; give the part that matters, or JSON")
    try:
        nodes = [node for node in yaml.compose_all(text, _Loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unread(f"it is not YAML{line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unread("it is not YAML") from error
    if not nodes:
        raise Unread("there is no setting in it")
    seen: set[int] = set()
    values = [_plain(node, seen, 0) for node in nodes]
    if len(values) == 1 and not isinstance(values[0], dict | list):
        raise Unread("it is one word or sentence and no configuration; name the format if it is another")
    return _flat(values[0] if len(values) == 1 else values, "", 0, [0])


def _plain(node: yaml.Node, seen: set[int], depth: int) -> Any:
    if id(node) in seen:  # few lines of references can stand for a billion settings
        raise Unread(f"line {node.start_mark.line + 1} is referred to by an alias; write it out")
    seen.add(id(node))
    if depth > MOST_DEPTH:
        raise Unread(f"it is nested more than {MOST_DEPTH} deep")
    if isinstance(node, yaml.MappingNode):
        return {_key(key): _plain(value, seen, depth + 1) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, seen, depth + 1) for one in node.value]
    return str(node.value)


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise Unread(f"line {node.start_mark.line + 1}: a key is a word or a number")
    return str(node.value)


_QUOTED = re.compile(r"""^(?P<mark>["'])(?P<text>.*)(?P=mark)\s*(?:#.*)?$""")


def _env(text: str) -> Iterator[tuple[str, str]]:
    count = [0]
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip().removeprefix("export ").strip()
        if not bare or bare.startswith("#"):
            continue
        key, found, value = bare.partition("=")
        if not found:
            raise Unread(f"line {number} has no =")
        quoted = _QUOTED.match(value.strip())
        yield _counted(key.strip(), quoted["text"] if quoted else value.split(" #")[0].strip(), count)


def _ini(text: str) -> Iterator[tuple[str, str]]:
    reader = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="\x00")
    reader.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        reader.read_string(text)
    except configparser.Error as error:
        raise Unread(f"it is not INI: {' '.join(str(error).split())[:200]}") from error
    count = [0]
    for section in reader.sections():
        for key, value in reader.items(section):
            yield _counted(joined(joined("", section), key), value or "", count)


_SEPARATOR = re.compile(r"(?<!\\)(?:\\\\)*\s*[=:]\s*|(?<!\\)\s+")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def _properties(text: str) -> Iterator[tuple[str, str]]:
    count, lines = [0], iter(text.splitlines())
    for line in lines:
        bare = line.lstrip()
        if not bare or bare[0] in "#!":
            continue
        while (len(bare) - len(bare.rstrip("\\"))) % 2:  # an odd number of backslashes goes on
            bare = bare[:-1] + next(lines, "").lstrip()
        match = _SEPARATOR.search(bare)
        key, value = (bare[: match.start()], bare[match.end() :]) if match else (bare, "")
        yield _counted(_unescaped(key), _unescaped(value), count)


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        said = match[1]
        if len(said) != 5:
            return _LETTERS.get(said, said)
        char = chr(int(said[1:], 16))
        return "\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char

    return _ESCAPE.sub(one, text)


FORMATS: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "json": _json,
    "yaml": _yaml,
    "env": _env,
    "ini": _ini,
    "properties": _properties,
}
"""What can be read."""
