"""Holdfast: the working bench of the escalation engineer."""

__version__ = "0.1.0"
