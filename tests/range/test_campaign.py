"""A healthy run is a complete bundle; the plan follows from the seed; nothing survives a run."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from holdfast.range import Bundle, run
from holdfast.range.bundle import pack
from holdfast.range.campaign import draw_plan


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("healthy") / "quiet"
    return run("none", 1, out, system="courier", duration=5.0, baseline=True)


def living(mark: Path) -> list[int]:
    """Process ids of the range's children that were started with `mark` as their temporary folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            child = b"holdfast.range.parts.process" in (path / "cmdline").read_bytes()
            if child and f"TMPDIR={mark}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def test_a_bundle_holds_every_kind_of_evidence(healthy: Bundle) -> None:
    case = json.loads((healthy.path / "case.json").read_text())
    assert {"case", "system", "reported_at", "symptom"} <= set(case)
    assert list((healthy.path / "logs").rglob("*.log"))
    assert list((healthy.path / "traces").glob("spans-*.jsonl"))
    assert json.loads((healthy.path / "client.har").read_text())["log"]["entries"]
    assert json.loads((healthy.path / "changes.json").read_text()), "innocent changes are part of every run"
    matrix = json.loads((healthy.path / "metrics" / "up.json").read_text())
    assert {"service", "instance", "node"} <= set(matrix["data"]["result"][0]["metric"])
    assert (healthy.path / "openmetrics" / "edge.txt").read_text().endswith("# EOF\n")


def test_a_baseline_is_a_bundle_of_its_own_that_the_case_refers_to(healthy: Bundle) -> None:
    case = json.loads((healthy.path / "case.json").read_text())
    reference = healthy.path.parent / case["baseline"]
    assert reference == healthy.baseline
    assert reference != healthy.path
    assert list((reference / "traces").glob("spans-*.jsonl"))
    assert healthy.truth.component is None


def test_at_least_six_services_speak_in_at_least_ten_layouts(healthy: Bundle) -> None:
    from holdfast.range.topology import load_topology

    for system in ("shop", "courier"):
        components = load_topology(system).components
        assert len([c for c in components.values() if c["kind"] == "application"]) >= 6
        assert len({c["layout"] for c in components.values()}) >= 10
    assert len(list((healthy.path / "logs").rglob("*.log"))) >= 12


def test_a_third_party_leaves_no_evidence_of_its_own(healthy: Bundle) -> None:
    names = {p.name for p in healthy.path.rglob("*")}
    assert not [name for name in names if name.startswith("douane")]
    assert "ws.douane.example" in (healthy.path / "traces" / "spans-0001.jsonl").read_text()


def test_replicas_are_instances_of_one_service_on_their_own_nodes(healthy: Bundle) -> None:
    matrix = json.loads((healthy.path / "metrics" / "up.json").read_text())["data"]["result"]
    nodes = {row["metric"]["node"] for row in matrix if row["metric"]["service"] == "tracking"}
    assert nodes == {"bear", "otter"}
    assert "listening on" in (healthy.path / "logs" / "otter" / "tracking-02.log").read_text()


def test_spans_form_whole_traces_across_services_and_queues(healthy: Bundle) -> None:
    seen: dict[str, set[str]] = {}
    for path in (healthy.path / "traces").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            batch = json.loads(line)["resourceSpans"][0]
            service = batch["resource"]["attributes"][0]["value"]["stringValue"]
            for span in batch["scopeSpans"][0]["spans"]:
                seen.setdefault(span["traceId"], set()).add(service)
    assert any({"edge", "intake", "sorter", "dispatch", "delivery"} <= services for services in seen.values())


def test_a_packed_bundle_has_the_same_bytes_each_time(healthy: Bundle) -> None:
    first = pack(healthy.path).read_bytes()
    second = pack(healthy.path)
    assert second.read_bytes() == first
    with tarfile.open(second) as archive:
        names = archive.getnames()
    assert names == sorted(names)
    assert all(name.startswith("quiet/") for name in names)


def test_the_plan_is_determined_by_its_arguments() -> None:
    one = draw_plan("slow_dependency", 7, "shop", 30.0)
    same = draw_plan("slow_dependency", 7, "shop", 30.0)
    assert (one.site, one.onset, one.innocent) == (same.site, same.onset, same.innocent)
    assert len({draw_plan("slow_dependency", seed, "shop", 30.0).onset for seed in range(9)}) == 9


def test_seeds_spread_over_the_components() -> None:
    sites = [draw_plan("memory_leak", seed, "shop", 30.0).site for seed in range(40)]
    assert len({site.component for site in sites if site}) >= 5


def test_bad_arguments_are_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown fault 'gremlins'"):
        run("gremlins", 1, tmp_path / "a")
    with pytest.raises(ValueError, match="unknown system 'bakery'"):
        run("none", 1, tmp_path / "a", system="bakery")
    with pytest.raises(ValueError, match="exists already"):
        run("none", 1, tmp_path)


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc to look for processes")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_survives_an_interrupted_run(tmp_path: Path, how: signal.Signals) -> None:
    out = str(tmp_path / "x")
    code = f"from pathlib import Path; from holdfast.range import run; run('none', 1, Path({out!r}))"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 15
    while len(living(tmp_path)) < 10 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(living(tmp_path)) >= 10
    parent.send_signal(how)
    parent.wait(10)
    while living(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living(tmp_path) == []
