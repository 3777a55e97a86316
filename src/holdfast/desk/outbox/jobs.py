"""The kinds of jobs there are. A room registers its own; the worker knows no room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from holdfast.desk.outbox.models import Job

Store = Callable[[], None]
"""Writes a job's outcome; runs in one transaction with the job being marked done."""


class Run(Protocol):
    """What a handler is given: the job, and the way to show a sign of life."""

    job: Job

    def beat(self, percent: int | None = None, progress: str | None = None) -> None:
        """Renew the lease and publish progress; raise Stop when cancelled or when the lease was lost."""


Handler = Callable[[Run], Store]
"""Does the long part outside any transaction, and returns how to store what came out."""


class Stop(Exception):
    """The job was cancelled, or another worker holds it now."""


class Refused(Exception):
    """The work cannot be done however often it is tried; the message says why and what to do."""


_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job."""

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"two handlers for {kind} jobs")
        _handlers[kind] = handler
        return handler

    return register


def handler(kind: str) -> Handler:
    """Return the handler of a kind of job."""
    if kind not in _handlers:
        raise Refused(f"this version knows no {kind} jobs")
    return _handlers[kind]
