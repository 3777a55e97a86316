"""The faults: where each can strike in a given system, and what it really does there."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isnan
from typing import Any

from .parts.rules import DEFECTS
from .scrape import LABEL, SAMPLE, fetch, quantile
from .stage import Stage
from .topology import Topology, programs


@dataclass(frozen=True)
class Site:
    """A place a fault can strike: the component to blame and what the fault needs to know."""

    component: str
    detail: dict[str, Any] = field(default_factory=dict)
    also_acceptable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """A way to break a system. `prepare` runs before the system starts, with seconds until the onset."""

    name: str
    says: str
    sites: Callable[[Topology], list[Site]]
    strike: Callable[[Stage, Site, random.Random], Awaitable[None]]
    prepare: Callable[[Stage, Site, datetime], None] | None = None


FAULTS: dict[str, Fault] = {}
Strike = Callable[[Stage, Site, random.Random], Awaitable[None]]


def fault(
    name: str,
    says: str,
    sites: Callable[[Topology], list[Site]],
    prepare: Callable[[Stage, Site, datetime], None] | None = None,
) -> Callable[[Strike], Strike]:
    """Register the decorated function as the fault `name`."""

    def register(strike: Strike) -> Strike:
        if name in FAULTS:
            raise ValueError(f"fault {name!r} is declared twice")
        FAULTS[name] = Fault(name, says, sites, strike, prepare)
        return strike

    return register


# --- where


def applications(topology: Topology) -> list[Site]:
    """Applications of our own that do something for requests and call on others, or are called."""
    entry = topology.load["entry"]
    names = [n for n in topology.of_kind("application") if n in topology.observed() and n != entry]
    return [Site(name) for name in names]


def anything_slow(topology: Topology) -> list[Site]:
    """Whatever somebody waits for, third parties included."""
    waited = {edge.peer for edge in topology.edges() if edge.component != topology.load["entry"]}
    return [Site(name) for name in topology.components if name in waited]


def request_routes(topology: Topology) -> list[Site]:
    """A route or consumer of an application, busy enough to be seen."""
    sites = []
    for site in applications(topology):
        component = topology.components[site.component]
        busy = [*component.get("routes", {}), *component.get("consumes", {})]
        sites += [Site(site.component, {"where": w}) for w in busy if w in topology.load["busy"]]
    return sites


def database_users(topology: Topology) -> list[Site]:
    return [
        Site(name, {"database": peer})
        for name, peer in sorted({(e.component, e.peer) for e in topology.edges()})
        if topology.components[peer]["kind"] == "database"
    ]


def lock_takers(topology: Topology) -> list[Site]:
    """Users of a database, and a table others lock, too."""
    locked = {
        (e.peer, e.step.options["lock"].split(":")[0]) for e in topology.edges() if "lock" in e.step.options
    }
    return [
        Site(user.component, {"database": database, "table": table}, (database,))
        for user in database_users(topology)
        for database, table in sorted(locked)
        if user.detail["database"] == database
    ]


def resolvers(topology: Topology) -> list[Site]:
    return [Site(name) for name in topology.of_kind("resolver")]


def caches(topology: Topology) -> list[Site]:
    return [Site(name) for name in topology.of_kind("cache")]


def tls_servers(topology: Topology) -> list[Site]:
    return [Site(name) for name in topology.tls_servers()]


def consumers(topology: Topology) -> list[Site]:
    """Consumers that parse a field of their messages without care."""
    return [Site(n, {"field": c["parses"]}) for n, c in topology.components.items() if "parses" in c]


def disk_writers(topology: Topology) -> list[Site]:
    """Who writes to a disk of its own: databases, brokers, and applications with a `write` step."""
    stores = [*topology.of_kind("database"), *topology.of_kind("broker")]
    writers = {name for name, c in topology.components.items() if "'write " in str(c) or '"write ' in str(c)}
    return [Site(name) for name in [*stores, *sorted(writers)]]


def signers(topology: Topology) -> list[Site]:
    """Components that sign requests to somebody who checks the time, or check it themselves."""
    checkers = {
        n
        for n, c in topology.components.items()
        for s in programs(c).values()
        if any(x.verb == "verify" for x in s)
    }
    entry = topology.load["entry"]
    callers = {e.component for e in topology.edges() if e.peer in checkers and e.component != entry}
    return [Site(name) for name in sorted(checkers | callers)]


def callers(topology: Topology) -> list[Site]:
    """An application and a peer it calls in routes that matter."""
    entry = topology.load["entry"]
    pairs = {
        (e.component, e.peer)
        for e in topology.edges()
        if e.step.verb == "call" and e.where in topology.load["busy"]
    }
    return [Site(c, {"peer": p}) for c, p in sorted(pairs) if c != entry]


def misconfigurable(topology: Topology) -> list[Site]:
    """A component and a plausible wrong value of one of its settings: a unit mistaken, a name mistyped."""
    sites = []
    for site in callers(topology):
        peer = site.detail["peer"]
        sites.append(Site(site.component, {"key": f"{peer}.timeout_ms", "value": 1}))
        sites.append(Site(site.component, {"key": f"{peer}.host", "value": f"{peer}-v2.{topology.domain}"}))
    for user in database_users(topology):
        database = user.detail["database"]
        sites.append(Site(user.component, {"key": f"{database}.statement_timeout_ms", "value": 1}))
        sites.append(Site(user.component, {"key": f"{database}.pool_size", "value": 0}))
        if f"{database}.password" in topology.components[user.component]["config"]:
            sites.append(Site(user.component, {"key": f"{database}.password", "value": "changeme"}))
    return sites


# --- what


@fault("slow_dependency", "A component answers, but late.", anything_slow)
async def slow_dependency(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.ail(site.component, delay=rng.uniform(0.35, 0.9))


@fault("exception_after_deploy", "A new version raises on ordinary requests.", request_routes)
async def exception_after_deploy(stage: Stage, site: Site, rng: random.Random) -> None:
    defect = {"name": rng.choice(sorted(DEFECTS)), "where": site.detail["where"]}
    await stage.deploy(
        site.component, next_version(stage.versions[site.component], rng), "ci-pipeline", defect=defect
    )


@fault("bad_config", "A setting is changed to a wrong value.", misconfigurable)
async def bad_config(stage: Stage, site: Site, rng: random.Random) -> None:
    by = rng.choice(("m.okafor", "j.lindqvist", "config-sync"))
    await stage.configure(site.component, site.detail["key"], site.detail["value"], by)


@fault("pool_exhausted", "Code forgets to give connections back.", database_users)
async def pool_exhausted(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.ail(site.component, leak_connections=rng.uniform(0.25, 0.5))


@fault("memory_leak", "Every request leaves objects behind.", applications)
async def memory_leak(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.ail_one(site.component, hoard_objects=rng.randint(25000, 45000))


@fault("lock_contention", "A job keeps a table locked while it works.", lock_takers)
async def lock_contention(stage: Stage, site: Site, rng: random.Random) -> None:
    lock = {**site.detail, "hold": rng.uniform(1.8, 3.0), "pause": rng.uniform(0.2, 0.5)}
    await stage.ail_one(site.component, hold_lock=lock)


@fault("clock_skew", "The clock a component sees jumps.", signers)
async def clock_skew(stage: Stage, site: Site, rng: random.Random) -> None:
    """Far enough to be refused by whoever checks signatures, which allow 30 s."""
    await stage.skew(site.component, rng.choice((-1, 1)) * rng.uniform(60, 400))


@fault("dns_failure", "The resolver fails for all or some names.", resolvers)
async def dns_failure(stage: Stage, site: Site, rng: random.Random) -> None:
    inside = sorted({e.peer for e in stage.topology.edges()})
    fragment = rng.choice(["", stage.topology.domain, rng.choice(inside) + "."])
    await stage.ail(site.component, refuse_names=f"{rng.choice(('SERVFAIL', 'NXDOMAIN', 'DROP'))}:{fragment}")


def shorten_certificate(stage: Stage, site: Site, onset: datetime) -> None:
    stage.certificate_ends[site.component] = onset


@fault("expired_certificate", "A server's certificate reaches its end.", tls_servers, shorten_certificate)
async def expired_certificate(stage: Stage, site: Site, _: random.Random) -> None:
    """Nothing to do: the certificate issued at the start ends at the onset by itself."""
    await asyncio.sleep(
        max(0.0, (stage.certificate_ends[site.component] - datetime.now(UTC)).total_seconds())
    )


@fault("retry_storm", "A caller retries at once, many times, with too little patience.", callers)
async def retry_storm(stage: Stage, site: Site, rng: random.Random) -> None:
    """The patience is a little less than what the peer usually needs, so every request multiplies."""
    peer, by = site.detail["peer"], "resilience-tuning"
    usual = await usual_milliseconds(stage, site.component, peer)
    await stage.configure(site.component, f"{peer}.retries", rng.randint(7, 10), by)
    await stage.configure(site.component, f"{peer}.backoff_ms", 1, by)
    await stage.configure(site.component, f"{peer}.timeout_ms", round(usual * rng.uniform(0.5, 0.7), 1), by)


@fault(
    "poison_message", "Messages arrive that a consumer cannot digest and the broker brings back.", consumers
)
async def poison_message(stage: Stage, site: Site, rng: random.Random) -> None:
    values = {site.detail["field"]: rng.choice((None, "n/a", ""))}
    order = {"op": "odd", "chance": rng.uniform(0.2, 0.4), "values": values}
    await stage.children["clients"].order(order)


@fault("disk_full", "A forgotten dump fills the data directory up to its quota.", disk_writers)
async def disk_full(stage: Stage, site: Site, _: random.Random) -> None:
    await stage.ail_one(site.component, fill_disk=True)


@fault("slow_disk", "Whatever a component writes takes long to reach its disk.", disk_writers)
async def slow_disk(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.ail(site.component, write_delay=rng.uniform(0.25, 0.7))


@fault("cpu_contention", "Runaway threads take the processor from a component.", applications)
async def cpu_contention(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.ail_one(site.component, burn_threads=rng.randint(2, 4))


@fault("wrong_return", "A handler returns early without doing its work.", request_routes)
async def wrong_return(stage: Stage, site: Site, _: random.Random) -> None:
    await stage.ail(site.component, early_return=site.detail["where"])


@fault("network_delay", "Packets to and from a component are late.", anything_slow)
async def network_delay(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.put_relay(site.component, delay_ms=rng.uniform(120, 350))


@fault("packet_loss", "A share of the packets to and from a component is lost.", anything_slow)
async def packet_loss(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.put_relay(site.component, loss=rng.uniform(0.15, 0.35))


@fault("network_partition", "Connections to a component open, and nothing ever comes back.", anything_slow)
async def network_partition(stage: Stage, site: Site, _: random.Random) -> None:
    await stage.put_relay(site.component, delay_ms=-1)


@fault("cache_down", "The cache dies and stays dead.", caches)
async def cache_down(stage: Stage, site: Site, _: random.Random) -> None:
    await stage.kill(site.component)


@fault("hang", "A process stops doing anything, yet its port stays open.", applications)
async def hang(stage: Stage, site: Site, _: random.Random) -> None:
    stage.freeze(site.component)


@fault("crash_loop", "A new version starts, works, dies and is started again.", applications)
async def crash_loop(stage: Stage, site: Site, rng: random.Random) -> None:
    version = next_version(stage.versions[site.component], rng)
    await stage.deploy(site.component, version, "ci-pipeline", dies_of=rng.choice(sorted(DEFECTS)))


@fault("file_leak", "Every request leaves files open until no descriptor is left.", applications)
async def file_leak(stage: Stage, site: Site, rng: random.Random) -> None:
    await stage.ail_one(site.component, leak_files=rng.randint(6, 14))


async def usual_milliseconds(stage: Stage, caller: str, peer: str) -> float:
    """The median of a caller's requests to a peer so far, by the caller's own metrics; 5 if it made none."""
    rows = {}
    for line in (await fetch(stage.children[caller].admin)).splitlines():
        found = SAMPLE.match(line)
        labels = dict(LABEL.findall(found[2] or "")) if found else {}
        if found and found[1] == "http_client_duration_seconds_bucket" and labels["peer"] == peer:
            rows[float(labels["le"].replace("+Inf", "inf"))] = float(found[3])
    median = quantile(sorted(rows), sorted(rows.values()), 0.5) if rows else float("nan")
    return 5.0 if isnan(median) else median * 1000


def next_version(version: str, rng: random.Random) -> str:
    """A later patch or minor version."""
    parts = [int(p) if p.isdigit() else 0 for p in version.split(".")]
    place = rng.choice((len(parts) - 1, max(0, len(parts) - 2)))
    return ".".join(map(str, [*parts[:place], parts[place] + 1, *([0] * (len(parts) - place - 1))]))
