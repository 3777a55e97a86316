"""`holdfast serve`, `holdfast recount` and `holdfast demo`."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from socket import socket
from threading import Timer

from rich.console import Console
from rich.rule import Rule

FAULT, SEED, SECONDS = "slow_dependency", 1, 20.0
"""What breaks in the demo: the shop's database slows down and everybody else complains."""


def serve(host: str, port: int) -> int:
    """Bring the database up to date, then serve until interrupted; say so where preparing takes a while."""
    from holdfast.web import serving

    said = "Preparing; the first start on a machine compiles for about a minute"
    patience = Timer(3, print, [said], {"file": sys.stderr})

    def ready(address: str) -> None:
        patience.cancel()
        print(f"Holdfast listens on {address}", flush=True)

    try:
        with serving.listen(host, port) as listening:
            patience.start()
            serving.serve(listening, ready=ready)
    except serving.CannotListen as error:
        return _not_listening(error)
    finally:
        patience.cancel()
    return 0


def _not_listening(error: Exception) -> int:
    print(
        f"holdfast: {error}. Where a desk runs there already, stop it or give --port another.",
        file=sys.stderr,
    )
    return 2


def recount() -> None:
    """Bring the database up to date, then count anew what is kept beside the timelines."""
    from rich.progress import Progress

    from holdfast.web import serving

    serving.set_up()
    serving.migrate()
    from holdfast.desk.cases.recounting import recount as count

    with Progress(transient=True) as bar:
        task = bar.add_task("counting", total=None)
        number = count(lambda done, total: bar.update(task, completed=done, total=total))
    print(f"counted {number} cases anew")


def mail(listen: str) -> int:
    """Take mail until interrupted; return the exit code."""
    from holdfast.web import serving

    serving.migrate()
    try:
        serving.take_mail(listen, ready=lambda host, port: print(f"Holdfast takes mail on {host}:{port}"))
    except ValueError as wrong:
        print(f"holdfast: {wrong}; or set HOLDFAST_MAIL_LISTEN", file=sys.stderr)
        return 2
    return 0


def demo(port: int) -> int:
    """Show a broken system's evidence being investigated, then serve the desk with that case open."""
    from holdfast.web import serving

    try:
        with serving.listen("127.0.0.1", port) as listening:  # before all that takes its time
            _demo(listening)
    except serving.CannotListen as error:
        return _not_listening(error)
    return 0


def _demo(listening: socket) -> None:
    console = Console()
    bundle, baseline = _evidence(console)
    _investigate(console, bundle, baseline)
    from holdfast.web import serving

    serving.set_up()
    with console.status("preparing the desk") as status:
        serving.migrate()
        from holdfast.web.demo import prepare_demo

        case, sign_in = prepare_demo(
            [bundle],
            [baseline],
            progress=lambda percent, what: status.update(f"preparing the desk: {what} {percent} %"),
        )

    def ready(address: str) -> None:
        console.print(Rule())
        console.print(f" The desk      {address}{case}", soft_wrap=True, markup=False)
        console.print(f" Sign in once  {address}{sign_in}", soft_wrap=True, markup=False)
        console.print(" Ctrl C stops it; make run starts it again with the same data", style="dim")

    serving.serve(listening, ready=ready)


def _evidence(console: Console) -> tuple[Path, Path]:
    """Return the demo's bundle and baseline, made by the range the first time."""
    from holdfast.range import run

    folder = Path(os.environ.get("HOLDFAST_DATA", "var")).resolve() / "demo"
    made = []
    for name, fault in (("shop-healthy", "none"), (f"shop-{FAULT}", FAULT)):
        archive = folder / f"{name}.tar.gz"
        if not archive.exists():
            what = "running a small web shop while it is well" if fault == "none" else f"breaking it: {fault}"
            shutil.rmtree(folder / name, ignore_errors=True)
            with console.status(f"{what} ({SECONDS:.0f} s, once)"):
                run(fault, SEED, folder / name, duration=SECONDS, archive=True)
            shutil.rmtree(folder / name)
        made.append(archive)
    return made[1], made[0]


def _investigate(console: Console, bundle: Path, baseline: Path) -> None:
    """Print the report; the first time it is made before your eyes, later the one that was kept."""
    kept = bundle.parent / "report.txt"
    if not kept.exists():
        from holdfast.diagnostics.investigate import investigate
        from holdfast.diagnostics.report.terminal import render

        with console.status("investigating"):
            diagnosis = investigate([bundle], baseline=[baseline])
        paper = Console(
            record=True, file=io.StringIO(), width=console.width, force_terminal=console.is_terminal
        )
        paper.print(render(diagnosis))
        kept.write_text(paper.export_text(styles=console.is_terminal), encoding="utf-8")
    console.print(f" $ holdfast investigate {bundle} --baseline {baseline}", style="bold", soft_wrap=True)
    print(kept.read_text(encoding="utf-8"))
