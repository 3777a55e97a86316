"""It is not a duplicate."""

from __future__ import annotations

from holdfast.desk.engineering.quality import Check, Looked, Subject, Verdict


class Duplicate(Check):
    """No open ticket of this owner reads the same."""

    name = "duplicate"
    place = 9
    title = "Not a duplicate"
    why = "Two tickets for one defect are fixed once and closed once; the other customer waits."
    part = "excluded"

    def look(self, subject: Subject) -> Looked:
        """Return the closest ticket of the owner."""
        closest = next(iter(subject.alike), None)
        if closest is None:
            return Looked(Verdict.MET, f"nothing of {subject.ticket.owner} is like it")
        said = f"{closest.ticket.called}, {closest.score:.2f}: {', '.join(closest.shared) or 'the component'}"
        if closest.same:
            gap = f"Looks the same as {said}. Link it, or say here what differs and name {closest.ticket.called}"
            if closest.ticket.called in subject.parts["excluded"]:
                return Looked(
                    Verdict.MET, f"differs from {closest.ticket.called} as said", other=closest.ticket
                )
            return self.open(f"closest {said}", gap, other=closest.ticket)
        return Looked(Verdict.MET, f"closest {said}", other=closest.ticket)
