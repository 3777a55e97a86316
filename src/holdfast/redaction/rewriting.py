"""Writes a text anew with pseudonyms in the place of values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from holdfast.redaction.runs import encoded
from holdfast.redaction.spans import NESTED, Span

Replace = Callable[[Span], bytes]
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NAMED = re.compile(rb'(?<!\\)"\s*:\s*\Z')
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_FILLER = b"REDACTED"


def rewritten(text: bytes, found: Sequence[Span], replace: Replace, *, json: bool = False) -> bytes:
    """Return the text with every span replaced. json: a bare number becomes a string, so that JSON stays JSON."""
    if not found:
        return text
    parts, at = [], 0
    for span in found:
        parts.append(text[at : span.start])
        parts.append(replacement(text, span, replace, json=json))
        at = span.end
    parts.append(text[at:])
    return b"".join(parts)


def replacement(text: bytes, span: Span, replace: Replace, *, json: bool = False) -> bytes:
    """Return what stands in a span's place, written as the span was, with as many line feeds."""
    made = _replacement(text, span, replace)
    return b'"' + made + b'"' if json and _is_bare(text, span) else made


def _replacement(text: bytes, span: Span, replace: Replace) -> bytes:
    raw = text[span.start : span.end]
    if span.kind == NESTED:
        inner = rewritten(span.inner, span.within, replace, json=span.inner[:1] in (b"{", b"["))
        if span.form & 48:
            inner = inner.decode("utf-8", "replace").encode("utf-16-le" if span.form & 16 else "utf-16-be")
        return encoded(inner, raw, span.form & 15)
    if span.fixed:
        return overwritten(raw)
    made = replace(span)
    if span.escaped and b"%" in raw:
        made = made.replace(b"@", b"%40").replace(b":", b"%3A")
    breaks = raw.count(b"\n")
    if not breaks:
        return made
    lead = len(raw) - len(raw.lstrip(b"\r\n"))
    rest = raw[lead:].count(b"\n")
    return raw[:lead] + made + b"\n" * rest


def overwritten(raw: bytes) -> bytes:
    """Return as many bytes that say nothing; the zeros of wide characters stay where they are."""
    filler = _FILLER * (len(raw) // len(_FILLER) + 1)
    if 0 in raw:
        return bytes(0 if code == 0 else 88 for code in raw)
    if re.fullmatch(rb"[0-9a-fA-F]+", raw):
        return b"58" * (len(raw) // 2) + b"5" * (len(raw) % 2)
    return filler[: len(raw)]


def _is_bare(text: bytes, span: Span) -> bool:
    """Tell whether a span is a whole bare number where JSON has a value, and not within a string."""
    if not _NUMBER.fullmatch(text, span.start, span.end):
        return False
    before = text[max(0, span.start - 16) : span.start]
    after = text[span.end : span.end + 16].lstrip()
    if after and after[:1] not in (b",", b"}", b"]"):
        return False
    if _NAMED.search(before):
        return True
    return before.rstrip()[-1:] in (b",", b"[") and not _in_string(text, span.start)


def _in_string(text: bytes, at: int) -> bool:
    """Tell whether a place is within a string of JSON: those have no line feed, so only its line is looked at."""
    line = text[text.rfind(b"\n", 0, at) + 1 : at]
    return _ESCAPED.sub(b"", line).count(b'"') % 2 == 1
