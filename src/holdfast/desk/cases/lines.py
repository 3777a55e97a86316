"""What the line of a case understands: plain words, and words that begin with a stroke. A room adds its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.people.models import Person

Do = Callable[[Case, str, Person], object]
Read = Callable[[Case, str, Person], str]


@dataclass(frozen=True, slots=True)
class Word:
    """One word and what it does."""

    word: str
    says: str
    """What becomes of it, in a few words."""
    do: Do
    reads: Read | None = None
    """Says, without doing anything, what would become of it, who has to approve, and what is missing."""


_words: dict[str, Word] = {}


def when_written(word: Word) -> None:
    """Add a word; a later room may give one a fuller meaning."""
    _words[word.word] = word


def known_words() -> list[Word]:
    """Return the words there are."""
    return [_words[name] for name in sorted(_words)]


def find(text: str) -> tuple[Word | None, str]:
    """Return the word a line begins with and the rest; None for plain words. An unknown word is refused."""
    head, _, rest = text.strip().partition(" ")
    if not head.startswith("/"):
        return None, text.strip()
    if head not in _words:
        names = ", ".join(word.word for word in known_words())
        raise Conflict(f"there is no {head}; {names} are known; you wrote “{text.strip()}”")
    return _words[head], rest.strip()


def write(case: Case, text: str, *, by: Person) -> object:
    """Do what a line says."""
    word, rest = find(text)
    return word.do(case, rest, by) if word else commands.comment(case, text, by=by)


def read(case: Case, text: str, *, by: Person) -> str:
    """Say what would become of a line, and do nothing."""
    if not text.strip():
        return ""
    try:
        word, rest = find(text)
        if word is None:
            return "chat, until somebody makes it a fact or a decision"
        if word.reads is not None:
            return word.reads(case, rest, by)
        return f"{word.says}{'' if rest else '. The words are still missing'}"
    except Conflict as conflict:
        return str(conflict)


def _record(kind: Kind) -> Do:
    return lambda case, rest, by: commands.record_fact(case, rest, by=by, kind=kind)


def _mark(deed: Callable[..., Any]) -> Do:
    return lambda case, rest, by: deed(case, rest, by=by)


for _one in (
    Word("/fact", "a fact on the timeline", _record(Kind.FACT)),
    Word("/do", "an action that was done", _record(Kind.ACTION)),
    Word("/decide", "a decision", _record(Kind.DECISION)),
    Word("/diagnosed", "the fault domain; stops the clock of the initial diagnosis", _mark(marks.diagnose)),
    Word("/refuted", "takes the diagnosis back", _mark(marks.take_back_diagnosis)),
    Word("/review", "the review is done", _mark(marks.note_review)),
):
    when_written(_one)
