"""Every fault strikes where the seed says, by a mechanism that leaves its own trace in the evidence.

A default run of the suite plays a few of them, one of each family; `HOLDFAST_RANGE=all` plays them all.
"""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from holdfast.range import Bundle, list_faults, list_systems, run
from holdfast.range.faults import FAULTS
from holdfast.range.parts.relay import RETRANSMISSION
from holdfast.range.topology import load_topology

DEFAULT = ["exception_after_deploy", "expired_certificate", "lock_contention", "pool_exhausted"]
PLAYED = list_faults() if os.environ.get("HOLDFAST_RANGE") == "all" else DEFAULT
SECONDS = 11.0


def logs(bundle: Bundle, component: str = "") -> str:
    """The text of a component's logs, of all when none is named."""
    return "\n".join(p.read_text() for p in sorted((bundle.path / "logs").rglob(f"{component}*.log")))


def injected(bundle: Bundle) -> float:
    assert bundle.truth.injected_at is not None
    return datetime.fromisoformat(bundle.truth.injected_at.replace("Z", "+00:00")).timestamp()


def spans(bundle: Bundle) -> list[dict[str, Any]]:
    """All spans, each with its `service` added."""
    found = []
    for path in sorted((bundle.path / "traces").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            batch = json.loads(line)["resourceSpans"][0]
            service = batch["resource"]["attributes"][0]["value"]["stringValue"]
            found += [s | {"service": service} for s in batch["scopeSpans"][0]["spans"]]
    return found


def attribute(span: dict[str, Any], key: str) -> str:
    values = [next(iter(a["value"].values())) for a in span["attributes"] if a["key"] == key]
    return str(values[0]) if values else ""


def milliseconds(span: dict[str, Any]) -> float:
    return (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e6


def samples(bundle: Bundle, metric: str, component: str, *, after: bool = True) -> list[float]:
    """Values of a metric of a component, by default those after the injection."""
    path = bundle.path / "metrics" / f"{metric}.json"
    result = json.loads(path.read_text())["data"]["result"] if path.exists() else []
    rows = [row["values"] for row in result if row["metric"]["service"] == component]
    return [float(v) for row in rows for t, v in row if (t >= injected(bundle)) == after]


def calls_to(bundle: Bundle, component: str, *, after: bool) -> list[float]:
    """Durations in ms of what others asked of a component, read off the asking side."""
    host = load_topology("shop").components[component].get("host", f"{component}.shop.internal")
    asked = [s for s in spans(bundle) if s["kind"] in (3, 4) and attribute(s, "server.address") == host]
    return [
        milliseconds(s) for s in asked if (int(s["startTimeUnixNano"]) / 1e9 >= injected(bundle)) == after
    ]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def became_slow(bundle: Bundle, component: str) -> bool:
    return mean(calls_to(bundle, component, after=True)) > 3 * mean(calls_to(bundle, component, after=False))


def changed(bundle: Bundle, component: str, kind: str) -> bool:
    """A change of the component is recorded at the injection."""
    changes = json.loads((bundle.path / "changes.json").read_text())
    times = [c["time"] for c in changes if c["component"] == component and c["kind"] == kind]
    near = [datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp() - injected(bundle) for t in times]
    return any(-1.5 < seconds < 3 for seconds in near)


def raised_after_deploy(bundle: Bundle, component: str) -> bool:
    raised = "Unhandled exception" in logs(bundle, component) or "Could not process" in logs(
        bundle, component
    )
    return raised and changed(bundle, component, "deploy")


def clock_jumped(bundle: Bundle, component: str) -> bool:
    newest = {s["service"]: int(s["endTimeUnixNano"]) / 1e9 for s in spans(bundle)}
    return abs(newest[component] - max(v for k, v in newest.items() if k != component)) > 30


def kept_connections(bundle: Bundle, component: str) -> bool:
    """Connections in use rise and stay: the quietest moment of the end is above that of the start."""
    quiet_before = min(samples(bundle, "pool_in_use", component, after=False))
    result = json.loads((bundle.path / "metrics" / "pool_in_use.json").read_text())["data"]["result"]
    rows = [row["values"] for row in result if row["metric"]["service"] == component]
    return max(min(float(v) for _, v in values[-3:]) for values in rows) >= quiet_before + 2


def restarts(bundle: Bundle) -> str:
    """The events that tell of a process that ended by itself."""
    return "\n".join(
        line for line in (bundle.path / "events.txt").read_text().splitlines() if "BackOff" in line
    )


def lost_children(bundle: Bundle, component: str) -> bool:
    """A route that called others no longer does."""
    parents: dict[str, int] = {}
    for span in spans(bundle):
        parents[span.get("parentSpanId", "")] = parents.get(span.get("parentSpanId", ""), 0) + 1
    served = [s for s in spans(bundle) if s["service"] == component and s["kind"] in (2, 5)]
    late = [s for s in served if int(s["startTimeUnixNano"]) / 1e9 > injected(bundle) + 0.2]
    early = [s for s in served if int(s["endTimeUnixNano"]) / 1e9 < injected(bundle)]
    emptied = {s["name"] for s in early if s["spanId"] in parents} - {
        s["name"] for s in late if s["spanId"] in parents
    }
    return bool(emptied & {s["name"] for s in late})


VISIBLE: dict[str, Callable[[Bundle, str], bool]] = {
    "bad_config": lambda b, c: changed(b, c, "config"),
    "cache_down": lambda b, c: min(samples(b, "up", c)) == 0 and "falling back to origin" in logs(b),
    "clock_skew": clock_jumped,
    "cpu_contention": lambda b, c: max(samples(b, "process_cpu_seconds_per_second", c)) > 0.4,
    "disk_full": lambda b, c: (
        max(samples(b, "disk_used_bytes", c)) > 0.99 * samples(b, "disk_quota_bytes", c)[0]
    ),
    "crash_loop": lambda b, c: "Fatal error" in logs(b, c) and f"pod/{c}-" in restarts(b),
    "dns_failure": lambda b, c: (
        "SERVFAIL" in logs(b, c) or "NXDOMAIN" in logs(b, c) or "i/o timeout" in logs(b, c)
    ),
    "exception_after_deploy": raised_after_deploy,
    "expired_certificate": lambda b, _: "certificate has expired" in logs(b),
    "file_leak": lambda b, c: "Too many open files" in logs(b, c),
    "hang": lambda b, c: min(samples(b, "up", c)) == 0,
    "lock_contention": lambda b, c: f"({c}): LOCK TABLE" in logs(b, "shop-db"),
    "memory_leak": lambda b, c: (
        max(samples(b, "process_resident_memory_bytes", c))
        > 1.5 * max(samples(b, "process_resident_memory_bytes", c, after=False))
    ),
    "network_delay": became_slow,
    "network_partition": became_slow,
    "packet_loss": lambda b, c: (
        max(calls_to(b, c, after=True)) > mean(calls_to(b, c, after=False)) + 1000 * RETRANSMISSION
    ),
    "poison_message": lambda b, c: "Could not process message" in logs(b, c),
    "pool_exhausted": kept_connections,
    "retry_storm": lambda b, c: max(samples(b, "http_client_retries_per_second", c)) > 1,
    "slow_dependency": became_slow,
    "slow_disk": lambda b, c: (
        max(samples(b, "disk_io_time_seconds_per_second", c))
        > 3 * max(samples(b, "disk_io_time_seconds_per_second", c, after=False))
    ),
    "wrong_return": lost_children,
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """One short run of each fault, two at a time."""
    folder = tmp_path_factory.mktemp("range")
    with ThreadPoolExecutor(2) as pool:
        played = pool.map(lambda name: run(name, 5, folder / name, duration=SECONDS), PLAYED)
    return dict(zip(PLAYED, played, strict=True))


@pytest.mark.parametrize("fault", PLAYED)
def test_the_fault_is_visible_at_the_component_the_truth_names(
    bundles: dict[str, Bundle], fault: str
) -> None:
    bundle = bundles[fault]
    assert bundle.truth.fault == fault
    assert bundle.truth.component is not None
    assert VISIBLE[fault](bundle, bundle.truth.component)


def test_the_truth_lies_beside_the_bundle_and_nowhere_in_it(bundles: dict[str, Bundle]) -> None:
    for name, bundle in bundles.items():
        assert bundle.truth_path == bundle.path.parent / "truth" / f"{name}.json"
        assert json.loads(bundle.truth_path.read_text())["component"] == bundle.truth.component
        inside = [p.name for p in bundle.path.rglob("*") if p.is_file()]
        assert "truth.json" not in inside
        assert "injected_at" not in "".join(p.read_text() for p in bundle.path.rglob("*.json"))


def test_every_fault_can_strike_in_every_system() -> None:
    for system in list_systems():
        topology = load_topology(system)
        for fault in FAULTS.values():
            sites = fault.sites(topology)
            assert sites, f"{fault.name} has no place in {system}"
            assert {site.component for site in sites} <= set(topology.components)


def test_every_fault_has_a_check_of_its_visibility() -> None:
    assert set(VISIBLE) == set(list_faults())
    assert len(VISIBLE) >= 12
