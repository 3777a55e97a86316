"""Keeping the database's idea of its own contents fresh.

PostgreSQL looks after that by itself. SQLite does not: without it, a new index or a grown table makes it read
all cases where the rows of one page would do.
"""

from __future__ import annotations

from django.db import connection

from holdfast.desk.outbox.rounds import every

_SAMPLE = 200_000
"""Rows looked at per index (sqlite.org/pragma.html#pragma_analysis_limit). Cases are counted whole: all of them are of
one organisation or a few, and from a small sample the planner takes every index for as good as the next."""


@every(6 * 3600, "look over the database")
def look_over() -> None:
    """Have SQLite count anew what its planner goes by."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {_SAMPLE}")
        cursor.execute("ANALYZE")
