"""How the desk writes times, durations, bars, icons and proofs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from holdfast.desk.investigation import story

register = template.Library()
NBSP = "\u00a0"


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Return `7m 42s`, `1h 39m`, `2d 03h`."""
    if value is None:
        return "–"
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds}s"
    if seconds < 3600:
        return f"{sign}{seconds // 60}m{NBSP}{seconds % 60:02d}s"
    if seconds < 86_400:
        return f"{sign}{seconds // 3600}h{NBSP}{seconds % 3600 // 60:02d}m"
    return f"{sign}{seconds // 86_400}d{NBSP}{seconds % 86_400 // 3600:02d}h"


@register.filter
def since(moment: datetime) -> str:
    """Return how long ago, in one or two units."""
    return duration(timezone.now() - moment)


@register.simple_tag
def at(moment: datetime) -> SafeString:
    """Return a time of day with its full form in the title; the date when it was another day."""
    today = moment.date() == timezone.now().date()
    shown = moment.strftime("%H:%M:%S" if today else "%d %b %H:%M")
    return format_html(
        '<time datetime="{0}" title="{0}">{1}</time>', moment.strftime("%Y-%m-%dT%H:%M:%SZ"), shown
    )


@register.filter
def middle(text: str, most: int = 60) -> str:
    """Cut the middle out of a long text: its ends are what tells two apart."""
    text = str(text)
    if len(text) <= most:
        return text
    head = (most - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


@register.filter
def clock_of(time: str | None) -> str:
    """Return the time of day of an ISO time; what is finer than a second to the millisecond, so that columns align."""
    shown = time[11:23].rstrip("Z") if time else "–"
    return shown.ljust(12, "0") if "." in shown else shown


@register.simple_tag
def sides(row: dict[str, Any], name: str, unit: str) -> str:
    """Return a golden signal before and since: `12.1 ms → 40.3 ms`; a side without calls is a dash."""
    return " → ".join(_level(side[name] if side else None, unit) for side in (row["before"], row["after"]))


def _level(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "share":
        return f"{value * 100:.1f}{NBSP}%"
    return f"{value:,.1f}{NBSP}{unit}".rstrip(NBSP)


@register.filter
def size(number: int) -> str:
    """Return bytes as people read them."""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f}{NBSP}{unit}" if unit == "B" or value >= 100 else f"{value:.1f}{NBSP}{unit}"
        value /= 1000
    return f"{value:.1f}{NBSP}TB"


@register.simple_tag
def bar(share: float, tone: str = "", width: int = 64) -> SafeString:
    """Return a bar filled from the left; the number stands beside it, so the bar itself is silent."""
    filled = round(width * min(1.0, max(0.0, share)), 1) if tone != "over" else width
    return format_html(
        '<svg class="bar {}" width="{}" height="6" aria-hidden="true">'
        '<rect class="rest" width="100%" height="6"/><rect class="part" width="{}" height="6"/></svg>',
        tone,
        width,
        filled,
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon; the word beside it carries the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("vendor/icons.svg"), name
    )


@register.simple_tag
def proof(report: dict[str, Any], key: str, locator: dict[str, Any], version: int) -> SafeString:
    """Return the link that opens a locator: `route-service.log:54`."""
    found = story.proof(report, locator)
    query = urlencode({"version": version, "artefact": found.artefact, "at": f"{found.place}:{found.at}"})
    address = f"{reverse('diagnosis', args=[key])}?{query}#viewer"
    return format_html(
        '<a class="proof" href="{}" title="{} {} {}">{}:{}</a>',
        address,
        found.path,
        found.place,
        found.at,
        middle(found.name, 34),
        middle(found.at, 10),
    )


@register.filter
def entry_link(data: dict[str, Any]) -> str:
    """Return the query that opens the diagnosis an entry speaks of."""
    return f"version={data['diagnosis']}" if "diagnosis" in data else ""
