"""The report on the terminal and as a page: readable everywhere, harmless whatever the evidence holds."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from holdfast.diagnostics.diagnosis import Argument, Diagnosis
from holdfast.diagnostics.findings import Finding, Severity
from holdfast.diagnostics.report.page import page
from holdfast.diagnostics.report.terminal import render

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(2)> [bold red]x[/] \x1b[31m"
)


def printed(diagnosis: Diagnosis, width: int, **more: object) -> str:
    out = io.StringIO()
    Console(file=out, width=width, **more).print(render(diagnosis))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.fixture
def hostile(diagnosed: Diagnosis) -> Diagnosis:
    """A diagnosis in which every word from outside is an attack."""
    first = diagnosed.components[0]
    finding = Finding(
        "logs.new_line", HOSTILE, Severity.ERROR, 0.9, (HOSTILE,), data={"way": HOSTILE}, id="F-01"
    )
    return replace(
        diagnosed,
        summary=HOSTILE,
        components=(replace(first, name=HOSTILE, arguments=(Argument("+", HOSTILE, "F-01"),)),),
        findings=(finding,),
        artefacts=tuple(replace(artefact, name=HOSTILE, note=HOSTILE) for artefact in diagnosed.artefacts),
        timeline=tuple(replace(m, title=HOSTILE, component=HOSTILE) for m in diagnosed.timeline),
    )


@pytest.mark.parametrize("width", [60, 90, 140])
def test_it_fits_the_terminal(diagnosed: Diagnosis, width: int) -> None:
    text = printed(diagnosed, width)
    assert max(len(line) for line in text.splitlines()) <= width
    for word in ("ONSET", "stock", "0 of", "NOT IN THE EVIDENCE", "ASK NEXT"):
        assert word in text
    assert re.search(r"^ *(new|gone) ", text, re.M)


def test_colour_adds_nothing_that_words_do_not_say(
    diagnosed: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = printed(diagnosed, 100, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = printed(diagnosed, 100, force_terminal=True, color_system="standard")
    assert re.search(r"\x1b\[[\d;]*3[1-7]m", coloured)
    assert not re.search(r"\x1b\[[\d;]*3[1-7]m", plain)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == re.sub(r"\x1b\[[\d;]*m", "", plain)


def test_nothing_abnormal_is_said_in_so_many_words(diagnosed: Diagnosis) -> None:
    quiet = replace(
        diagnosed, verdict="nothing_abnormal", summary="Nothing abnormal found: x.", components=(), onset=None
    )
    text = printed(quiet, 90)
    assert "NO ONSET" in text
    assert "Nothing abnormal found" in text
    assert "WHAT FAILED" not in text


def test_words_from_outside_cannot_style_the_terminal(hostile: Diagnosis) -> None:
    text = printed(hostile, 140)
    assert "[bold red]" in text
    assert "\x1b" not in text


class Tags(HTMLParser):
    """Collects what a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_words_from_outside_cannot_script_the_page(hostile: Diagnosis) -> None:
    tags = Tags(page(hostile)).tags
    assert not [tag for tag, _ in tags if tag in ("script", "img", "iframe", "object", "link")]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_the_page_loads_nothing_from_anywhere(diagnosed: Diagnosis) -> None:
    text = page(diagnosed)
    for _, attributes in Tags(text).tags:
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import", text)


def test_every_link_of_the_page_leads_somewhere(diagnosed: Diagnosis) -> None:
    tags = Tags(page(diagnosed)).tags
    targets = {attributes["id"] for _, attributes in tags if "id" in attributes}
    links = {attributes["href"] for tag, attributes in tags if tag == "a"}
    assert links
    assert {str(link)[1:] for link in links} <= targets


def test_the_page_says_what_the_terminal_says(diagnosed: Diagnosis) -> None:
    text = page(diagnosed)
    for candidate in diagnosed.components:
        assert candidate.name in text
    for gap in diagnosed.coverage:
        assert gap.id in text


def test_a_line_of_a_hostile_log_is_shown_as_text(tmp_path: Path) -> None:
    from holdfast.diagnostics.investigate import investigate

    lines = [f"2026-01-29T10:{n // 60:02d}:{n % 60:02d}Z INFO all is well\n" for n in range(600)]
    lines[300:] = [line.replace("INFO all is well", f"ERROR {HOSTILE[:25]} refused") for line in lines[300:]]
    (tmp_path / "<b>shop.log").write_text("".join(lines))
    text = page(investigate([tmp_path]))
    assert "&lt;script&gt;alert" in text
    assert "<script>" not in text
    assert "<b>shop" not in text
