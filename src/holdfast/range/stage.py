"""The running system: starts, restarts and orders its processes, and watches over their memory."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .certificates import Authority
from .dice import dice, pod_suffix
from .settings import SUFFIXES, Settings, Value, encode_settings
from .topology import Topology

SOURCE_ROOT = Path(__file__).resolve().parents[2]
# -I and -S skip site-packages: a child needs the standard library only, and starts twice as fast.
START = "from holdfast.range.parts.process import main; main()"
BOOT = f"import sys; sys.path.insert(0, {str(SOURCE_ROOT)!r}); {START}"
READY_SECONDS = 20.0
MEMORY_LIMIT_MB = 220


class StageError(RuntimeError):
    """A process of the system did not start or did not answer."""


@dataclass
class Child:
    """One process of the system: the replica `slot` of the component `name`."""

    name: str
    slot: str
    instance: str
    spec: dict[str, Any]
    process: asyncio.subprocess.Process
    port: int = 0
    admin: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def order(self, message: dict[str, Any], patience: float = 5.0) -> None:
        """Send an order and wait for its acknowledgement."""
        async with self.turn:
            if self.process.stdin is None or self.process.stdout is None:
                raise StageError(f"{self.name} has no control pipe")
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            answer = await asyncio.wait_for(self.process.stdout.readline(), patience)
        if not answer:
            raise StageError(f"{self.name} died on order {message['op']}")

    async def end(self) -> None:
        """Close the control pipe; kill what has not ended a second later."""
        with contextlib.suppress(ProcessLookupError, TimeoutError):
            if self.process.stdin is not None:
                self.process.stdin.close()
            await asyncio.wait_for(self.process.wait(), 1.0)
        await self.kill()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            # Not process.kill(): it polls first, and may take the exit status from asyncio's own waiter.
            if self.process.returncode is None:
                os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()


class Stage:
    """All processes of one run. Use as an asynchronous context manager: on leaving, everything is gone."""

    def __init__(self, topology: Topology, seed: int, home: Path, *, sampling: float = 1.0) -> None:
        self.topology = topology
        self.home = home
        self.seed = seed
        self.sampling = sampling
        self.rng = dice("stage", topology.name, seed)
        self.children: dict[str, Child] = {}
        self.ports: dict[str, dict[str, int]] = {}
        self.instances: dict[str, tuple[str, str]] = {}
        self.versions = {name: str(c.get("version", "1.0.0")) for name, c in topology.components.items()}
        self.settings: dict[str, Settings] = {
            name: dict(c["config"]) for name, c in topology.components.items()
        }
        self.changes: list[dict[str, str]] = []
        self.events: list[str] = []
        self.gone: set[str] = set()
        self.restarts: dict[str, int] = {}
        self.ailing: dict[str, dict[str, Any]] = {}
        self.extra: dict[str, dict[str, Any]] = {}
        self.certificate_ends: dict[str, datetime] = {}
        self.watching: asyncio.Task[None] | None = None
        for folder in ("logs", "spans", "config", "tls"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        self.authority = Authority(home / "tls")

    async def __aenter__(self) -> "Stage":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.watching is not None:
            self.watching.cancel()
        await asyncio.gather(*(child.end() for child in self.children.values()))

    # --- starting

    async def open(self) -> None:
        """Start the resolver, the stores, then the applications, and watch over them all."""
        for kinds in (("resolver",), ("database", "cache", "broker"), ("application",)):
            names = [name for kind in kinds for name in self.topology.of_kind(kind)]
            await asyncio.gather(*(self.start(slot) for name in names for slot in self.slots(name)))
            await self.publish_zone()
        self.watching = asyncio.create_task(self._watch())

    async def open_load(self) -> None:
        self.config_file("clients").write_text("{}", encoding="utf-8")
        await self._launch(self.topology.load, "clients", "clients")

    def slots(self, name: str) -> list[str]:
        """The replicas of a component: the first is named like it, the others `<name>~2` and so on."""
        nodes = self.topology.components[name].get("replica_nodes", [])
        return [name, *(f"{name}~{number}" for number in range(2, len(nodes) + 2))]

    async def start(self, slot: str, *, port: int = 0, instance: str = "") -> Child:
        """Start a replica, at `port` if one is given, as a new instance if none is named."""
        name, _, number = slot.partition("~")
        component = self.topology.components[name]
        if number:
            component = {**component, "node": component["replica_nodes"][int(number) - 2]}
        self.write_settings(name)
        child = await self._launch(component, slot, instance or self._instance(name, number or "1"), port)
        self.ports.setdefault(self.host(name), {}).setdefault(slot, child.port)
        if slot in self.ailing:
            await child.order({"op": "ail", "set": self.ailing[slot]})
        return child

    def _instance(self, name: str, number: str) -> str:
        naming = self.topology.components[name].get("naming", "pod")
        return f"{name}-{pod_suffix(self.rng)}" if naming == "pod" else f"{name}-{int(number):02d}"

    async def _launch(self, component: dict[str, Any], slot: str, instance: str, port: int = 0) -> Child:
        name = component["name"]
        spec = self._spec(component, slot, instance, port)
        self.instances[instance] = (name, component["node"])
        with (self.home / f"{name}.stderr").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", BOOT,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors, limit=1 << 20,
            )  # fmt: skip
        child = Child(name, slot, instance, spec, process)
        self.children[slot] = child
        if process.stdin is None or process.stdout is None:
            raise StageError(f"{name} has no control pipe")
        process.stdin.write(json.dumps(spec).encode() + b"\n")
        ready = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if not ready:
            raise StageError(f"{name} did not start: {(self.home / f'{name}.stderr').read_text()[-600:]}")
        told = json.loads(ready)
        child.port, child.admin = told["port"], told["admin"]
        return child

    def _spec(self, component: dict[str, Any], slot: str, instance: str, port: int) -> dict[str, Any]:
        name = component["name"]
        spec: dict[str, Any] = {
            "component": component, "domain": self.topology.domain, "instance": instance, "seed": self.seed,
            "port": port, "version": self.versions.get(name, "1"), "sampling": self.sampling,
            "home": str(self.home / slot), "config_file": str(self.config_file(name)),
            "log_file": str(self.home / "logs" / f"{instance}.log"),
            "span_file": str(self.home / "spans" / f"{instance}.jsonl"),
            "resolver_port": self._resolver_port(),
            "hosts": {k: self.host(k) for k in self.topology.components},
            "kinds": {k: c["kind"] for k, c in self.topology.components.items()},
            "authorities": {k: str(self.authority.path) for k in self.topology.tls_servers()},
            "clock_offset": self._clock_offset(component["node"]),
            **self.extra.get(name, {}),
        }  # fmt: skip
        if component.get("tls"):
            until = self.certificate_ends.get(name, datetime.now(UTC) + timedelta(days=60))
            spec["certificate"], spec["private_key"] = map(str, self.authority.issue(self.host(name), until))
        return spec

    def _clock_offset(self, node: str) -> float:
        """How far off a node's clock always is, in seconds: no two machines agree to the millisecond."""
        spread = self.topology.clock_spread_ms / 1000
        return dice("clock", self.topology.name, node).uniform(-spread, spread)

    def _resolver_port(self) -> int:
        resolver = next(iter(self.topology.of_kind("resolver")))
        return self.children[resolver].port if resolver in self.children else 0

    def host(self, name: str) -> str:
        """The name a component is found under."""
        return str(self.topology.components[name].get("host", f"{name}.{self.topology.domain}"))

    async def publish_zone(self) -> None:
        zone = {host: list(ports.values()) for host, ports in self.ports.items()}
        for name in self.topology.of_kind("resolver"):
            await self.children[name].order({"op": "zone", "zone": zone})

    # --- settings

    def config_file(self, name: str) -> Path:
        component = self.topology.components.get(name, {})
        return self.home / "config" / f"{name}{SUFFIXES[component.get('config_format', 'json')]}"

    def write_settings(self, name: str) -> None:
        form = self.topology.components[name].get("config_format", "json")
        self.config_file(name).write_text(encode_settings(self.settings[name], form), encoding="utf-8")

    async def configure(self, name: str, key: str, value: Value, by: str) -> None:
        """Change one setting on disk, have the process read it, and record the change."""
        before = self.settings[name].get(key, "(default)")
        self.settings[name][key] = value
        self.write_settings(name)
        for slot in self.slots(name):
            await self.children[slot].order({"op": "reload"})
        self.record(name, "config", f"{key}={before}", f"{key}={value}", by)

    async def deploy(self, name: str, version: str, by: str, **extra: Any) -> None:
        """Replace a component by a new version, replica after replica: stop the old, start a new."""
        before, self.versions[name] = self.versions[name], version
        self.extra[name] = {**self.extra.get(name, {}), **extra}
        for slot in self.slots(name):
            await self._replace(slot)
        self.record(name, "deploy", before, version, by)

    async def _replace(self, slot: str) -> None:
        old = self.children[slot]
        self.gone.add(slot)
        self.event("Normal", "Killing", old.instance, "Stopping container for rollout")
        await old.end()
        child = await self.start(slot, port=old.port)
        self.gone.discard(slot)
        image = f"{child.name}:{self.versions[child.name]}"
        self.event("Normal", "Started", child.instance, f"Started container {child.name}, image {image}")

    def record(self, name: str, kind: str, before: str, after: str, by: str) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.changes.append(
            {"time": stamp, "component": name, "kind": kind, "from": before, "to": after, "by": by}
        )

    def event(self, kind: str, reason: str, instance: str, message: str) -> None:
        """A line as the orchestrator's event listing has it."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.events.append(f"{stamp}   {kind:<7}   {reason:<12}   pod/{instance:<34}   {message}")

    # --- faults

    async def ail(self, name: str, **changes: Any) -> None:
        """Make all replicas of a component suffer, also after a restart; see `Ailments`."""
        for slot in self.slots(name):
            await self.ail_one(slot, **changes)

    async def ail_one(self, slot: str, **changes: Any) -> None:
        """Make one replica suffer."""
        self.ailing.setdefault(slot, {}).update(changes)
        await self.children[slot].order({"op": "ail", "set": changes})

    async def skew(self, name: str, seconds: float) -> None:
        """Set the clock wrong that a component's first replica sees."""
        await self.children[name].order({"op": "skew", "seconds": seconds})

    async def kill(self, name: str) -> None:
        """Kill a component's first replica; nobody starts it again."""
        self.gone.add(name)
        await self.children[name].kill()

    def freeze(self, name: str) -> None:
        """Stop a component's first replica where it stands; its sockets stay open."""
        self.gone.add(name)
        os.kill(self.children[name].process.pid, signal.SIGSTOP)

    async def flush(self, har: Path) -> None:
        """Have every living process write what it still holds, and the customers their HAR."""
        if self.watching is not None:
            self.watching.cancel()
        ready = [c for c in self.children.values() if c.admin and c.slot not in self.gone]
        living = [c for c in ready if c.process.returncode is None]
        await asyncio.gather(*(child.order({"op": "flush"}) for child in living), return_exceptions=True)
        await self.children["clients"].order({"op": "har", "path": str(har)})

    async def put_relay(self, name: str, *, delay_ms: float = 0.0, loss: float = 0.0) -> None:
        """Put a relay between a component's first replica and everybody who looks it up from now on."""
        relay = {"kind": "relay", "name": f"relay-{name}", "layout": "logfmt", "node": "network"}
        target = self.children[name].port
        settings: Settings = {"relay.target": target, "relay.delay_ms": delay_ms, "relay.loss": loss}
        self.config_file(relay["name"]).write_text(encode_settings(settings, "json"), encoding="utf-8")
        child = await self._launch(relay, relay["name"], relay["name"])
        self.ports[self.host(name)][name] = child.port
        await self.publish_zone()

    async def _watch(self) -> None:
        """Start again what died or passes its memory limit, as a container runtime does."""
        while True:
            await asyncio.sleep(0.4)
            for slot, child in list(self.children.items()):
                if child.name in self.topology.components and slot not in self.gone and child.admin:
                    await self._care_for(slot, child)

    async def _care_for(self, slot: str, child: Child) -> None:
        trouble = self._trouble(child.name, child)
        if trouble is None:
            return
        await child.kill()
        self.event("Warning", *trouble)
        await asyncio.sleep(1.0)
        again = await self.start(slot, port=child.port, instance=child.instance)
        self.restarts[slot] = self.restarts.get(slot, 0) + 1
        self.event("Normal", "Started", again.instance, f"Restarted, count {self.restarts[slot]}")

    def _trouble(self, name: str, child: Child) -> tuple[str, str, str] | None:
        """Reason, instance and message of the event that calls for a restart, if there is one."""
        if child.process.returncode is not None:
            return "BackOff", child.instance, f"{name} terminated with exit code {child.process.returncode}"
        limit = int(self.topology.components[name].get("memory_limit_mb", MEMORY_LIMIT_MB))
        if resident_bytes(child.process.pid) > limit << 20:
            return "OOMKilling", child.instance, f"{name} exceeded its memory limit of {limit}Mi"
        return None


def resident_bytes(pid: int) -> int:
    """Resident memory of another process; 0 where it cannot be told."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
