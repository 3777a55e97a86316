"""The server plays here."""

from object_store import *  # noqa: F403
