"""Environments of a case: how it is set up, at a moment, and what differs between two."""
