"""What every rule means: the table that the reference prints and that the tests hold findings against.

A rule is named `<reader>.<what>`. Its `id` never changes its meaning; a new meaning is a new rule.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding."""

    id: str
    says: str
    """One sentence for the reference."""
    data: tuple[str, ...] = ()
    """Keys of `Finding.data` that it always has."""


_CHANGE = ("before", "after", "way", "what", "operation", "effect", "unexplained", "explained_by")
_SLOWER = ("before", "after", "way", "subject", "effect", "unexplained")

OPENING = (
    Rule("bundle.bomb", "A member would grow beyond all measure when decompressed; it was refused."),
    Rule("bundle.duplicate", "Several artefacts have one name; all of them were read."),
    Rule("bundle.encrypted", "A member of an archive is encrypted; it was kept unopened."),
    Rule("bundle.left_out", "A link, device or socket was left alone."),
    Rule(
        "bundle.too_deep", "Containers within containers beyond the limit; the innermost was kept unopened."
    ),
    Rule("bundle.too_large", "The evidence is larger than the limit; the rest was left."),
    Rule("bundle.too_many", "The evidence has more files than the limit; the rest was left."),
    Rule("bundle.too_slow", "Opening took longer than the limit; the rest was left."),
    Rule("bundle.truncated", "An archive or a compressed file breaks off; what came before was read."),
    Rule("bundle.unreadable", "A file or member could not be opened; the rest was."),
)
"""Said while evidence is opened."""

READING = (
    Rule(
        "reader.failed", "A reader raised, ran out of memory or time, or was killed; its artefact is unread."
    ),
    Rule("reader.note", "A part of an artefact was left unread, and why."),
    Rule("logs.binary", "A log holds binary data; the lines that could be told apart were read."),
    Rule("logs.clock_backward", "The clock of a log jumps backwards at the lines cited."),
    Rule("logs.empty", "A log holds nothing."),
    Rule("logs.encoding", "A log is not UTF-8, or mixes encodings; how it was read is said."),
    Rule("logs.long_line", "A line is so long that only its beginning was looked at."),
    Rule("logs.no_times", "No line of a log carries a time; it cannot be set beside the rest."),
    Rule("logs.nul_run", "A run of NUL bytes stands in a log: a torn write, a sparse file after a crash."),
    Rule("logs.two_zones", "Two zones are written in one log; each line was read in its own."),
    Rule("logs.unread_lines", "Lines of a log fit no layout; they were kept as text without a time."),
)
"""Said about one artefact by its reader."""

COMPARING = (
    Rule("logs.new_line", "A component writes a line that it did not write before.", _CHANGE),
    Rule("logs.gone_line", "A line that belonged to a call is no longer written.", _CHANGE),
    Rule("logs.more_line", "A larger share of calls writes a line.", _CHANGE),
    Rule("logs.gone_answer", "A component no longer writes anything when it is called.", _CHANGE),
    Rule("logs.fewer_answer", "A component writes nothing in a growing share of the calls to it.", _CHANGE),
    Rule("logs.fewer_line", "A smaller share of calls writes a line.", _CHANGE),
    Rule(
        "traces.new_step", "Calls go through a step within the component that they did not before.", _CHANGE
    ),
    Rule("traces.gone_step", "A step within the component is no longer taken.", _CHANGE),
    Rule("traces.more_step", "A larger share of calls goes through a step.", _CHANGE),
    Rule("traces.fewer_step", "A smaller share of calls goes through a step.", _CHANGE),
    Rule("traces.new_call", "A component calls another that it did not call before.", _CHANGE),
    Rule("traces.gone_call", "A component no longer makes a call that it made before.", _CHANGE),
    Rule("traces.more_call", "A larger share of calls makes a call further down.", _CHANGE),
    Rule("traces.fewer_call", "A smaller share of calls makes a call further down.", _CHANGE),
    Rule(
        "traces.new_failure",
        "Spans fail in a way they did not before, and nothing below them failed.",
        _CHANGE,
    ),
    Rule("traces.more_failure", "A larger share of calls fails so, and nothing below them failed.", _CHANGE),
    Rule(
        "traces.slower_work",
        "A component's own work takes longer, what it calls taken off; `usual` and `now` are nanoseconds.",
        _SLOWER,
    ),
    Rule(
        "traces.slower_way",
        "Callers wait longer than the called works (`usual` and `now`, nanoseconds), or get no answer at all.",
        _SLOWER,
    ),
    Rule(
        "metrics.shift",
        "A metric of one component moved as the same metric elsewhere did not.",
        ("before", "after", "score", "metric", "labels", "effect"),
    ),
    Rule(
        "traces.n_plus_one",
        "A component makes many calls of one kind one after the other where one would do.",
        ("times", "most", "share", "asked"),
    ),
    Rule("traces.retries", "A component calls again after a failure.", ("attempts", "answered")),
    Rule("changes.made", "A deploy, flag or setting was changed shortly before the onset."),
)
"""Said when what is was compared with what was."""

RULES = {rule.id: rule for rule in (*OPENING, *READING, *COMPARING)}
