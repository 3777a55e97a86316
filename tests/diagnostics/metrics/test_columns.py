"""Columns of a table name components where several have the same quantities, and only there."""

from __future__ import annotations

import pytest

from holdfast.diagnostics.metrics.columns import parted

QUANTITIES = ("cpu", "mem", "diskio", "latency-50", "latency-90", "error", "workload")


@pytest.mark.parametrize("mark", ["_", ".", ":", "/"])
@pytest.mark.parametrize(
    "names", [("orders", "stock", "redis-cart"), ("ts-order-service", "ts-user-mongo", "ts-food-service")]
)
def test_columns_are_cut_between_component_and_quantity(names: tuple[str, ...], mark: str) -> None:
    cut = parted([f"{name}{mark}{quantity}" for name in names for quantity in QUANTITIES])
    assert {owner for owner, _ in cut.values()} == set(names)
    assert {quantity for _, quantity in cut.values()} == set(QUANTITIES)


def test_a_component_that_lacks_some_quantities_is_one_all_the_same() -> None:
    columns = [f"{name}_{quantity}" for name in ("orders", "stock") for quantity in QUANTITIES]
    assert parted([*columns, "mongo_cpu", "mongo_mem"])["mongo_cpu"] == ("mongo", "cpu")


@pytest.mark.parametrize(
    "columns",
    [
        ["cpu_user", "cpu_system", "mem_used", "mem_free", "disk_read", "disk_write"],
        ["latency_p50", "latency_p90", "duration_p50", "duration_p90"],
        ["read_bytes", "write_bytes", "read_ops", "write_ops"],
        ["cpu.user", "cpu.system", "mem.used", "mem.free"],
        ["cpu", "mem"],
        ["orders_cpu"],
        [],
    ],
)
def test_the_quantities_of_one_system_name_nobody(columns: list[str]) -> None:
    assert parted(columns) == {}
