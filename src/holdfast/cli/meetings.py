"""The commands on war rooms and hand-overs, and their options; what they do is in `meeting`."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.options import HERE, Key, Token, Url

handover_app = typer.Typer(no_args_is_help=True, help="Handing a case over, item by item.")


def case_room(
    key: Key,
    line: Annotated[
        str, typer.Argument(help="open, close, or a line such as “/action @kim 15m read it”.")
    ] = "",
    reads: Annotated[
        bool, typer.Option("--reads", help="Say what would become of it, and do nothing.")
    ] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Show the war room of a case, open or close it, or write a line in it."""
    from holdfast.cli import meeting

    run = meeting.reading if reads else meeting.room
    raise typer.Exit(run(key, line, url, token))


@handover_app.command("begin")
def handover_begin(
    key: Key,
    to: Annotated[str, typer.Argument(help="Who takes over.")],
    at: Annotated[str, typer.Option(help="When, ISO 8601 with a zone; now without it.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Begin to hand a case over."""
    from holdfast.cli.meeting import hand_over

    raise typer.Exit(hand_over(key, to, at, url, token))


@handover_app.command("do")
def handover_do(
    key: Key,
    number: Annotated[str, typer.Argument(help="Which hand-over, HO-1.")],
    deed: Annotated[
        str, typer.Argument(help="show, add, read, ask, answer, take-over or withdraw.")
    ] = "show",
    what: Annotated[str, typer.Argument(help="The item, its title when added, or a question's number.")] = "",
    text: Annotated[str, typer.Argument(help="What is added, asked or answered.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Show a hand-over, complete it, read an item, ask, answer, take over or withdraw."""
    from holdfast.cli.meeting import handing

    raise typer.Exit(handing(key, number, deed, what, text, url, token))
