"""Secrets and personal data, found by the redaction's own detectors."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.desk.updates.checking import Facts, Hit, Rule, Sentence


class Secret(Rule):
    """Something that opens a door."""

    name = "secret"
    title = "Secret"
    why = "Whoever reads it can use it. Take it out, and have it changed: it was shown."
    blocks = True

    def look(self, text: str, facts: Facts) -> Iterator[Hit]:
        """Return the secrets of a text; their words are never repeated."""
        for span in facts.secrets(text):
            why = f"{span.what}. {self.why}" if span.what else self.why
            yield Hit(self.name, span.start, span.end, "", why, ("[removed]",), blocks=True)

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return nothing: a secret may run over sentences, so the text is looked at as a whole."""
        yield from ()


class PersonalData(Rule):
    """Something that tells who somebody is."""

    name = "personal_data"
    title = "Personal data"
    why = "It tells who somebody is, and everybody the update is passed on to will read it."
    blocks = True

    def look(self, text: str, facts: Facts) -> Iterator[Hit]:
        """Return the personal data of a text."""
        for span in facts.personal(text):
            why = f"{span.what}. {self.why}" if span.what else self.why
            yield Hit(
                self.name, span.start, span.end, text[span.start : span.end], why, ("[removed]",), blocks=True
            )

    def read(self, sentence: Sentence, facts: Facts) -> Iterator[Hit]:  # noqa: ARG002
        """Return nothing: see `look`."""
        yield from ()
