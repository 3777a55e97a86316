"""The wall clock of one process, which a fault may set wrong."""

import time


class Clock:
    """Wall time plus an offset in seconds; every timestamp a process writes goes through its clock."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Seconds since the epoch as this process believes them."""
        return time.time() + self.offset

    def now_ns(self) -> int:
        """Nanoseconds since the epoch as this process believes them."""
        return time.time_ns() + int(self.offset * 1e9)
