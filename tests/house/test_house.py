"""The rules of the house: what every file, name, page and import has to keep to."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TESTS = ROOT / "src" / "holdfast", ROOT / "tests"
LONGEST_FUNCTION, LONGEST_FILE = 80, 500
ATTICS = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "service", "misc"}


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    yield from (path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def test_every_module_is_tested_where_its_mirror_stands() -> None:
    """`a/b.py` by `tests/a/test_b.py`, or by any test in the folder that mirrors its package."""
    missing = []
    for path in modules():
        folder = TESTS / path.parent.relative_to(SOURCE)
        candidates = [folder, *folder.parents][: len(folder.relative_to(TESTS).parts)] or [TESTS / "cli"]
        if path.name not in ("__init__.py", "__main__.py") and not any(
            list(at.glob("test_*.py")) for at in candidates
        ):
            missing.append(str(path.relative_to(SOURCE)))
    assert missing == []


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
        and not _kernel(node)
    ]
    assert long == []


def _kernel(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A compiled loop may be longer: calls within it are not free."""
    return any(
        "njit" in ast.unparse(decorator) or "kernel" in ast.unparse(decorator)
        for decorator in node.decorator_list
    )


def test_most_functions_are_very_short() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 9
    assert lengths[len(lengths) * 95 // 100] <= 40


def test_files_are_short() -> None:
    long = [str(path) for path in modules() if len(path.read_text("utf-8").splitlines()) > LONGEST_FILE]
    assert long == []


def test_no_room_is_an_attic() -> None:
    assert [str(path) for path in SOURCE.rglob("*") if path.name.removesuffix(".py") in ATTICS] == []


def test_every_module_says_what_it_is() -> None:
    assert [str(path.relative_to(ROOT)) for path in modules() if not ast.get_docstring(tree(path))] == []


def test_public_names_are_sorted() -> None:
    for path in modules():
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = ast.literal_eval(node.value)
                assert names == sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n)), path


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_kept() -> None:
    forbidden = re.compile(
        rb"files\.pythonhosted|pypi\.org/simple|registry\.npm|--index-url|--extra-index"
        rb'|"resolved"\s*:|/home/[a-z]+/|/root/\.|/work/(main|shared)'
    )
    found = [
        f"{path.relative_to(ROOT)}: {hit[0].decode()}"
        for path in tracked()
        if path != Path(__file__) and path.suffix not in (".png", ".woff2")
        if (hit := forbidden.search(path.read_bytes()))
    ]
    assert found == []


def test_pictures_are_small() -> None:
    for path in (ROOT / "docs" / "pictures").glob("*.png"):
        assert path.stat().st_size < 300_000, path


def test_imports_follow_the_order_of_the_work() -> None:
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def reference(name: str) -> str:
    return (ROOT / "docs" / "reference" / f"{name}.md").read_text("utf-8")


def test_every_analyser_is_documented() -> None:
    from holdfast.diagnostics.analysers import registered

    page = reference("analysers")
    for one in registered():
        if type(one).__module__.startswith("holdfast."):
            assert f"`{one.name}`" in page


def test_every_log_format_is_documented() -> None:
    page = reference("log-formats")
    for path in (SOURCE / "diagnostics" / "logs" / "formats").glob("*.yaml"):
        assert f"`{path.stem}`" in page


def test_every_setting_is_documented() -> None:
    page = reference("settings")
    source = "".join(path.read_text("utf-8") for path in (SOURCE / "web").rglob("*.py"))
    for name in set(re.findall(r'"(HOLDFAST_[A-Z_]+)"', source)):
        assert f"`{name}`" in page


def test_every_figure_is_documented() -> None:
    from holdfast.desk.insight.figures import all_figures

    for name in all_figures():
        assert f"`{name}`" in reference("figures")


def test_every_kind_of_policy_is_documented() -> None:
    from holdfast.desk.policies.kind import all_kinds

    for name in all_kinds():
        assert f"`{name}`" in reference("policies")


def test_every_exit_code_is_documented() -> None:
    from holdfast.cli import investigating

    codes = (investigating.NOTHING, investigating.FINDINGS, investigating.UNUSABLE, investigating.PARTIAL)
    for page in (reference("commands"), (ROOT / "README.md").read_text("utf-8")):
        for code in codes:
            assert f"| {code} | " in page


def test_every_rule_written_in_the_code_is_in_the_table() -> None:
    from holdfast.diagnostics.analysers.logs import _WORTH_SAYING
    from holdfast.diagnostics.rules import RULES

    literal = re.compile(r'"((?:bundle|reader|traces|metrics|changes|logs)\.[a-z]+_?[a-z_]*)"')
    kinds = {"traces.otlp", "traces.jaeger", "traces.zipkin", "traces.otlp_protobuf", "metrics.csv"}
    kinds |= {"metrics.prometheus", "metrics.openmetrics"}
    written = {
        rule
        for path in (SOURCE / "diagnostics").rglob("*.py")
        if path.name != "rules.py"
        for rule in literal.findall(path.read_text("utf-8"))
    }
    assert written - kinds - set(RULES) == set()
    assert {f"logs.{kind.value}" for kind in _WORTH_SAYING} <= set(RULES)
    for rule in RULES:
        assert f"`{rule}`" in reference("findings")


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / name).read_text("utf-8")):
        assert (ROOT / target).exists(), target


def test_the_plan_names_every_room_of_the_desk_in_the_order_of_the_work() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    rooms = [layer.removeprefix("holdfast.desk.") for layer in reversed(layers) if ".desk." in layer]
    plan = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert re.findall(r"^    (\w+)/  +\S", plan.partition("  desk/  ")[2], re.M) == rooms


def test_the_version_is_the_changelogs() -> None:
    from holdfast import __version__

    sections = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert next(name for name in sections if name != "Unreleased") == __version__
