"""What the pages of the reference are written with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

HEAD = "<!-- Written by `make docs` from the code. Edit the code, not this page. -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Return a text as inline code; one with backticks in it needs longer fences."""
    line = text.split("\n")[0][:120].strip()
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def flat(text: str | None) -> str:
    """Return a text in one line."""
    return " ".join((text or "").split())


def page(title: str, *parts: str) -> str:
    """Return a page of the reference."""
    return f"{HEAD}\n# {title}\n\n" + "\n\n".join(parts) + "\n"
