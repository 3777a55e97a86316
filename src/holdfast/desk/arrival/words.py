"""From a mail's words to what somebody newly said: HTML as text, without what was quoted."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
    }
    | {"h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_SILENT = frozenset(["head", "noscript", "script", "style", "template", "title"])
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)


class _Text(HTMLParser):
    """Text of a page, block by block. Nothing of it is ever run, loaded or shown as HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            self._link = next((value or "" for name, value in attrs if name == "href"), "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            # The address is printed: the words of a link may say another.
            shown = "".join(self.pieces[-3:])
            if self._link.startswith(("http://", "https://")) and self._link not in shown:
                self.pieces.append(f" <{self._link[:500]}>")
            self._link = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def from_html(html: str) -> str:
    """Return the text of HTML, hostile or not."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def visible(text: str) -> str:
    """Return text without characters nobody sees, which could reorder or hide words."""
    return _INVISIBLE.sub("", text)


_INTRODUCES = re.compile(
    r"^\s*(?:On .{4,200} wrote:|Am .{4,200} schrieb .{0,200}:|Le .{4,200} a écrit\s?:|El .{4,200} escribió:"
    r"|-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Forwarded message|Message d'origine)\s*-{2,}.*"
    r"|_{10,})\s*$",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^\s*\*?(?:From|Von|De)\s*:\*? .*$", re.IGNORECASE)
_HEAD_GOES_ON = re.compile(
    r"^\s*\*?(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet)\s*:", re.I
)


def newly_said(text: str) -> str:
    """Return what the sender wrote, without the quoted mail below, quoted lines at the end, and signature.

    Lines quoted between answers stay: without them the answers mean nothing. The mail as it came is kept.
    """
    lines = visible(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = lines[: _end(lines)]
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith(">")):
        kept.pop()
    if kept and _INTRODUCES.match(kept[-1]):
        kept.pop()
    said = "\n".join(kept).strip()
    return said or visible(text).strip()


def _end(lines: list[str]) -> int:
    """Return where the newly said ends: a quoting line, a block of headers, or the signature's mark."""
    for number, line in enumerate(lines):
        rest = [one for one in lines[number + 1 : number + 4] if one.strip()]
        if _INTRODUCES.match(line) and not _answered_below(lines, number + 1):
            return number
        # Some clients break the introduction over two lines.
        if (
            rest
            and number
            and _INTRODUCES.match(f"{line.strip()} {rest[0].strip()}")
            and line.startswith("On ")
        ):
            return number if not _answered_below(lines, number + 2) else len(lines)
        if _HEAD.match(line) and rest and _HEAD_GOES_ON.match(rest[0]):
            return number
        if line.rstrip("\r\n") in ("-- ", "--"):
            return number
    return len(lines)


def _answered_below(lines: list[str], start: int) -> bool:
    """Whether something was written between or below the quoted lines that follow."""
    below = [one for one in lines[start:] if one.strip()]
    quoted = [one.lstrip().startswith(">") for one in below]
    return any(quoted) and not all(quoted) and quoted[0]
