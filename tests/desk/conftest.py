"""The cast plays here."""

from cast import *  # noqa: F403
from object_store import *  # noqa: F403
