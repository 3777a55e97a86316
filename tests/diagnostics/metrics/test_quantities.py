"""The names of the usual exporters say whether a metric is about a component's own means."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.metrics.quantities import SUFFERED, USED_UP, WAITED_FOR, is_known, is_own


@pytest.mark.parametrize(
    "name",
    [
        "container_cpu_usage_seconds_total",
        "container_memory_working_set_bytes",
        "container_fs_writes_bytes_total",
        "container_blkio_device_usage_total",
        "container_network_receive_packets_dropped_total",
        "node_netstat_Tcp_RetransSegs",
        "process_open_fds",
        "jvm_gc_pause_seconds_sum",
        "kube_pod_container_status_restarts_total",
        "mem",
        "diskio",
    ],
)
def test_means_are_used_up(name: str) -> None:
    assert USED_UP.search(name)
    assert is_own(name)


@pytest.mark.parametrize("name", ["container_sockets", "kafka_consumer_lag", "hikaricp_connections_pending"])
def test_what_fills_up_is_waited_for(name: str) -> None:
    assert WAITED_FOR.search(name)
    assert not USED_UP.search(name)


@pytest.mark.parametrize("name", ["http_request_duration_seconds", "latency-90", "grpc_errors_per_second"])
def test_latency_and_errors_are_suffered_and_speak_against_nobody(name: str) -> None:
    assert SUFFERED.search(name)
    assert is_known(name)
    assert not is_own(name)


@pytest.mark.parametrize(
    "name",
    [
        "member_count",
        "rooms_booked",
        "flagged_orders",
        "clock_offset",
        "process_cpu_seconds_bucket",
    ],
)
def test_other_words_that_hold_them_say_nothing(name: str) -> None:
    assert not is_known(name)
