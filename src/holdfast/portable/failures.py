"""What can be wrong with an archive."""

from __future__ import annotations


class Refused(Exception):
    """An archive that is not taken; the message says what is wrong, and where. Nothing of it was kept."""
