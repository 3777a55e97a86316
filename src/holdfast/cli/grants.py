"""`holdfast grant`: who may see a case's evidence itself."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.archives import redacted_bundle
from holdfast.cli.options import HERE, Key, Token, Url

grant_app = typer.Typer(
    no_args_is_help=True, help="Who may see the evidence of a case itself, and until when."
)
Number = Annotated[str, typer.Argument(help="The grant, such as G-2.", show_default=False)]


keep_app = typer.Typer(
    no_args_is_help=True, help="A case's redacted artefacts, legal holds, and deleting its evidence for good."
)
Why = Annotated[str, typer.Argument(help="Why.", show_default=False)]


keep_app.command("redacted")(redacted_bundle)


@keep_app.command("hold")
def keep_hold(key: Key, why: Why, url: Url = HERE, token: Token = "") -> None:
    """Place a legal hold: nothing of the evidence is deleted until it is lifted."""
    from holdfast.cli.keeping import hold

    raise typer.Exit(hold(key, why, url, token, lift=False))


@keep_app.command("lift")
def keep_lift(key: Key, why: Why, url: Url = HERE, token: Token = "") -> None:
    """Lift the legal hold."""
    from holdfast.cli.keeping import hold

    raise typer.Exit(hold(key, why, url, token, lift=True))


@keep_app.command("delete")
def keep_delete(
    key: Key,
    why: Why,
    ask: Annotated[bool, typer.Option("--ask", help="Only ask for the decision it takes.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Delete the evidence of a case for good, by its decision, and print the certificate."""
    from holdfast.cli.keeping import delete

    raise typer.Exit(delete(key, why, url, token, ask=ask))


@grant_app.command("list")
def grant_list(
    key: Key,
    as_json: Annotated[bool, typer.Option("--json", help="The API's JSON.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List the grants of a case, newest first."""
    from holdfast.cli.granting import listed

    raise typer.Exit(listed(key, url, token, as_json=as_json))


@grant_app.command("ask")
def grant_ask(
    key: Key,
    why: Annotated[str, typer.Argument(help="What it is needed for.", show_default=False)],
    what: Annotated[
        str, typer.Option(help="raw: the evidence as it came; map: what pseudonyms stand for.")
    ] = "raw",
    hours: Annotated[int, typer.Option(help="How long, 1 to 168 hours.")] = 8,
    artefact: Annotated[list[int] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    person: Annotated[str, typer.Option(help="Username of who gets it; you otherwise.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Ask for a grant; who decides on access is told, and it opens when they approve."""
    from holdfast.cli.granting import ask

    said = {"what": what, "why": why, "hours": hours, "artefacts": artefact or [], "person": person}
    raise typer.Exit(ask(key, said, url, token))


@grant_app.command("open")
def grant_open(key: Key, number: Number, url: Url = HERE, token: Token = "") -> None:
    """Open a grant by the glass you broke; an approved one opens by itself."""
    from holdfast.cli.granting import act

    raise typer.Exit(act(key, number, "open", {}, url, token))


@grant_app.command("end")
def grant_end(
    key: Key,
    number: Number,
    reason: Annotated[str, typer.Argument(help="Why.", show_default=False)],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """End a grant before its time."""
    from holdfast.cli.granting import act

    raise typer.Exit(act(key, number, "end", {"reason": reason}, url, token))
