"""A system as data: its components, what they do for each request, and who uses it how."""

from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from .steps import Step, parse_steps, walk

Component = dict[str, Any]
FOLDER = "topologies"


@dataclass(frozen=True)
class Edge:
    """A component uses a peer, from one of its routes, consumers or jobs."""

    component: str
    peer: str
    where: str
    step: Step


@dataclass(frozen=True)
class Topology:
    """A declared system. `components` are as in the file, each with its `name` added."""

    name: str
    title: str
    domain: str
    components: dict[str, Component]
    load: Component
    symptoms: tuple[str, ...]
    clock_spread_ms: float

    def of_kind(self, kind: str) -> list[str]:
        return [name for name, c in self.components.items() if c["kind"] == kind]

    def tls_servers(self) -> list[str]:
        return [name for name, c in self.components.items() if c.get("tls")]

    def observed(self) -> list[str]:
        """Components whose evidence we may collect; a third party's is out of reach."""
        return [name for name, c in self.components.items() if c.get("observed", True)]

    def edges(self) -> list[Edge]:
        """Every use of a peer by an application."""
        found = []
        for name, component in self.components.items():
            for where, steps in programs(component).items():
                found += [
                    Edge(name, s.words[0], where, s)
                    for s in walk(steps)
                    if s.words and s.words[0] in self.components
                ]
        return found


def programs(component: Component) -> dict[str, tuple[Step, ...]]:
    """The steps of every route, consumer and job of a component, by its name."""
    raw = {**component.get("routes", {}), **component.get("consumes", {})}
    jobs = {job["name"]: job["steps"] for job in component.get("jobs", [])}
    return {where: parse_steps(steps) for where, steps in {**raw, **jobs}.items()}


def list_systems() -> list[str]:
    """Names of the systems that ship with the range."""
    folder = resources.files(__package__) / FOLDER
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_topology(name: str) -> Topology:
    """Read a shipped system; an unknown name is a ValueError that lists the known ones."""
    if name not in list_systems():
        raise ValueError(f"unknown system {name!r}; known: {', '.join(list_systems())}")
    text = (resources.files(__package__) / FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    defaults = raw.get("defaults", {})
    components = {k: _component(k, v, defaults) for k, v in raw["components"].items()}
    load = {"kind": "load", "layout": "logfmt", "node": "outside", "name": "clients", **raw["load"]}
    topology = Topology(
        name,
        raw["title"],
        raw["domain"],
        components,
        load,
        tuple(raw["symptoms"]),
        float(raw["clock_spread_ms"]),
    )
    _check(topology)
    return topology


def _component(name: str, raw: Component, defaults: Component) -> Component:
    config = {**defaults.get("config", {}).get(raw["kind"], {}), **raw.get("config", {})}
    kept = {k: v for k, v in defaults.items() if k != "config"}
    return {**kept, **raw, "name": name, "config": config}


def _check(topology: Topology) -> None:
    """A topology that names a peer that is not there is refused when read, not when it fails."""
    peered = {"call", "sql", "transaction", "cached", "uncache", "publish"}
    for name, component in topology.components.items():
        for where, steps in programs(component).items():
            for step in walk(steps):
                if step.verb in peered and step.words[0] not in topology.components:
                    raise ValueError(f"{topology.name}: {name}, {where}: no component {step.words[0]!r}")
