"""`holdfast case export`, `import` and `receiving-key`: their options; what they do is in `carrying`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.options import HERE, Key, Token, Url

Out = Annotated[
    Path, typer.Option("--out", "-o", help="Where to write it; nothing is written over.", show_default=False)
]
Words = Annotated[
    Path | None, typer.Option(help="File whose first line is the passphrase.", show_default=False)
]


def case_export(
    key: Key,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to write it; nothing is written over.")
    ] = None,
    sealed_for: Annotated[
        str, typer.Option(help="Key of the desk that receives it: with the evidence itself, sealed.")
    ] = "",
    passphrase_file: Words = None,
    ask: Annotated[
        str, typer.Option(help="Only ask for the decision that a sealed one takes, and say why.")
    ] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Write a case as one archive: redacted, or with its evidence, sealed by a key or a passphrase."""
    from holdfast.cli import carrying

    if ask:
        raise typer.Exit(carrying.ask(key, sealed_for, ask, url, token))
    raise typer.Exit(
        carrying.export(key, out or Path(f"{key}.holdfast"), sealed_for, passphrase_file, url, token)
    )


def case_import(
    archive: Annotated[Path, typer.Argument(help="The archive.", show_default=False)],
    organisation: Annotated[str, typer.Option(help="Whose case it becomes, by the prefix of its cases.")],
    customer: Annotated[str, typer.Option(help="Whose case it is here; nobody's when left out.")] = "",
    signed_by: Annotated[str, typer.Option(help="Key it has to be signed by.")] = "",
    passphrase_file: Words = None,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Take a case of another desk in; all of it is verified before anything is written."""
    from holdfast.cli import carrying

    asked = {"organisation": organisation, "customer": customer, "key": signed_by}
    raise typer.Exit(carrying.take_in(archive, asked, passphrase_file, url, token))


def receiving_key(url: Url = HERE, token: Token = "") -> None:
    """Print the key that other desks seal cases to, for this one."""
    from holdfast.cli.casework import ask

    raise typer.Exit(ask(url, token, lambda found: print(found["key"]), "GET", "/receiving-key"))


def redacted_bundle(key: Key, out: Out, url: Url = HERE, token: Token = "") -> None:
    """Write all redacted artefacts of a case as one tar, with what was withheld and why."""
    from holdfast.cli.carrying import save

    raise typer.Exit(save(out, url, token, "GET", f"/cases/{key}/evidence/redacted.tar"))
