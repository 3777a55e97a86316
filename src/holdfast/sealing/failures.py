"""What can go wrong with sealed things, told so that somebody can do something about it."""

from __future__ import annotations

import errno


class Damaged(Exception):
    """A sealed thing that does not open: changed, cut, put together anew, or sealed for something else."""


class StoreFailed(Exception):
    """The store did not do what was asked; the message says what was kept and what to do."""


class Missing(StoreFailed):
    """There is no such thing in the store."""


def told(error: OSError, name: str) -> StoreFailed:
    """Return a failure of a disk in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFailed("the disk is full; what was stored before is untouched. Make room and try again")
    return StoreFailed(f"{name} cannot be used: {error.strerror}")
