"""Tickets for engineering: drafted from a case, held against a gate, filed, and followed to each customer's build."""
