"""What to ask for next: the fewest artefacts that would separate the candidates, with the commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import polars as pl

from holdfast.diagnostics.correlation.blame import by_counts
from holdfast.diagnostics.correlation.certainty import takers
from holdfast.diagnostics.correlation.evidence import Evidence
from holdfast.diagnostics.correlation.ranking import Ranked, Weighed
from holdfast.diagnostics.diagnosis import Gap, Question

MOST = 4
QUARTER = 900_000_000_000


def questions(bundle: Evidence, weighed: Weighed, coverage: Sequence[Gap]) -> tuple[Question, ...]:
    """Return the questions, numbered R-1, R-2, ..., the one that separates most first."""
    asked = list(_asked(bundle, weighed, {gap.kind: gap for gap in coverage}))[:MOST]
    return tuple(
        Question(f"R-{n}", title, command, names) for n, (title, command, names) in enumerate(asked, 1)
    )


Raw = tuple[str, str, tuple[str, ...]]


def _asked(bundle: Evidence, weighed: Weighed, gaps: dict[str, Gap]) -> Iterator[Raw]:
    top = weighed.ranked[:2]
    names = tuple(entry.component for entry in top)
    since = _clock(weighed.start - QUARTER)
    mute = set(gaps["no_log"].components) if "no_log" in gaps else set()
    few = set(gaps["few_calls"].components) if "few_calls" in gaps else set()
    sampled = [
        entry.component
        for entry in top
        if entry.component in few or any(map(by_counts, entry.suspicions[:1]))
    ]
    for name in dict.fromkeys([*takers(weighed), *sampled]):
        yield f"every trace of {name} around the onset, not a sample", _traces(name), names
    for entry in top:
        if entry.component in mute or "no_logs" in gaps:
            yield f"logs of {entry.component} around the onset", _logs(bundle, entry, since), names
    if "no_baseline" in gaps:
        yield (
            "the same evidence from a healthy hour, as a baseline",
            "holdfast investigate BUNDLE --baseline HEALTHY",
            names,
        )
    if top and "no_changes" in gaps:
        yield f"changes of {top[0].component} before the onset", _history(bundle, top[0]), names
    if "no_traces" in gaps:
        yield (
            "sampled traces of the failing request",
            "curl -s 'http://JAEGER:16686/api/traces?service=SERVICE&lookback=1h&limit=200'",
            names,
        )
    if "no_metrics" in gaps and top:
        query = f'rate(process_cpu_seconds_total{{service="{top[0].component}"}}[1m])'
        yield (
            "metrics of the candidates around the onset",
            f"curl -sG http://PROMETHEUS:9090/api/v1/query_range -d step=15 -d start={since} "
            f"--data-urlencode 'query={query}'",
            names,
        )
    if len(top) == 2:
        yield f"a thread dump of {top[0].component} while it fails", _dump(bundle, top[0]), names


def _pod(bundle: Evidence, component: str) -> str:
    """Return the component's Kubernetes pod, where the evidence names one."""
    pods = bundle.spans.filter((pl.col("component") == component) & (pl.col("instance") != ""))["instance"]
    pod = pods[0] if pods.len() else ""
    return pod if pod.count("-") >= 2 else ""


def _traces(name: str) -> str:
    return f"curl -s 'http://JAEGER:16686/api/traces?service={name}&lookback=1h&limit=2000'"


def _logs(bundle: Evidence, entry: Ranked, since: str) -> str:
    pod = _pod(bundle, entry.component)
    return (
        f"kubectl logs {pod} --since-time={since}"
        if pod
        else f"journalctl -u {entry.component} --since '{since}'"
    )


def _history(bundle: Evidence, entry: Ranked) -> str:
    if _pod(bundle, entry.component):
        return f"kubectl rollout history deployment/{entry.component}"
    return f"journalctl -u {entry.component} --grep 'Start|version'"


def _dump(bundle: Evidence, entry: Ranked) -> str:
    pod = _pod(bundle, entry.component)
    return f"kubectl exec {pod} -- kill -QUIT 1" if pod else f"kill -QUIT $(pgrep -f {entry.component})"


def _clock(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
