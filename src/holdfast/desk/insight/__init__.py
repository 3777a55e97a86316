"""Figures counted from the timeline, each opening onto its cases."""
