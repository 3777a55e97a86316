"""Tables whose rows are never changed or removed, kept so by the database itself."""

from __future__ import annotations

from typing import Any

_SQLITE = """
CREATE TRIGGER {table}_no_{deed} BEFORE {deed} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL = """
CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_append_only()
"""


def protect(schema_editor: Any, table: str) -> None:
    """Make updates and deletes of the table's rows fail."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRESQL.format(table=table))
        return
    for deed in ("update", "delete"):
        schema_editor.execute(_SQLITE.format(table=table, deed=deed))


def release(schema_editor: Any, table: str) -> None:
    """Undo `protect`."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {table}_append_only() CASCADE")
        return
    for deed in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER {table}_no_{deed}")
