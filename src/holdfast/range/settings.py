"""Settings files in the formats components use: flat `section.key` names to text, number or truth."""

import configparser
import io
import json
import tomllib
from pathlib import Path

Value = str | int | float | bool
Settings = dict[str, Value]
SUFFIXES = {
    "json": ".json",
    "properties": ".properties",
    "ini": ".ini",
    "toml": ".toml",
    "env": ".env",
    "yaml": ".yaml",
}


def _scalar(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def _sections(settings: Settings) -> dict[str, Settings]:
    sections: dict[str, Settings] = {}
    for name, value in sorted(settings.items()):
        section, _, key = name.partition(".")
        sections.setdefault(section, {})[key] = value
    return sections


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pair(key: str, value: Value, form: str) -> str:
    if form == "toml":
        return f'"{key}" = {json.dumps(value)}'
    return f"  {key}: {json.dumps(value)}" if form == "yaml" else f"{key} = {_text(value)}"


def encode_settings(settings: Settings, form: str) -> str:
    """The file's text in the given format, a key of `SUFFIXES`."""
    sections = _sections(settings)
    if form == "json":
        return json.dumps(sections, indent=2) + "\n"
    if form == "properties":
        return "".join(f"{k}={_text(v)}\n" for k, v in sorted(settings.items()))
    if form == "env":
        return "".join(f"{k.replace('.', '__').upper()}={_text(v)}\n" for k, v in sorted(settings.items()))
    head = "{}:" if form == "yaml" else "[{}]"
    blocks = [[head.format(s), *(_pair(k, v, form) for k, v in keys.items())] for s, keys in sections.items()]
    return "\n".join("\n".join(block) + "\n" for block in blocks)


def read_settings(path: Path) -> Settings:
    """Read a file written by `encode_settings`; the format is told by the suffix."""
    text = path.read_text(encoding="utf-8")
    nested: dict[str, Settings]
    if path.suffix == ".json":
        nested = json.loads(text)
    elif path.suffix == ".toml":
        nested = tomllib.loads(text)
    elif path.suffix == ".yaml":
        nested = _read_yaml(text)
    elif path.suffix == ".ini":
        nested = _read_ini(text)
    else:
        pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
        lower = path.suffix == ".env"
        return {(k.lower().replace("__", ".") if lower else k): _scalar(v) for k, v in pairs}
    return {f"{section}.{key}": value for section, keys in nested.items() for key, value in keys.items()}


def _read_ini(text: str) -> dict[str, Settings]:
    parser = configparser.RawConfigParser()
    parser.read_file(io.StringIO(text))
    return {s: {k: _scalar(v) for k, v in parser.items(s)} for s in parser.sections()}


def _read_yaml(text: str) -> dict[str, Settings]:
    """The two-level subset written above; the parts must start without third-party imports."""
    nested: dict[str, Settings] = {}
    section = ""
    for line in text.splitlines():
        key, _, value = line.strip().partition(":")
        if line and not line.startswith(" "):
            section = key
            nested[section] = {}
        elif value:
            nested[section][key] = json.loads(value)
    return nested
