"""`holdfast investigate` as a person meets it: exit codes, files, words."""

from __future__ import annotations

import json
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

ABNORMAL = ("NO ONSET", "Nothing abnormal found")


@pytest.fixture(scope="session")
def answered(
    holdfast: Any, bundle: Path, baseline: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """One investigation with everything written."""
    out = tmp_path_factory.mktemp("out")
    done = holdfast(
        "investigate", bundle, "--baseline", baseline, "--json", out / "r.json", "--html", out / "r.html",
        "--keep", out / "kept", COLUMNS="120",
    )  # fmt: skip
    return {"done": done, "out": out, "json": json.loads((out / "r.json").read_text())}


def test_findings_end_with_1_and_name_the_guilty_component_first(answered: dict[str, Any]) -> None:
    assert answered["done"].returncode == 1, answered["done"].stderr
    assert answered["json"]["components"][0]["name"] == "stock"
    text = answered["done"].stdout
    assert "ONSET" in text
    assert "WHAT FAILED, MOST LIKELY FIRST" in text
    assert "logs/stock.log:" in text


def test_a_pipe_gets_no_colours_and_no_progress(answered: dict[str, Any]) -> None:
    assert "\x1b" not in answered["done"].stdout
    assert answered["done"].stderr == ""


def test_the_page_is_written_beside(answered: dict[str, Any]) -> None:
    assert "stock" in (answered["out"] / "r.html").read_text()


def test_the_proof_of_a_finding_can_be_shown(holdfast: Any, answered: dict[str, Any]) -> None:
    out = answered["out"]
    proof = next(
        f for f in answered["json"]["findings"] if f["rule"] == "logs.new_line" and "stock" in f["components"]
    )
    shown = holdfast("show", proof["id"], "--report", out / "r.json", "--keep", out / "kept")
    assert shown.returncode == 0, shown.stderr
    assert "table stock_items is locked" in shown.stdout
    assert f"▸{proof['locators'][0]['line']:>7}" in shown.stdout


def test_a_place_can_be_shown(holdfast: Any, answered: dict[str, Any]) -> None:
    out = answered["out"]
    log = next(a for a in answered["json"]["artefacts"] if a["name"].endswith("orders.log"))
    shown = holdfast(
        "show", f"{log['id']}:3", "--report", out / "r.json", "--keep", out / "kept", "--around", 1
    )
    assert shown.returncode == 0, shown.stderr
    assert len(shown.stdout.splitlines()) == 4  # its name, the line before, the line, the line after


def test_what_cannot_be_shown_is_said(holdfast: Any, answered: dict[str, Any], tmp_path: Path) -> None:
    out = answered["out"]
    unknown = holdfast("show", "F-99", "--report", out / "r.json", "--keep", out / "kept")
    assert unknown.returncode == 2
    assert "names no finding" in unknown.stderr
    torn = tmp_path / "torn.json"
    torn.write_text("{")
    assert holdfast("show", "F-01", "--report", torn, "--keep", out / "kept").returncode == 2


def test_a_healthy_time_ends_with_0_and_invents_nothing(holdfast: Any, baseline: Path) -> None:
    done = holdfast("investigate", baseline, "--baseline", baseline, "--json", "-")
    said = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert said["verdict"] == "nothing_abnormal"
    assert said["components"] == []
    assert said["summary"].startswith("Nothing abnormal found")


def test_a_missing_file_ends_with_2(holdfast: Any, tmp_path: Path) -> None:
    done = holdfast("investigate", tmp_path / "none.tar.gz")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_time_that_is_none_ends_with_2(holdfast: Any, bundle: Path) -> None:
    done = holdfast("investigate", bundle, "--at", "noonish")
    assert done.returncode == 2
    assert "ISO 8601" in done.stderr


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.log", b""),
        ("noise.bin", random.Random(4).randbytes(200_000)),
        ("torn.tar.gz", b"\x1f\x8b\x08\0\0\0"),
    ],
)
def test_what_holds_nothing_readable_ends_with_2(
    holdfast: Any, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    done = holdfast("investigate", tmp_path / name, "--json", tmp_path / "r.json")
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    said = json.loads((tmp_path / "r.json").read_text())
    assert said["components"] == []
    assert said["coverage"] or said["findings"]


def test_an_archive_that_breaks_off_ends_with_3_and_its_first_part_is_read(
    holdfast: Any, bundle: Path, baseline: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.tar.gz"
    with tarfile.open(whole, "w:gz") as archive:
        archive.add(bundle, "bundle")
    data = whole.read_bytes()
    torn = tmp_path / "torn.tar.gz"
    torn.write_bytes(data[: len(data) * 3 // 4])
    done = holdfast("investigate", torn, "--baseline", baseline, "--json", tmp_path / "r.json")
    said = json.loads((tmp_path / "r.json").read_text())
    assert done.returncode == 3, done.stdout
    assert any(finding["rule"] == "bundle.truncated" for finding in said["findings"])
    assert "NOT READ" in done.stdout
    assert sum(artefact["records"] for artefact in said["artefacts"]) > 0
