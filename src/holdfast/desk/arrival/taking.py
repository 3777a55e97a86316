"""Taking mails: kept first, then read by a worker, who takes them, puts them on their case, or says why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from holdfast.desk.arrival import commands, keeping, mail, mime
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case
from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.jobs import Run, handles
from holdfast.desk.outbox.models import Job
from holdfast.desk.outbox.rounds import every
from holdfast.desk.people.models import Organisation, Person
from holdfast.desk.vault import storage
from holdfast.desk.vault.commands import TooLarge
from holdfast.desk.vault.storage import Sealed

Store = Callable[[], None]


@transaction.atomic
def mail_arrived(organisation: Organisation, kept: Sealed, envelope: str | None) -> tuple[Arrival, bool]:
    """Note a mail that is kept, and have it read. `envelope` is the sender the mail server was told."""
    with storage.opened(
        kept.sha256, storage.organisation_scope(organisation.id), storage.by_machine
    ).file() as file:
        head = mime.head(file)
    own = mail.message_id(head)
    arrival, created = keeping.receive(
        organisation,
        Arrival.Source.MAIL,
        own or kept.sha256,
        kept,
        sender=mail.sender(head),
        subject=head.header("Subject"),
        message_id=own,
    )
    if created:
        payload = {"arrival": arrival.id, "envelope": envelope}
        enqueue("take-mail", payload, organisation_id=organisation.id)
    return arrival, created


@handles("take-mail")
def take_mail(run: Run) -> Store:
    """Read a mail and decide what becomes of it."""
    arrival = Arrival.objects.select_related("organisation", "case").get(id=run.job.payload["arrival"])
    if arrival.state != Arrival.State.NEW:
        return lambda: None
    try:
        read = _read(arrival)
    except Exception as error:  # whatever it is: the mail is kept, and a person sees it
        reason = f"the mail could not be read ({type(error).__name__}); it is kept as it came"
        return lambda: _none(commands.wait(arrival, reason))
    return _Decision(arrival, read, run.job.payload.get("envelope")).store()


def _read(arrival: Arrival) -> mime.Mail:
    with keeping.opened(arrival).file() as file:
        return mime.read(file)


def _none(_: object) -> None:
    return None


class _Decision:
    def __init__(self, arrival: Arrival, read: mime.Mail, envelope: str | None) -> None:
        self.arrival, self.mail, self.envelope = arrival, read, envelope
        self.text = mail.said(read)
        notes = "".join(f"\n[{note}]" for note in read.notes)
        self.fields = {"title": mail.subject(read)[:200], "impact": self.text + notes}

    def store(self) -> Store:
        """Return how what was decided is stored; a refusal of the desk puts the mail into the tray."""
        why = mail.loop(self.mail, self.envelope)
        if why:
            return self._ending(lambda: _none(commands.refuse(self.arrival, why)))
        if mail.too_many(self.arrival.sender):
            limit = f"more than {mail.RATE} mails of this sender in {mail.RATE_WINDOW.seconds // 60} minutes"
            return self._waiting(limit)
        thread = mail.thread(self.mail, self.arrival.organisation)
        person = mail.known(self.arrival.sender, self.arrival.organisation)
        if person is None:
            answers = f"; it answers {thread.case.key}" if thread else ""
            return self._waiting(f"{self.arrival.sender or 'the sender'} is not known here{answers}")
        if not (mail.vouched(self.mail) or (thread and thread.proven)):
            return self._waiting("nobody vouches that the sender's address is genuine")
        if thread and not Case.objects.visible_to(person).filter(id=thread.case.id).exists():
            return self._waiting(f"it answers {thread.case.key}, which {self.arrival.sender} may not see")
        return lambda: self._taken(person, thread.case if thread else None)

    def _waiting(self, reason: str) -> Store:
        return self._ending(lambda: _none(commands.wait(self.arrival, reason, self.fields)))

    def _ending(self, deed: Store) -> Store:
        """Do without the attachments for now: they are in the mail, which is kept."""
        self.mail.discard()
        return deed

    def _taken(self, person: Person, case: Case | None) -> None:
        try:
            with transaction.atomic():
                if case is not None:
                    taken = commands.take_as_reply(self.arrival, case, self.text, by=person)
                else:
                    taken = commands.take(self.arrival, self.fields, by=person)
                if taken.created:
                    self._attach(taken.case, person)
        except (Conflict, commands.Unreadable, PermissionDenied, TooLarge) as refusal:
            self.mail.discard()
            commands.wait(self.arrival, str(refusal), self.fields)

    def _attach(self, case: Case, person: Person) -> None:
        found = [(one.name, one.size, one.upload) for one in self.mail.attachments]
        commands.attach(case, found, by=person)


def attach_from(arrival: Arrival, case: Case, by: Person) -> int:
    """Seal the attachments of a mail that was taken by hand; return how many."""
    if arrival.source != Arrival.Source.MAIL:
        return 0
    read = _read(arrival)
    commands.attach(case, [(one.name, one.size, one.upload) for one in read.attachments], by=by)
    return len(read.attachments)


@every(60, "mails nobody reads")
def read_left_over() -> None:
    """Have mails read whose job is gone: nothing that was kept may stay unread."""
    since = timezone.now() - timedelta(minutes=2)
    for arrival in Arrival.objects.filter(state="new", source="mail", received_at__lt=since)[:100]:
        jobs = Job.objects.filter(kind="take-mail", payload__arrival=arrival.id)
        if jobs.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).exists():
            continue
        if jobs.filter(state=Job.State.FAILED).exists():
            commands.wait(arrival, "reading it failed three times; it is kept as it came")
            continue
        with transaction.atomic():
            enqueue("take-mail", {"arrival": arrival.id}, organisation_id=arrival.organisation_id)


def words_of(arrival: Arrival) -> str:
    """Return what was newly said in a mail; of anything else what was understood of it."""
    if arrival.source != Arrival.Source.MAIL:
        return str(arrival.fields.get("impact") or arrival.fields.get("title") or "")
    read = _read(arrival)
    read.discard()
    return mail.said(read)
