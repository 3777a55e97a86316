"""Who wrote what: the component of a file by its name, and of a series without labels by its metric's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holdfast.diagnostics.correlation.gathering import component
from holdfast.diagnostics.diagnosis import Diagnosis
from holdfast.diagnostics.investigate import investigate


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logs/orders-7d9f8b6c5d-x2x9z.log", "orders"),
        ("orders/current.log", "orders"),
        ("pay.log", "pay"),
        ("nginx/error.log", "nginx"),
        ("order-history.log", "order-history"),
    ],
)
def test_a_file_belongs_to_the_component_its_name_speaks_of(name: str, expected: str) -> None:
    assert component(name, {}, {"orders"}) == expected


def bundle(folder: Path) -> Diagnosis:
    """Two services whose logs name no calls; the pool of one is full from the 20th minute on."""
    for service in ("orders", "catalog"):
        lines = []
        for n in range(1800):
            bad = service == "orders" and n >= 1200 and n % 5 == 0
            level, said = ("ERROR", "no connection to be had") if bad else ("INFO ", "listed")
            lines.append(f"2026-05-01 10:{n // 60:02d}:{n % 60:02d},000 {level} [w-1] a.Api - {said}")
        (folder / f"{service}.log").write_text("\n".join(lines) + "\n")
    rows = ["time,orders_db_pool_in_use,catalog_db_pool_in_use,orders_cpu,catalog_cpu"]
    for n in range(0, 1800, 10):
        moved = 15 if n >= 1200 else 3 + n // 10 % 4
        rows.append(
            f"2026-05-01T10:{n // 60:02d}:{n % 60:02d}Z,{moved},{2 + n // 10 % 3},0.{20 + n % 7},0.{15 + n % 5}"
        )
    (folder / "db.csv").write_text("\n".join(rows) + "\n")
    return investigate([folder])


def test_a_column_of_metrics_belongs_to_the_component_its_name_begins_with(tmp_path: Path) -> None:
    found = bundle(tmp_path)
    assert found.components[0].name == "orders"
    moved = [one for one in found.findings if one.rule.startswith("metrics.")]
    assert [one.components for one in moved] == [("orders",)]
    assert "db_pool_in_use" in moved[0].title


def table(folder: Path, columns: dict[str, tuple[float, float]], *, counted: bool = False) -> Diagnosis:
    """A table and nothing else: each column's value, and what it is from the 20th minute on."""
    noise, totals = np.random.default_rng(3), dict.fromkeys(columns, 1e5)
    rows = [",".join(["time", *columns])]
    for n in range(0, 1800, 10):
        now = {c: values[n >= 1200] * noise.uniform(0.98, 1.02) for c, values in columns.items()}
        totals = {c: totals[c] + 10 * now[c] for c in columns}
        shown = totals if counted else now
        stamp = f"2026-05-01T10:{n // 60:02d}:{n % 60:02d}Z"
        rows.append(",".join([stamp, *(f"{shown[c]:.4f}" for c in columns)]))
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    return investigate([folder])


def test_a_table_alone_names_components_by_what_their_columns_have_in_common(tmp_path: Path) -> None:
    names = ("cart", "orders", "stock", "mail", "redis-cart", "mongo")
    columns = {f"{name}_mem": (5e8, 5e8) for name in names}
    columns |= {f"{name}_cpu": (0.2, 0.9 if name == "stock" else 0.2) for name in names}
    found = table(tmp_path, columns)
    assert [one.name for one in found.components] == ["stock"]
    assert found.certainty == "medium"
    assert found.certainty_why.startswith("what it uses up speaks alone")


def test_a_counter_in_a_table_speaks_by_its_pace(tmp_path: Path) -> None:
    names = ("cart", "orders", "stock", "mail", "redis-cart", "mongo")
    columns = {f"{name}_cpu_seconds_total": (0.2, 0.9 if name == "mail" else 0.2) for name in names}
    columns |= {f"{name}_fs_writes_bytes_total": (4e5, 4e5) for name in names}
    found = table(tmp_path, columns, counted=True)
    assert [one.name for one in found.components] == ["mail"]
    assert found.findings[0].title == (
        "cpu_seconds_total of mail rises from 0.2 to 0.899 a second, unlike the same metric elsewhere"
    )
