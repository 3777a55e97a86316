"""A case with something of every room plays here."""

from travelling import *  # noqa: F403
