"""The cast plays here."""

from cast import *  # noqa: F403
