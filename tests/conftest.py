"""What all tests share: where real evidence lies, and the rule about skipped tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None)  # no test asserts a time
# What is submitted is judged by what it changed: the same examples each time. `make test` looks for new ones.
settings.register_profile("submitted", parent=settings.get_profile("suite"), derandomize=True)
settings.load_profile("submitted" if os.environ.get("HOLDFAST_REQUIRE") == "all" else "suite")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("HOLDFAST_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def incidents() -> Path:
    """The folder of labelled real incidents; the test is skipped where it is absent."""
    folder = SHARED / "incidents"
    if not folder.is_dir():
        pytest.skip("no shared incidents here")
    return folder


LONG = ("browser/", "cli/test_looking_after.py", "web/test_api.py", "web/test_backing_up.py")
"""Tests that begin first, so that no processor waits for one of them at the end."""


@pytest.hookimpl(trylast=True)  # pytest-django would put those of browsers behind all others
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what may reach the database is tried; from all else pytest-django keeps it."""
    if "HOLDFAST_TEST_DATABASE_URL" in os.environ:
        apart = [one for one in items if not _may_reach_the_database(one)]
        config.hook.pytest_deselected(items=apart)
        items[:] = [one for one in items if _may_reach_the_database(one)]
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(LONG))


def _may_reach_the_database(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db", "own_database"} & set(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Name what was skipped; with HOLDFAST_REQUIRE=all a skip is a failure."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("HOLDFAST_REQUIRE") == "all":
        terminalreporter.write_line("HOLDFAST_REQUIRE=all: a skipped test is a failure", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and os.environ.get("HOLDFAST_REQUIRE") == "all":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
