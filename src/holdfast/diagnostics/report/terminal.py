"""The report as text: order, words and signs carry it all, colour only adds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from holdfast.diagnostics.artefacts import Locator
from holdfast.diagnostics.diagnosis import Argument, Candidate, Diagnosis, iso
from holdfast.diagnostics.findings import Finding, Severity

FIRST = 5
"""Candidates shown."""
BAR = 20
NARROW, TINY = 100, 80
COUNTS = 24
"""Width of `29 of 29 → 0 of 60`."""
_CONTROLS = dict.fromkeys([*range(10), *range(11, 32), *range(127, 160)])
"""Evidence may hold sequences that move the cursor or rename the window; they are left out."""
_SIGNS = {"new": "red", "gone": "red", "more": "red", "slower": "red"}


class render:  # noqa: N801  (rich calls a renderable like a function)
    """A diagnosis as something rich can print."""

    def __init__(self, diagnosis: Diagnosis, *, html: Path | None = None, json: Path | None = None) -> None:
        self.diagnosis, self.html, self.json = diagnosis, html, json
        self.names = {artefact.id: artefact.name for artefact in diagnosis.artefacts}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(Group(*self._parts(options.max_width)), options):
            yield segment if segment.control else Segment(segment.text.translate(_CONTROLS), segment.style)

    def _parts(self, width: int) -> Iterator[RenderableType]:
        yield self._read()
        yield Text()
        yield self._onset()
        yield Text()
        if self.diagnosis.components:
            yield from self._candidates(width)
            yield from self._changes(width)
        else:
            yield Text(f" {self.diagnosis.summary}", style="bold")
            yield Text()
        yield from self._readers_findings()
        yield from self._gaps()
        yield from self._questions()
        yield self._foot()

    def _read(self) -> Text:
        facts = self.diagnosis.facts
        parts = [
            _counted(facts.get("logs"), "log"),
            _counted(facts.get("lines"), "line"),
            _counted(facts.get("spans"), "span"),
            _counted(facts.get("series"), "metric series", ""),
        ]
        text = Text(" read  " + "  ".join(part for part in parts if part), style="dim")
        text.append(f"   {facts.get('seconds', 0)} s")
        if facts.get("baseline_artefacts"):
            text.append(f"   baseline {facts['baseline_lines']:,} lines", style="dim")
        return text

    def _onset(self) -> Text:
        onset = self.diagnosis.onset
        if onset is None:
            return Text(" NO ONSET", style="bold")
        text = Text(" ONSET  ", style="bold")
        same = onset.earliest == onset.latest
        text.append(_clock(onset.earliest) if same else f"{_clock(onset.earliest)} – {_clock(onset.latest)}")
        text.append(f" UTC   {(iso(onset.latest) or '')[:10]}", style="dim not bold")
        text.append("   as given" if onset.given else "", style="dim not bold")
        return text

    def _candidates(self, width: int) -> Iterator[RenderableType]:
        head = Text(" WHAT FAILED, MOST LIKELY FIRST", style="bold")
        head.append(
            f"   certainty {self.diagnosis.certainty}: {self.diagnosis.certainty_why}", style="dim not bold"
        )
        yield head
        grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
        grid.add_column(justify="right", style="dim", width=3)
        grid.add_column(style="bold", no_wrap=True, overflow="ellipsis", max_width=width // 3)
        if width >= NARROW:
            grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(ratio=1)
        for number, candidate in enumerate(self.diagnosis.components[:FIRST], 1):
            bar = [_bar(candidate.score, first=number == 1)] if width >= NARROW else []
            arguments = self._arguments(candidate, 2 if width >= NARROW else 1)
            grid.add_row(str(number), Text(candidate.name), *bar, f"{candidate.score:.2f}", arguments)
        yield grid
        yield Text()

    def _arguments(self, candidate: Candidate, most: int) -> RenderableType:
        shown = [self._argument(argument) for argument in candidate.arguments[:most]]
        return Group(*shown) if shown else Text("a little of everything", style="dim")

    def _argument(self, argument: Argument) -> Text:
        text = Text(f"{argument.sign} ", style="green" if argument.sign == "+" else "yellow")
        text.append(argument.text, style="default")
        finding = self._finding(argument.finding)
        if finding and finding.locators:
            text.append(f"  {self._place(finding.locators[0])}", style="cyan")
        return text

    def _changes(self, width: int) -> Iterator[RenderableType]:
        leading = {argument.finding for c in self.diagnosis.components[:FIRST] for argument in c.arguments}
        rows = [
            f
            for f in self.diagnosis.findings
            if f.id in leading and "before" in f.data and isinstance(f.data["before"], dict)
        ]
        if not rows:
            return
        yield Text(" WHAT CHANGED AT THE ONSET", style="bold")
        rows = rows[:12]
        owner = max(len(", ".join(finding.components)) for finding in rows)
        for finding in rows:
            yield self._change(finding, width, owner)
        yield Text()

    def _change(self, finding: Finding, width: int, owner: int) -> Text:
        """Return one change as a line: way, what, whose, before and after; below 80 columns as two."""
        way = str(finding.data.get("way", ""))
        counts = f"{_share(finding.data['before'])} → {_share(finding.data['after'])}"
        whose = ", ".join(finding.components)
        what = str(finding.data.get("what") or finding.title)
        text = Text("  ").append(f"{way:<7}", style=_SIGNS.get(way, "dim"))
        if width < TINY:
            text.append(f"{_cut(what, width - 10)}\n         ")
            return text.append(f"{whose}  {counts}  ", style="dim").append(finding.id, style="cyan")
        room = width - owner - COUNTS - 20
        text.append(f"{_cut(what, room):<{room}}  ").append(f"{whose:<{owner}}  ", style="dim")
        return text.append(f"{counts:>{COUNTS}}  ").append(finding.id, style="cyan")

    def _readers_findings(self) -> Iterator[RenderableType]:
        rows = [
            f
            for f in self.diagnosis.findings
            if f.rule.split(".")[0] in ("bundle", "reader") and f.severity >= Severity.WARNING
        ]
        if rows:
            yield Text(" NOT READ", style="bold")
            for finding in rows[:8]:
                yield Text(f"  {finding.id}  {finding.title}")
            yield Text()

    def _gaps(self) -> Iterator[RenderableType]:
        if self.diagnosis.coverage:
            yield Text(" NOT IN THE EVIDENCE", style="bold")
            for gap in self.diagnosis.coverage:
                yield Text(f"  {gap.id}  ", style="dim").append(gap.title, style="default not dim")
            yield Text()

    def _questions(self) -> Iterator[RenderableType]:
        if self.diagnosis.next:
            yield Text(" ASK NEXT", style="bold")
            for question in self.diagnosis.next:
                yield Text(f"  {question.id}  ", style="dim").append(question.title, style="default not dim")
                yield Text(f"       {question.command}", style="cyan")
            yield Text()

    def _foot(self) -> Text:
        files = [f"{name} {path}" for name, path in (("report", self.html), ("json", self.json)) if path]
        return Text(" " + "   ".join([*files, "schema 1"]), style="dim")

    def _finding(self, identity: str) -> Finding | None:
        return next((finding for finding in self.diagnosis.findings if finding.id == identity), None)

    def _place(self, locator: Locator) -> str:
        name = self.names.get(locator.artefact, locator.artefact).rsplit("/", 2)
        return f"{'/'.join(name[-2:])}:{locator.at}"


def _bar(score: float, *, first: bool) -> Text:
    filled = round(score * BAR)
    return Text("━" * filled, style="red" if first else "default").append("─" * (BAR - filled), style="dim")


def _cut(text: str, room: int) -> str:
    """Return a text cut in the middle to fit."""
    text = " ".join(text.split())
    half = max(2, (room - 1) // 2)
    return text if len(text) <= room else f"{text[:half]}…{text[-(room - half - 1) :]}"


def _clock(time: int) -> str:
    return (iso(time) or "")[11:23].rstrip("Z")


def _counted(count: object, noun: str, plural: str = "s") -> str:
    return f"{count:,} {noun}{plural if count != 1 else ''}" if isinstance(count, int) and count else ""


def _share(side: dict[str, int]) -> str:
    return f"{side['count']} of {side['of']}"
