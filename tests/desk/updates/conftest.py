"""The cast, and a draft to a customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from cast import *  # noqa: F403
from holdfast.desk.updates import commands
from holdfast.desk.updates.models import Update

Write = Callable[..., Update]


@pytest.fixture(autouse=True)
def _own_keys(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path


@pytest.fixture
def written(case: Any, engineer: Any) -> Write:
    """Write an update whose words say what they are told to; the rest is sound."""

    def write(known: str = "Search fails for 7 of 31 requests since 10:56 UTC.", **other: Any) -> Update:
        draft = commands.draft(case, other.pop("audience", "customer"), by=engineer)
        parts = {"headline": "Search fails", "doing": "We are reading the logs.", "next_step": ""}
        at = other.pop("next_at", timezone.now() + timedelta(hours=2))
        said = commands.Draft(known=known, next_at=at, **(parts | other))
        return commands.write(draft, said, by=engineer)

    return write
