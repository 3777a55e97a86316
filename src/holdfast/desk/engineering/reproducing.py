"""Having the desk run the command that shows a ticket's fault, in the child that probes run in; what it saw is kept."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from holdfast.desk.cases.commands import Conflict
from holdfast.desk.cases.models import Case, Kind
from holdfast.desk.cases.timeline import append, lock
from holdfast.desk.engineering.commands import still_written
from holdfast.desk.engineering.models import EVENT, Reproduction, Ticket
from holdfast.desk.environments.queries import environments
from holdfast.desk.outbox.commands import enqueue
from holdfast.desk.outbox.jobs import Run, handles
from holdfast.desk.people.models import Person
from holdfast.desk.response.probing import Ended, probe_from, run_program
from holdfast.desk.vault.gate import redacted

JOB = "reproduce-ticket"
MOST_OUTPUT = 4000
"""Characters of the output that are kept: what a reader of the ticket looks at."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be run, and how the fault is told from it."""

    command: str
    arguments: Sequence[str] = ()
    shows: str = ""
    times: int = 3
    seconds: int = 10


def typed(line: str, shows: str = "", times: int = 3) -> Steps:
    """Return the steps of a command as it is typed in a shell; no shell runs it."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise Conflict(f"the command cannot be read: {error}") from error
    if not words:
        raise Conflict("name the program to run; it is in the desk's folder of probes")
    return Steps(words[0], words[1:], shows, times)


@transaction.atomic
def reproduce(ticket: Ticket, said: Steps, *, by: Person) -> Reproduction:
    """Have the desk run it; what it says counts in the gate once it ran. One waits at a time."""
    case, ticket = still_written(ticket, by)
    probe = probe_from(
        {
            "kind": "command",
            "command": said.command,
            "arguments": list(said.arguments),
            "times": said.times,
            "seconds": said.seconds,
        }
    )
    if ticket.reproductions.filter(outcome=Reproduction.Outcome.WAITING).exists():
        raise Conflict(f"a reproduction of {ticket} is being run; wait for what it says")
    made = Reproduction.objects.create(
        ticket=ticket,
        command=probe["command"],
        arguments=probe["arguments"],
        shows=said.shows.strip()[:400],
        times=probe["times"],
        seconds=probe["seconds"],
        environment=_where(case),
        person=by,
    )
    enqueue(JOB, {"reproduction": made.id}, organisation_id=case.organisation_id, case_id=case.id)
    return made


def _where(case: Case) -> str:
    """Return the newest recorded environment: `E1 prod 4.3, eu-1`."""
    found = environments(case).last()
    if found is None:
        return ""
    words = " ".join(filter(None, [str(found), found.name, found.version]))
    return f"{words}, {found.region}" if found.region else words


@handles(JOB)
def run(work: Run) -> Callable[[], None]:
    """Run it as often as it says; done twice after a crash, the later word counts."""
    asked = Reproduction.objects.get(id=work.job.payload["reproduction"])
    ended: list[Ended] = []
    for number in range(asked.times):
        work.beat(int(100 * number / asked.times), f"{asked.line}, run {number + 1} of {asked.times}")
        one = run_program(asked.command, asked.arguments, asked.seconds, work.beat)
        if one is None:
            break
        ended.append(one)
    return lambda: _keep(asked.id, ended)


def _keep(reproduction_id: int, ended: list[Ended]) -> None:
    made = Reproduction.objects.select_related("ticket").get(id=reproduction_id)
    case = lock(made.ticket.case_id)
    showed = [one for one in ended if _shows(made, one)]
    made.codes, made.hits, made.ran_at = [one.code for one in ended], len(showed), timezone.now()
    made.outcome = _outcome(made, ended)
    seen = next(iter([*showed, *reversed(ended)]), None)
    made.output = redacted(seen.output[:MOST_OUTPUT], case) if seen else ""
    made.save(update_fields=["codes", "hits", "ran_at", "outcome", "output"])
    word = made.get_outcome_display().lower() if ended else f"there is no program {made.command} any more"
    data = {"ticket": made.ticket.number, "reproduction": made.id, "hits": made.hits, "codes": made.codes}
    append(
        case, Kind.FACT, f"{made.ticket} {word}: {made.line}, {made.told}", by=None, event=EVENT, data=data
    )


def _shows(asked: Reproduction, one: Ended) -> bool:
    if asked.shows:
        return asked.shows in one.output
    return one.code not in (0, None)


def _outcome(asked: Reproduction, ended: list[Ended]) -> str:
    if asked.hits:
        return Reproduction.Outcome.REPRODUCED
    finished = ended and all(one.code is not None for one in ended)
    return Reproduction.Outcome.NOT if finished else Reproduction.Outcome.INCONCLUSIVE
