"""Log lines as JSON, with the request they belong to and never a secret."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET = re.compile(
    r"(hf_[\w-]{8}|whsec_.{4})[\w+/=-]+"
    r"|(?i:(bearer\s+|password=|secret=|token=|sessionid=|holdfast_session=))[^\s&;,\"'@]+"
    r"|(://[^:/\s@]{1,80}:)[^\s@/]{1,200}(?=@)"
    r"|(/sign-in/once/)[\w-]+"
)


def masked(text: str) -> str:
    """Return the text with what looks like a credential masked."""
    return _SECRET.sub(lambda match: next(filter(None, match.groups()), "") + "***", text)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request, and what the call added."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        from holdfast.web.requests import request_id

        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            "request": request_id.get(),
        }
        line |= {
            name: masked(value) if isinstance(value, str) else value
            for name, value in vars(record).items()
            if name not in _STANDARD and isinstance(value, str | int | float | None)
        }
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line)
