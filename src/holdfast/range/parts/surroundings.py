"""What every part finds around it: its settings, clock, log, tracer, metrics, disk and ailments."""

import asyncio
import os
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.range.dice import dice
from holdfast.range.settings import read_settings
from holdfast.range.telemetry.clock import Clock
from holdfast.range.telemetry.logbook import Logbook
from holdfast.range.telemetry.openmetrics import Registry
from holdfast.range.telemetry.spans import Tracer

from .names import Resolver
from .quota import QuotaDirectory
from .wire import Handler, listen

DEFAULT_QUOTA = 4_000_000


@dataclass
class Ailments:
    """The faults active in this process; all zero or empty when it is healthy."""

    delay: float = 0.0
    write_delay: float = 0.0
    leak_connections: float = 0.0
    hoard_objects: int = 0
    leak_files: int = 0
    leaked_files: list[int] = field(default_factory=list)
    early_return: str = ""
    refuse_names: str = ""
    burn_threads: int = 0
    fill_disk: bool = False
    hold_lock: dict[str, Any] = field(default_factory=dict)
    hoard: list[list[list[object]]] = field(default_factory=list)

    async def slow_down(self, rng: random.Random) -> None:
        """Wait as long as the ailment demands, with the spread of a real slow peer."""
        await _wait(self.delay, rng)

    async def write_slowly(self, rng: random.Random) -> None:
        """The same for a disk that takes its time."""
        await _wait(self.write_delay, rng)

    def grow(self) -> None:
        """Keep objects and files that nothing will ever need; the last free descriptor ends in EMFILE."""
        for _ in range(self.leak_files):
            self.leaked_files.append(os.open(os.devnull, os.O_RDONLY))
        if self.hoard_objects:
            self.hoard.append([[i, f"session-{i}"] for i in range(self.hoard_objects)])


async def _wait(seconds: float, rng: random.Random) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds * rng.uniform(0.6, 1.5))


class Surroundings:
    """Built from the specification the parent sends; see `Stage` for its shape."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.component: dict[str, Any] = spec["component"]
        self.name: str = self.component["name"]
        self.language: str = self.component.get("language", "python")
        self.domain: str = spec["domain"]
        self.home = Path(spec["home"])
        self.rng = dice(spec["seed"], spec["instance"])
        self.clock = Clock(spec.get("clock_offset", 0.0))
        self.registry = Registry()
        self.ailments = Ailments()
        self.settings = read_settings(Path(spec["config_file"]))
        self.disk = QuotaDirectory(
            self.home / "data", int(self.settings.get("disk.quota_bytes", DEFAULT_QUOTA))
        )
        self.component["config"] = self.settings
        self.log = Logbook(self.component, Path(spec["log_file"]), self.clock)
        resource = {
            "service.name": self.name,
            "service.version": spec["version"],
            "service.instance.id": spec["instance"],
            "host.name": self.component["node"],
            "telemetry.sdk.language": self.language,
        }
        self.tracer = Tracer(resource, Path(spec["span_file"]), self.clock)
        self.resolver = Resolver(spec["resolver_port"])
        self.tasks: set[asyncio.Task[Any]] = set()
        self.servers: list[asyncio.Server] = []

    async def listen(self, handler: Handler, port: int = 0, **options: Any) -> int:
        """Serve `handler` on loopback, at a free port if 0 is given; returns the port."""
        server = await listen(handler, port, **options)
        self.servers.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop serving and working; for parts that live in a test instead of a process of their own."""
        for server in self.servers:
            server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for file in self.log.files.values():
            file.close()

    async def write(self, name: str, data: bytes) -> None:
        """Append to a file on the disk, and count bytes and time as the machine's exporter would; raises OSError."""
        began = time.monotonic()
        await self.ailments.write_slowly(self.rng)
        self.disk.append(name, data)
        self.registry.count("disk_written_bytes", len(data))
        self.registry.count("disk_io_time_seconds", time.monotonic() - began)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` beside everything else; the reference keeps the task from being collected."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def reload(self) -> None:
        """Read the settings file again."""
        self.settings = read_settings(Path(self.spec["config_file"]))
        self.disk.quota = int(self.settings.get("disk.quota_bytes", DEFAULT_QUOTA))

    def setting(self, name: str, default: float) -> float:
        """A numeric setting, in the unit its name ends with."""
        return float(self.settings.get(name, default))

    def peer_setting(self, peer: str, name: str, default: float) -> float:
        """`<peer>.<name>`, else `http.<name>`, else the default."""
        return self.setting(f"{peer}.{name}", self.setting(f"http.{name}", default))

    def host_of(self, peer: str) -> str:
        """The host name this process is configured to find `peer` at."""
        return str(self.settings.get(f"{peer}.host", self.spec["hosts"].get(peer, f"{peer}.{self.domain}")))
