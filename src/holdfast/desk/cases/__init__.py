"""Intake, the case, its append-only timeline and the queue."""
