"""`holdfast vault`: master keys, sealing what was stored plain, checking what is stored."""

from __future__ import annotations

from typing import Annotated

import typer

vault_app = typer.Typer(no_args_is_help=True, help="Sealed evidence: its keys and its store.")


@vault_app.command("key")
def make_key() -> None:
    """Print a fresh master key for HOLDFAST_VAULT_KEYS or a key file. Keep a copy where the store is not."""
    from holdfast.sealing.keys import fresh_key, written

    print(written(fresh_key()))


@vault_app.command()
def rotate(
    new: Annotated[
        bool, typer.Option("--new", help="Put a fresh master key first in the file before.")
    ] = False,
) -> None:
    """Wrap every data key under the first master key. Evidence stays as it is, and readable all the time.

    Exit code: 0 done, 2 a key is missing or unusable.
    """
    from holdfast.cli.looking_after import rotate as run

    raise typer.Exit(run(fresh=new))


@vault_app.command()
def seal() -> None:
    """Seal what an earlier version stored plain; a plain file goes when its sealed copy was read again.

    Exit code: 0 done, 1 something could not be sealed, 2 a key is missing or unusable.
    """
    from holdfast.cli.looking_after import seal as run

    raise typer.Exit(run())


@vault_app.command()
def check() -> None:
    """Read everything in the store and compare it with its SHA-256.

    Exit code: 0 all is well, 1 something is not, 2 a key is missing or unusable.
    """
    from holdfast.cli.looking_after import check as run

    raise typer.Exit(run())
