"""The log engine: any log file to records and templates with time, level and ids."""

from holdfast.diagnostics.logs.following import Hit, follow
from holdfast.diagnostics.logs.opcodes import NO_TIME, Level
from holdfast.diagnostics.logs.reading import read_log, read_logs
from holdfast.diagnostics.logs.table import (
    LogTable,
    Note,
    NoteKind,
    Stack,
    Template,
    assign_rows,
    write_assignments,
)

__all__ = [
    "NO_TIME",
    "Hit",
    "Level",
    "LogTable",
    "Note",
    "NoteKind",
    "Stack",
    "Template",
    "assign_rows",
    "follow",
    "read_log",
    "read_logs",
    "write_assignments",
]
