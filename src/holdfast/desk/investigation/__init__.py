"""Diagnoses kept with their case, and the evidence opened at the cited line."""
