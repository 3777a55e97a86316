"""Spans of any tracing system in one table, and what the table says."""
