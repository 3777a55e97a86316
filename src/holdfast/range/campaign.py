"""One run of the range: start a system, let customers in, break it, collect what it left behind."""

import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .bundle import Bundle, Truth, copy_logs, merge_spans, pack, write_json, write_truth
from .dice import dice
from .faults import FAULTS, Fault, Site, next_version
from .scrape import Scraper
from .stage import Stage
from .topology import Topology, load_topology

Progress = Callable[[str, float], None]
NONE = "none"
DEFAULT_SECONDS = 32.0
# Far from the seeds people type, so that a baseline never shares its customers with the run it is for.
BASELINE_SEED = 1_000_000


@dataclass(frozen=True)
class Plan:
    """What is drawn from the seed before anything starts. Times are seconds after the load began."""

    topology: Topology
    seed: int
    seconds: float
    fault: Fault | None
    site: Site | None
    onset: float
    innocent: tuple[tuple[float, str, str], ...]
    sampling: float
    scrape_interval: float


def list_faults() -> list[str]:
    """Names of the faults `run` knows, besides `none`."""
    return sorted(FAULTS)


def run(
    fault: str,
    seed: int,
    out: Path,
    *,
    system: str = "shop",
    duration: float = DEFAULT_SECONDS,
    baseline: bool = False,
    baseline_bundle: Path | None = None,
    sampling: float = 1.0,
    scrape_interval: float = 1.0,
    archive: bool = False,
    progress: Progress | None = None,
) -> Bundle:
    """Run a system, strike with `fault` (or `none`) and write the bundle folder `out`.

    The truth goes to `out.parent/truth/<out.name>.json`. `baseline` first makes a healthy bundle of the
    same system beside it; `baseline_bundle` refers to one that exists. `duration` is the time under load in
    seconds. An unknown fault or system, or an `out` that exists, is a ValueError before anything starts.
    """
    if out.exists():
        raise ValueError(f"{out} exists already")
    plan = draw_plan(fault, seed, system, duration, sampling, scrape_interval)
    if baseline and baseline_bundle is None:
        healthy = out.with_name(f"{out.name}-baseline")
        baseline_bundle = run(
            NONE, seed + BASELINE_SEED, healthy,
            system=system, duration=duration, sampling=sampling, scrape_interval=scrape_interval,
            archive=archive, progress=progress,
        ).path  # fmt: skip
    truth = asyncio.run(_play(plan, out, baseline_bundle, progress or _silent))
    if archive:
        pack(out)
    return Bundle(out, write_truth(out, truth), truth, baseline_bundle)


def _silent(_: str, __: float) -> None:
    """The progress of somebody who does not want to know."""


def draw_plan(
    fault: str, seed: int, system: str, duration: float, sampling: float = 1.0, scrape_interval: float = 1.0
) -> Plan:
    """Draw site, onset and innocent changes from the seed."""
    topology = load_topology(system)
    rng = dice("plan", system, fault, seed)
    chosen, site = None, None
    if fault != NONE:
        if fault not in FAULTS:
            raise ValueError(f"unknown fault {fault!r}; known: {', '.join(list_faults())}")
        chosen = FAULTS[fault]
        site = draw_site(chosen, topology, rng)
    onset = duration * rng.uniform(0.42, 0.58)
    innocent = _innocents(topology, rng, duration, onset, site)
    return Plan(topology, seed, duration, chosen, site, onset, innocent, sampling, scrape_interval)


def draw_site(fault: Fault, topology: Topology, rng: random.Random) -> Site:
    """First a component, then one of its sites: a component with many sites is no likelier."""
    sites = fault.sites(topology)
    component = rng.choice(sorted({site.component for site in sites}))
    return rng.choice([site for site in sites if site.component == component])


def _innocents(
    topology: Topology, rng: random.Random, duration: float, onset: float, site: Site | None
) -> tuple[tuple[float, str, str], ...]:
    """Harmless changes: one early, one shortly before the onset, sometimes one after."""
    guilty = site.component if site else None
    entry = topology.load["entry"]
    able = [
        n for n in topology.of_kind("application") if n in topology.observed() and n not in (guilty, entry)
    ]
    times = [duration * rng.uniform(0.1, 0.3), onset - duration * rng.uniform(0.02, 0.1)]
    times += [onset + duration * rng.uniform(0.05, 0.3)] * (rng.random() < 0.4)
    return tuple(sorted((t, rng.choice(able), rng.choice(("deploy", "config", "config"))) for t in times))


# --- the play


