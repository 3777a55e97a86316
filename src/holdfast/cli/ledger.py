"""`holdfast ledger`: verify an export offline, make keys, be a witness."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ledger_app = typer.Typer(no_args_is_help=True, help="The log of what happened, verified without us.")


@ledger_app.command()
def verify(
    export: Annotated[Path, typer.Argument(help="An export: a zip or a folder.")],
    key: Annotated[str, typer.Option(help="The log's key as you were given it, or a file with it.")] = "",
    witness: Annotated[
        list[str] | None, typer.Option(help="The key of a witness, or a file with it; may be repeated.")
    ] = None,
    held: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that you or a witness kept; may be repeated.")
    ] = None,
    authorities: Annotated[
        Path | None, typer.Option(help="PEM file with the roots of time-stamping authorities.")
    ] = None,
) -> None:
    """Verify an export of the ledger. Needs no network and nothing of the desk that made it.

    Exit code: 0 everything holds, 1 something does not, 2 the export or a key cannot be read.
    """
    from holdfast.cli.verifying_ledger import run

    raise typer.Exit(run(export, key, witness or [], held or [], authorities))


@ledger_app.command("key")
def make_key(
    name: Annotated[str, typer.Argument(help="Whose key: desk.example.org/log.")],
    out: Annotated[Path, typer.Option(help="Where the secret key goes; readable by you alone.")],
    witness: Annotated[bool, typer.Option("--witness", help="A key for a witness, not for a log.")] = False,
) -> None:
    """Make a signing key and print the public half, which is what others verify with."""
    from holdfast.cli.verifying_ledger import make

    raise typer.Exit(make(name, out, witness=witness))


@ledger_app.command("witness")
def witness_log(
    key: Annotated[Path, typer.Option(help="The witness's secret key.")],
    log: Annotated[str, typer.Option(help="The key of the log it watches, or a file with it.")],
    memory: Annotated[Path, typer.Option(help="File in which it remembers the last checkpoint.")],
    listen: Annotated[str, typer.Option(help="Answer over HTTP at this host:port.")] = "",
    request: Annotated[
        Path | None, typer.Option(help="A request that came by mail or file; the cosigned note is printed.")
    ] = None,
) -> None:
    """Cosign checkpoints of a log, only ones that continue what was seen before.

    Exit code: 0 cosigned, 1 refused, 2 a file or key cannot be read.
    """
    from holdfast.cli.verifying_ledger import watch

    raise typer.Exit(watch(key, log, memory, listen, request))


@ledger_app.command("export")
def export_ledger(
    out: Annotated[Path, typer.Argument(help="The zip to write.")],
) -> None:
    """Export the whole ledger of the desk on this machine; auditors export their organisation's part on its page."""
    from holdfast.cli.verifying_ledger import export

    raise typer.Exit(export(out))
