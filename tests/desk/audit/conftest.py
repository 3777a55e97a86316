"""The cast, over the ledger."""

from __future__ import annotations

from cast import *  # noqa: F403