async def _play(plan: Plan, out: Path, baseline: Path | None, tell: Progress) -> Truth:
    with tempfile.TemporaryDirectory(prefix="holdfast-range-") as home:
        async with Stage(plan.topology, plan.seed, Path(home), sampling=plan.sampling) as stage:
            stage_ready = datetime.now(UTC) + timedelta(seconds=plan.onset + 3.0)
            if plan.fault and plan.site and plan.fault.prepare:
                plan.fault.prepare(stage, plan.site, stage_ready.replace(microsecond=0))
            tell("starting", 0.0)
            await stage.open()
            scraper = Scraper(stage, plan.scrape_interval)
            scraping = asyncio.create_task(scraper.run())
            await stage.open_load()
            injected = await _phases(plan, stage, tell)
            scraping.cancel()
            tell("collecting", 1.0)
            await _collect(plan, stage, scraper, out)
    _write_case(plan, out, baseline, injected)
    return _truth(plan, injected)


async def _phases(plan: Plan, stage: Stage, tell: Progress) -> datetime | None:
    """Let time pass under load, doing what is due; returns when the fault took effect."""
    began = time.monotonic()
    injected: datetime | None = None
    due = [(t, who, what) for t, who, what in plan.innocent] + [(plan.onset, "", "strike")]
    rng = dice("strike", plan.topology.name, plan.seed)
    for moment, who, what in sorted(due):
        await _sleep_until(began + moment, began, plan.seconds, tell)
        if what == "strike":
            injected = await _strike(plan, stage, rng)
        else:
            await _innocent(stage, who, what, rng)
    await _sleep_until(began + plan.seconds, began, plan.seconds, tell)
    return injected


async def _strike(plan: Plan, stage: Stage, rng: random.Random) -> datetime | None:
    if plan.fault is None or plan.site is None:
        return None
    before = datetime.now(UTC)
    await plan.fault.strike(stage, plan.site, rng)
    return stage.certificate_ends.get(plan.site.component, before) if plan.fault.prepare else before


async def _innocent(stage: Stage, name: str, what: str, rng: random.Random) -> None:
    """A change that hurts nobody, made as really as the harmful ones."""
    if what == "deploy":
        await stage.deploy(name, next_version(stage.versions[name], rng), "ci-pipeline")
        return
    key, value = rng.choice(
        (("server.workers", 48), ("http.pool_size", 16), ("feature.banner", True), ("log.sample", 0.5))
    )
    await stage.configure(name, key, value, rng.choice(("a.moreau", "config-sync", "t.nakamura")))


async def _sleep_until(moment: float, began: float, seconds: float, tell: Progress) -> None:
    while (left := moment - time.monotonic()) > 0:
        tell("under load", min(1.0, (time.monotonic() - began) / seconds))
        await asyncio.sleep(min(left, 0.5))


async def _collect(plan: Plan, stage: Stage, scraper: Scraper, out: Path) -> None:
    """Take everything an engineer could have taken, and nothing else."""
    out.mkdir(parents=True)
    await stage.flush(out / "client.har")
    observed = plan.topology.observed()
    places = {
        instance: node if plan.topology.components[name].get("log_folder") else ""
        for instance, (name, node) in stage.instances.items()
        if name in observed
    }
    copy_logs(stage.home / "logs", out / "logs", places)
    merge_spans_of(stage, observed, out / "traces")
    scraper.write(out / "metrics", out / "openmetrics")
    (out / "config").mkdir()
    for name in observed:
        shutil.copyfile(stage.config_file(name), out / "config" / stage.config_file(name).name)
    write_json(out / "changes.json", stage.changes)
    header = (
        "TIME                   TYPE      REASON         OBJECT                                   MESSAGE\n"
    )
    (out / "events.txt").write_text(header + "".join(f"{line}\n" for line in stage.events), encoding="utf-8")


def merge_spans_of(stage: Stage, observed: list[str], target: Path) -> None:
    """Spans of components that are not ours never reach our collector."""
    for path in (stage.home / "spans").glob("*.jsonl"):
        name, _ = stage.instances[path.stem]
        if name not in observed:
            path.unlink()
    merge_spans(stage.home / "spans", target)


def _write_case(plan: Plan, out: Path, baseline: Path | None, injected: datetime | None) -> None:
    rng = dice("case", plan.seed)
    now = datetime.now(UTC)
    reported = now if injected is None else injected + (now - injected) * rng.uniform(0.5, 1.0)
    case = {
        "case": out.name,
        "system": plan.topology.title,
        "reported_at": reported.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "symptom": rng.choice(plan.topology.symptoms),
    }
    if baseline is not None:
        with contextlib.suppress(ValueError):
            case["baseline"] = str(baseline.resolve().relative_to(out.resolve().parent))
    write_json(out / "case.json", case)


def _truth(plan: Plan, injected: datetime | None) -> Truth:
    if plan.fault is None or plan.site is None or injected is None:
        return Truth(None, NONE, None, [])
    stamp = injected.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known_as = [str(plan.topology.components[plan.site.component].get("host", ""))]
    accepted = [*plan.site.also_acceptable, *filter(None, known_as)]
    return Truth(plan.site.component, plan.fault.name, stamp, accepted)
