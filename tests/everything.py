"""Runs every test that this machine can: once on SQLite, the desk once more on PostgreSQL where there is one.

python -m tests.everything [arguments for pytest]
"""

from __future__ import annotations

import os
import subprocess
import sys

POSTGRESQL = os.environ.get("HOLDFAST_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test")

WORKERS = ("-n", "2", "--dist", "worksteal")
ON_POSTGRESQL = (
    "tests/desk",
    "tests/web",
    "tests/browser/test_life.py",
    "--ignore=tests/web/test_roles.py",  # who may do what does not depend on the database
)

REDACTING = """
import pathlib, tempfile
from holdfast.redaction import Key, redact_bundle
with tempfile.TemporaryDirectory() as name:
    seen, told = pathlib.Path(name, "seen.txt"), pathlib.Path(name, "told.env")
    seen.write_bytes("it was Tr0ub4dor77\\n".encode("utf-16"))
    told.write_text("DB_PASSWORD=Tr0ub4dor77\\n")
    redact_bundle([seen, told], pathlib.Path(name, "out"), Key.fresh(), workers=1)
"""
WARM = (
    REDACTING,
    "from holdfast.diagnostics import reading; reading.warm()",
    "from holdfast.diagnostics.correlation import conclusion; conclusion.warm()",
)


def main() -> int:
    """Return the exit code: 0 when all passed."""
    more = sys.argv[1:]
    # Compiled once for all, so that no test waits for it and none is timed with it.
    compiling = [subprocess.Popen([sys.executable, "-c", one]) for one in WARM]
    codes = [one.wait() for one in compiling]
    if any(codes):
        return 1
    code = _pytest([*WORKERS, *more], {})
    if not _reachable():
        print("skipped: the desk on PostgreSQL (no server at the address in HOLDFAST_TEST_POSTGRESQL)")
        return code or (1 if os.environ.get("HOLDFAST_REQUIRE") == "all" else 0)
    print("the desk once more, on PostgreSQL")
    return _pytest([*WORKERS, *ON_POSTGRESQL, *more], {"HOLDFAST_TEST_DATABASE_URL": POSTGRESQL}) or code


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def _reachable() -> bool:
    import psycopg

    try:
        psycopg.connect(POSTGRESQL, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
