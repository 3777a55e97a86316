"""Policies as data: shipped with the room that owns them, published by version, never changed."""
