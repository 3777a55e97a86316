"""What `holdfast vault` does on the desk of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console

from holdfast.sealing import KeyUnusable, WrongKey

DONE, WRONG, UNUSABLE = 0, 1, 2


def _on_the_desk(deed: Callable[[], int]) -> int:
    from holdfast.web import serving

    serving.set_up()
    serving.migrate()
    try:
        return deed()
    except (KeyUnusable, WrongKey) as error:
        print(f"holdfast: {error}", file=sys.stderr)
        return UNUSABLE


def rotate(*, fresh: bool) -> int:
    """Wrap every data key anew; return the exit code."""

    def run() -> int:
        from rich.progress import Progress

        from holdfast.desk.vault.keys import rotate as wrap_anew

        with Progress(transient=True, console=Console(stderr=True)) as bar:
            task = bar.add_task("wrapping", total=None)
            key, number = wrap_anew(
                fresh=fresh, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        print(f"{number} keys wrapped anew; the current master key is {key}")
        return DONE

    return _on_the_desk(run)


def seal() -> int:
    """Seal what is plain; return the exit code."""

    def run() -> int:
        from holdfast.desk.vault.looking_after import seal_all

        with Console(stderr=True).status("sealing") as status:
            done = seal_all(lambda name: status.update(f"sealing {name}"))
        print(f"{done.sealed} sealed, {done.removed} plain files removed")
        if done.nobodys:
            print(f"{done.nobodys} plain files belong to nothing here; they were left")
        for line in done.wrong:
            print(f"not sealed: {line}", file=sys.stderr)
        return WRONG if done.wrong else DONE

    return _on_the_desk(run)


def check() -> int:
    """Read everything; return the exit code."""

    def run() -> int:
        from holdfast.desk.vault.looking_after import check_all

        with Console(stderr=True).status("reading") as status:
            good, wrong = check_all(lambda name: status.update(f"reading {name}"))
        print(f"{good} sealed things are whole")
        for line in wrong:
            print(f"wrong: {line}", file=sys.stderr)
        return WRONG if wrong else DONE

    return _on_the_desk(run)
