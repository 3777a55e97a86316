"""A desk with something on it: one organisation, a small team, one case with its evidence read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.web.serving import migrate

ORGANISATION, PREFIX = "Holdfast demo", "ESC"


def prepare_demo(
    bundle: Sequence[Path],
    baseline: Sequence[Path] = (),
    *,
    title: str = "Orders fail for some customers",
    severity: int = 2,
    progress: Callable[[int, str], None] | None = None,
) -> tuple[str, str]:
    """Make the demo desk once; return the path of its case and of a one-time sign-in to it.

    progress is told percent and what is being read. A second call only makes a new sign-in.
    """
    migrate()
    from holdfast.desk.cases import commands as cases
    from holdfast.desk.people import commands as people
    from holdfast.desk.people.rights import Role

    organisation = people.found(ORGANISATION, PREFIX)
    people.admit(organisation, "admin", Role.ADMIN, chip="AD", name="Admin")
    people.admit(organisation, "lead", Role.LEAD, chip="L1", name="Lead")
    engineer = people.admit(organisation, "engineer", Role.ENGINEER, chip="E1", name="Engineer")
    said = cases.Escalation(title=title, severity=severity, customer="Northline", area="production")
    declared = cases.declare(organisation, said, by=engineer, source="demo", key="demo")
    if declared.created:
        for path in bundle:
            _attach(declared.case, path, engineer, baseline=False)
        for path in baseline:
            _attach(declared.case, path, engineer, baseline=True)
        _read(declared.case, engineer, progress)
    return f"/cases/{declared.case.key}/", f"/sign-in/once/{people.one_time_sign_in(engineer)}"


def _attach(case, path: Path, person, *, baseline: bool) -> None:  # type: ignore[no-untyped-def]
    from holdfast.desk.vault import commands
    from holdfast.sealing import PlainFile

    upload = commands.begin(case, path.name, path.stat().st_size, by=person, baseline=baseline)
    commands.take(upload, 0, PlainFile(path).blocks())
    commands.complete(upload)


def _read(case, person, progress: Callable[[int, str], None] | None) -> None:  # type: ignore[no-untyped-def]
    """Work on the reading here and now, as a worker would."""
    import threading

    from holdfast.desk.investigation.commands import investigate
    from holdfast.desk.outbox.models import Job
    from holdfast.desk.outbox.worker import work_once

    job = investigate(case, by=person)
    worker = threading.Thread(target=work_once, args=(f"demo:{job.id}",))
    worker.start()
    while worker.is_alive():
        worker.join(0.5)
        if progress:
            job = Job.objects.get(id=job.id)
            progress(job.percent, job.progress)
