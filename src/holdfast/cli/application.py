"""The commands and their options; each does its work in a module of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from holdfast import __version__
from holdfast.cli.cases import case_app, profile_app
from holdfast.cli.grants import grant_app, keep_app
from holdfast.cli.ledger import ledger_app
from holdfast.cli.vault import vault_app

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)
range_app = typer.Typer(no_args_is_help=True, help="A small real system that breaks on purpose.")
app.add_typer(range_app, name="range")
app.add_typer(case_app, name="case")
app.add_typer(profile_app, name="profile")
app.add_typer(grant_app, name="grant")
app.add_typer(keep_app, name="evidence")
app.add_typer(ledger_app, name="ledger")
app.add_typer(vault_app, name="vault")

Paths = Annotated[list[Path], typer.Argument(help="Files, folders or archives.", show_default=False)]


def _told(asked: bool) -> None:
    if asked:
        typer.echo(f"holdfast {__version__}")
        raise typer.Exit


@app.callback()
def holdfast(
    version: Annotated[
        bool, typer.Option("--version", callback=_told, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The working bench of the escalation engineer: evidence read, causes named with proof, promises kept."""


@app.command()
def investigate(
    paths: Paths,
    baseline: Annotated[
        list[Path] | None, typer.Option(help="The same evidence from a healthy time; may be repeated.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When it began, ISO 8601, where you know it.")] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the public JSON here; - for standard output.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained report here.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Leave the opened evidence and its index in this folder.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No report on the terminal.")] = False,
) -> None:
    """Read evidence and say what changed, what failed and who is probably to blame, with proof.

    Exit code: 0 nothing abnormal, 1 findings, 2 unusable input, 3 findings of a part of the input only.
    """
    from holdfast.cli.investigating import run

    raise typer.Exit(run(paths, baseline or [], moment(at), json, html, keep, quiet=quiet))


@app.command()
def logs(
    files: Paths,
    json: Annotated[
        Path | None, typer.Option(help="Write the templates as JSON here; - for standard output.")
    ] = None,
    assign: Annotated[
        Path | None, typer.Option(help="Write line, template, time and level of every record as CSV here.")
    ] = None,
    follow: Annotated[
        str, typer.Option(help="Show the lines that carry this id of any kind, of all files by time.")
    ] = "",
    top: Annotated[int, typer.Option(help="How many templates to show.")] = 40,
) -> None:
    """Read logs of any layout into templates with counts, times and levels.

    Exit code: 0 read, 2 unusable input, 3 a part of the input only was read.
    """
    from holdfast.cli.reading_logs import run

    raise typer.Exit(run(files, json, assign, top, follow))


@app.command()
def show(
    finding: Annotated[str, typer.Argument(help="Id of a finding, F-03, or a place, A7:54.")],
    report: Annotated[Path, typer.Option(help="JSON written by investigate.")],
    keep: Annotated[Path, typer.Option(help="The folder given to investigate --keep.")],
    around: Annotated[int, typer.Option(help="Lines before and after.")] = 4,
) -> None:
    """Show the lines that prove a finding, with their neighbours.

    Exit code: 0 shown, 2 no such report, finding or place.
    """
    from holdfast.cli.showing import run

    raise typer.Exit(run(finding, report, keep, around))


@app.command()
def redact(
    paths: Paths,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the derivatives; new or empty.")],
    key: Annotated[
        Path | None, typer.Option(help="File with the case's key; one is made beside the folder otherwise.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the manifest as JSON here too; - for standard output.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Rules added, disabled and exempt, as YAML.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say of every place which rule hit, and why.")
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Processes; as many as processors otherwise.")] = None,
) -> None:
    """Write evidence anew without secrets and personal data; what cannot be read for sure is withheld.

    Exit code: 0 all was written, 2 unusable input, key, policy or place, 3 something was withheld.
    """
    from holdfast.cli.redacting import run

    raise typer.Exit(run(paths, out, key, report, policy, workers, explain=explain))


@range_app.command("list")
def range_list() -> None:
    """List the faults that can be injected."""
    from holdfast.cli.ranging import list_all

    list_all()


@range_app.command("run")
def range_run(
    fault: Annotated[str, typer.Option(help="Which fault; none for a healthy run.")],
    seed: Annotated[int, typer.Option(help="Same seed, same choices.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for the bundle; the truth goes beside it.")] = Path(
        "range"
    ),
    seconds: Annotated[float, typer.Option(help="How long the system runs.")] = 30.0,
    system: Annotated[str, typer.Option(help="Which system: shop or courier.")] = "shop",
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Make a healthy bundle beside it first.")
    ] = False,
) -> None:
    """Start a small real system, put load on it, break it, and keep its evidence as a bundle."""
    from holdfast.cli.ranging import run

    raise typer.Exit(run(fault, seed, out, seconds, system, baseline=baseline))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)] = 8137,
) -> None:
    """Serve the desk: web, API and the worker, in one process tree.

    Exit code: 2 where it cannot listen.
    """
    from holdfast.cli.desk import serve as run

    raise typer.Exit(run(host, port))


@app.command()
def recount() -> None:
    """Count clocks, the order of the queue and figures anew from the timelines."""
    from holdfast.cli.desk import recount as run

    run()


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(help="The zip to write.", show_default=False)],
    region: Annotated[str, typer.Option(help="Only what lies in the folder of this region.")] = "",
) -> None:
    """Back the desk of this machine up, while it runs: database, sealed evidence, its own keys sealed.

    Exit code: 0 done, 2 it could not be written.
    """
    from holdfast.cli.backing_up import backup as run

    raise typer.Exit(run(out, region))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A zip that backup wrote.", show_default=False)],
) -> None:
    """Restore a backup into the empty desk of this machine. All of it is checked before anything is put in place.

    Exit code: 0 done, 2 nothing was restored.
    """
    from holdfast.cli.backing_up import restore as run

    raise typer.Exit(run(source))


@app.command()
def mail(
    listen: Annotated[
        str, typer.Option(help="Where to listen: lmtp://127.0.0.1:8024 or smtp://127.0.0.1:8025.")
    ] = "",
) -> None:
    """Take mail from your mail server and keep it for the desk; `holdfast serve` can do it beside the web."""
    from holdfast.cli.desk import mail as run

    raise typer.Exit(run(listen))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)] = 8137,
) -> None:
    """Investigate a broken system's evidence before your eyes, then serve the desk with that case open.

    Exit code: 2 where it cannot listen.
    """
    from holdfast.cli.desk import demo as run

    raise typer.Exit(run(port))


def moment(text: str | None) -> int | None:
    """Return an ISO 8601 time as nanoseconds UTC; without a zone it counts as UTC."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not an ISO 8601 time such as 2026-01-29T10:56:00Z") from error
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return int(when.timestamp() * 1_000_000) * 1000
