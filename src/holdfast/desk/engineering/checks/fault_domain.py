"""The fault domain is confirmed, or the text does not pretend so."""

from __future__ import annotations

from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict
from holdfast.desk.investigation.models import Verdict as Ruled
from holdfast.desk.updates.checking import Facts, sentences
from holdfast.desk.updates.rules.speculation import Speculation


class FaultDomain(Check):
    """A cause is told as one only when a hypothesis was confirmed."""

    name = "fault_domain"
    place = 10
    title = "Fault domain confirmed"
    why = "A guess told as a cause sends the owner looking in the wrong place."
    part = "suggestion"

    def look(self, subject: Subject) -> Looked:
        """Return whether a hypothesis is confirmed; else whether the words claim more than is known."""
        confirmed = subject.facts.claims(Ruled.CONFIRMED)
        if confirmed:
            return Looked(Verdict.MET, f"{confirmed[0]} confirmed")
        rule, known = Speculation(), Facts()
        text = "\n".join([subject.ticket.summary, subject.parts["actual"], subject.parts["suggestion"]])
        hits = [hit.words for sentence in sentences(text) for hit in rule.read(sentence, known)]
        if hits:
            gap = f"No hypothesis is confirmed, and “{hits[0][:80]}” tells a cause: say what was seen"
            return self.open(gap, gap)
        testing = [str(one) for one in subject.facts.claims(Ruled.OPEN)]
        said = f"{', '.join(testing[:3])} still testing" if testing else "no hypothesis"
        return Looked(Verdict.WARNS, f"{said}; wording checked")
