"""Reading the ledger as somebody: its state, an export with proofs, the custody of an artefact."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied

from holdfast.desk.audit.keeping import signing_key, size, tree
from holdfast.desk.audit.models import Leaf, Opening, SignedCheckpoint, Witness
from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.models import Event
from holdfast.desk.people.models import Person
from holdfast.desk.people.rights import Deed
from holdfast.desk.vault import gate
from holdfast.desk.vault.models import Artefact, Deletion
from holdfast.ledger.commitments import Opening as Salted
from holdfast.ledger.exporting import Export, KeptCheckpoint, Proven, write
from holdfast.ledger.merkle import inclusion_proof

NEWEST = 50


@dataclass(frozen=True, slots=True)
class State:
    """The log as it stands."""

    size: int
    key: str
    checkpoint: SignedCheckpoint | None
    witnesses: list[Witness]
    leaves: list[Leaf]


def houses(person: Person) -> list[int]:
    """Return the organisations whose part of the log the person may read; PermissionDenied for none."""
    found = [m.organisation_id for m in person.standing if person.may(Deed.SEE_AUDIT, m.organisation_id)]
    if not found:
        raise PermissionDenied("your role does not read the ledger")
    return found


def state(person: Person) -> State:
    """Return the log's state and the newest entries of the person's organisations."""
    mine = Leaf.objects.filter(organisation_id__in=houses(person)).order_by("-index")
    leaves = list(mine.prefetch_related("openings")[:NEWEST])
    newest = SignedCheckpoint.objects.order_by("-size").first()
    return State(
        size(), str(signing_key().verifier), newest, list(Witness.objects.order_by("address")), leaves
    )


def export_for(person: Person, out: Path, case: Case | None = None) -> int:
    """Write the person's part of the log, or of one case, each entry with its proof; return how many."""
    mine = houses(person)
    if case is not None:
        return export_case(out, case) if case.organisation_id in mine else 0
    return _write(out, Leaf.objects.filter(organisation_id__in=mine), {"about": "organisation"}, part=True)


def export_case(out: Path, case: Case) -> int:
    """Write what the log says of one case, each entry with its proof; return how many entries."""
    return _write(out, Leaf.objects.filter(case_id=case.id), {"about": case.key}, part=True)


def export_all(out: Path) -> int:
    """Write the whole log, for whoever runs the desk."""
    return _write(out, Leaf.objects.all(), {"about": "desk"}, part=False)


def _write(out: Path, leaves: Any, about: dict[str, Any], *, part: bool) -> int:
    newest = SignedCheckpoint.objects.order_by("-size").first()
    signed = newest.size if newest else 0
    leaves = leaves.filter(index__lt=signed).order_by("index")
    openings = Opening.objects.filter(leaf__in=leaves).order_by("leaf_id", "path")
    key = signing_key()
    return write(
        Export(
            origin=key.name,
            key=str(key.verifier),
            checkpoints=_checkpoints(part),
            entries=(entry.encode() for entry in leaves.values_list("entry", flat=True).iterator()),
            part=_proven(leaves, signed) if part else None,
            openings=(
                (one.leaf_id, one.path, Salted(bytes(one.salt), one.value)) for one in openings.iterator()
            ),
            about=about,
        ),
        out,
    )


def _checkpoints(part: bool) -> Iterator[KeptCheckpoint]:
    rows = SignedCheckpoint.objects.order_by("size")
    for row in rows.order_by("-size")[:1] if part else rows.iterator():
        yield KeptCheckpoint(row.note, tuple(base64.b64decode(token) for token in row.timestamps))


def _proven(leaves: Any, signed: int) -> Iterator[Proven]:
    nodes = tree()
    for index, entry in leaves.values_list("index", "entry").iterator():
        yield Proven(index, entry.encode(), tuple(inclusion_proof(index, signed, nodes)))


def require_custody(person: Person, case: Case) -> None:
    """PermissionDenied unless the person reads evidence or the ledger here."""
    if not case.allows(person, Deed.READ_EVIDENCE) and not case.allows(person, Deed.SEE_AUDIT):
        raise PermissionDenied("your role does not see who had the evidence in hand")


def custody(artefact: Artefact) -> dict[str, Any]:
    """Return who had an artefact in hand, when, with which hash, and where that stands in the ledger."""
    places = _logged(artefact)
    return {
        "case": artefact.case.key,
        "artefact": gate.shown_name(artefact),
        "size": artefact.size,
        "sha256": artefact.sha256,
        "received_at": artefact.received_at.isoformat(),
        "hands": [
            {
                "at": hand.at.isoformat(),
                "who": hand.person.title if hand.person else "engine",
                "deed": hand.deed,
                "sha256": hand.sha256,
                "ledger_entry": places.get(hand.id),
            }
            for hand in artefact.custody.select_related("person")
        ],
    }


def deletion(case: Case) -> dict[str, Any]:
    """Return the certificate of a deletion with its entry in the ledger; DoesNotExist where nothing was deleted."""
    found = Deletion.objects.get(case=case)
    place = Leaf.objects.filter(event_id=found.event).values_list("index", flat=True).first()
    return {**found.certificate, "ledger_entry": place}


def _logged(artefact: Artefact) -> dict[int, int]:
    """Return the entries of the ledger by the custody they tell of."""
    leaves = dict(Leaf.objects.filter(artefact_id=artefact.id).values_list("event_id", "index"))
    events = Event.objects.filter(id__in=leaves)
    return {event.data["custody"]: leaves[event.id] for event in events if "custody" in event.data}
