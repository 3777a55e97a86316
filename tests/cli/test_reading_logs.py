"""`holdfast logs`: templates, and each record's line, template, time and level."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def read(holdfast: Any, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("logs")
    log = bundle / "logs" / "stock.log"
    done = holdfast("logs", log, "--json", out / "t.json", "--assign", out / "a.csv", COLUMNS="140")
    with (out / "a.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return {"done": done, "log": log, "json": json.loads((out / "t.json").read_text()), "rows": rows}


def test_templates_are_shown_the_most_frequent_first(read: dict[str, Any]) -> None:
    assert read["done"].returncode == 0, read["done"].stderr
    lines = read["done"].stdout.splitlines()
    assert lines[0].startswith("240 lines, ")
    assert "stock asked for <*>" in lines[2]


def test_templates_add_up_to_the_records(read: dict[str, Any]) -> None:
    said = read["json"]
    assert said["schema"] == 1
    assert sum(template["count"] for template in said["templates"]) == said["files"][0]["records"] == 240
    assert {
        "id",
        "file",
        "layout",
        "template",
        "count",
        "level",
        "first_line",
        "last_line",
        "first",
        "last",
    } == set(said["templates"][0])


def test_every_record_is_assigned(read: dict[str, Any]) -> None:
    rows = read["rows"]
    assert [int(row["line"]) for row in rows] == list(range(1, 241))
    counts = {t["id"]: t["count"] for t in read["json"]["templates"]}
    assert set(counts) == {row["template"] for row in rows}
    refused = [row for row in rows if row["level"].lower() == "error"]
    assert len(refused) == read["log"].read_text().count("ERROR")
    assert rows[0]["time"].startswith("2026-01-29T12:00:00.")


def test_several_files_say_which_is_which(holdfast: Any, bundle: Path, tmp_path: Path) -> None:
    done = holdfast("logs", bundle / "logs", "--assign", tmp_path / "a.csv", "--top", "2")
    with (tmp_path / "a.csv").open() as stream:
        files = {row["file"] for row in csv.DictReader(stream)}
    assert len(files) == 5
    assert "more; --json lists them all" in done.stdout


def test_an_id_of_any_kind_is_followed_across_files(holdfast: Any, tmp_path: Path) -> None:
    (tmp_path / "api.log").write_text("2026-05-10T12:00:01Z INFO api order 1701 taken\n")
    (tmp_path / "stock.log").write_text("2026-05-10T12:00:00Z INFO stock order 1701 held\n" * 2)
    files = (tmp_path / "api.log", tmp_path / "stock.log")
    shown = holdfast("logs", *files, "--follow", "1701").stdout.splitlines()
    assert [line.split(": ")[0] for line in shown[:-1]] == ["stock.log:1", "stock.log:2", "api.log:1"]
    assert shown[-1] == "3 lines of 2 files carry 1701"
    told = json.loads(holdfast("logs", *files, "--follow", "1701", "--json", "-").stdout)
    assert [line["time"] for line in told["lines"]] == ["2026-05-10T12:00:00Z"] * 2 + ["2026-05-10T12:00:01Z"]
    assert holdfast("logs", *files, "--follow", "1702").stdout == "no line carries 1702\n"


def test_a_missing_file_ends_with_2(holdfast: Any, tmp_path: Path) -> None:
    done = holdfast("logs", tmp_path / "none.log")
    assert done.returncode == 2
    assert "no such file" in done.stderr
