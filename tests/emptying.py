"""How the database is emptied after a test that commits: what holds something, past the append-only triggers."""

from __future__ import annotations

from typing import Any

KEPT = {"django_content_type", "auth_permission"}
"""Written by migrating and by no test; emptied, they would be written anew after each one."""


def sql_flush(operations: Any, style: Any, tables: list[str], **_: Any) -> list[str]:
    """Return the statements that empty the database; it stands in for Django's, which empties every table."""
    database = operations.connection
    with database.cursor() as cursor:
        named = {table: operations.quote_name(table) for table in sorted(set(tables) - KEPT)}
        each = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {name})" for table, name in named.items())
        cursor.execute(" UNION ALL ".join(each))
        filled = {table: named[table] for (table,) in cursor.fetchall()}
        deletes = [f"DELETE FROM {name}" for name in filled.values()]
        before, after = _BY_VENDOR[database.vendor](cursor, filled)
    return [*before, *deletes, *after]


def _on_sqlite(cursor: Any, filled: dict[str, str]) -> tuple[list[str], list[str]]:
    cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = [(name, sql) for name, table, sql in cursor.fetchall() if table in filled]
    return [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]


def _on_postgresql(cursor: Any, filled: dict[str, str]) -> tuple[list[str], list[str]]:
    cursor.execute(
        "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
    )
    guarded = [filled[table] for (table,) in cursor.fetchall() if table in filled]
    return (
        [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in guarded],
        ["SET CONSTRAINTS ALL IMMEDIATE", *(f"ALTER TABLE {name} ENABLE TRIGGER USER" for name in guarded)],
    )


_BY_VENDOR = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}
