"""Telling people the truth on time: drafts from facts, a checker, promises, the status page."""
