"""What the name of a metric says it measures, in the words of the usual exporters."""

from __future__ import annotations

import re

USED_UP = re.compile(
    r"cpu|memor|(\b|_)mem(\b|_)|rss|resident|heap|(\b|_)gc(\b|_)|disk|filesystem|(\b|_)fs(\b|_)|blkio|inode|(\b|_)io(\b|_|ps|wait)|"
    r"(\b|_)fds?(\b|_)|file_desc|throttl|evict|restart|(\b|_)oom|swap|quota|retrans|packets?_?(drop|loss|lost)",
    re.IGNORECASE,
)
"""Of a component's own means."""
ANSWERS = re.compile(r"^up$|probe_success|(^|_)(healthy|alive|ready)$", re.IGNORECASE)
"""With 1 or 0 whether a component answers its collector at all: it hangs, or it is gone."""
WAITED_FOR = re.compile(
    r"pool|connections|sessions|sockets?|queue|(\b|_)lag(\b|_)|backlog|thread|goroutine|(\b|_)(dead)?lock|unacked|in_flight|inflight",
    re.IGNORECASE,
)
"""Of what fills up when something else is slow: a sign of trouble, weak as a proof of whose."""
SUFFERED = re.compile(
    r"latenc|duration|respon[sc]e_?time|elapsed|error|fail|exception|5xx|refused|rejected|time_?d?_?outs?(\b|_)",
    re.IGNORECASE,
)
"""Of what those who call a component see, whoever's fault it is: no argument, for calls tell more of it."""
_BUCKET = re.compile(r"_bucket$")


def is_own(name: str) -> bool:
    """Tell whether a metric may speak against the component that has it."""
    return not _BUCKET.search(name) and any(words.search(name) for words in (USED_UP, ANSWERS, WAITED_FOR))


def is_known(name: str) -> bool:
    """Tell whether a name is that of a quantity at all."""
    return is_own(name) or bool(SUFFERED.search(name))
