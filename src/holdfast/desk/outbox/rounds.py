"""Rounds: what a worker does every so often, one worker at a time. A room registers its own.

A round has to be harmless when it runs twice: the row that says when it is due moves on before it runs,
so that a worker that dies in the middle leaves the rest to the next round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from holdfast.desk.outbox.models import Round

_log = logging.getLogger("holdfast.rounds")
Act = Callable[[], None]
_rounds: dict[str, tuple[timedelta, Act]] = {}


def every(seconds: float, name: str) -> Callable[[Act], Act]:
    """Register what is to be done every so many seconds."""

    def register(act: Act) -> Act:
        if name in _rounds:
            raise ValueError(f"two rounds are called {name}")
        _rounds[name] = (timedelta(seconds=seconds), act)
        return act

    return register


def make_rounds(now: datetime | None = None) -> list[str]:
    """Run the rounds that are due and return their names; one that fails is logged and comes again."""
    now = now or timezone.now()
    known = set(Round.objects.filter(due_at__gt=now).values_list("name", flat=True))
    done = []
    for name, (pause, act) in _rounds.items():
        if name not in known and _claim(name, now, pause):
            done.append(name)
            _run(name, act)
    return done


def _claim(name: str, now: datetime, pause: timedelta) -> bool:
    """Move the due moment on; of two workers only one changes the row."""
    if Round.objects.filter(name=name, due_at__lte=now).update(due_at=now + pause):
        return True
    _, created = Round.objects.get_or_create(name=name, defaults={"due_at": now + pause})
    return created


def _run(name: str, act: Act) -> None:
    try:
        act()
    except Exception:
        _log.exception("round failed", extra={"round": name})
