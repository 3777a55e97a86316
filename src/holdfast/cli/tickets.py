"""`holdfast case ticket`: its commands and their options; what they do is in `ticketing`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.options import HERE, Key, Reason, Token, Url

ticket_app = typer.Typer(
    no_args_is_help=True, help="Tickets for engineering, their outcome and their customers."
)
Ticket = Annotated[str, typer.Argument(help="Which ticket of the case, T-1.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="As the API says it.")]


@ticket_app.command("list")
def ticket_list(
    key: Annotated[str, typer.Argument(help="A case; without one, every filed ticket you may see.")] = "",
    json: Json = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List tickets with where they stand."""
    from holdfast.cli.ticketing import listed

    raise typer.Exit(listed(key, url, token, as_json=json))


@ticket_app.command("draft")
def ticket_draft(
    key: Key,
    component: Annotated[str, typer.Option(help="The component, if another than the case's.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Begin a ticket filled from the case, and print what the gate says of it."""
    from holdfast.cli.ticketing import begin

    raise typer.Exit(begin(key, component, url, token))


@ticket_app.command("show")
def ticket_show(key: Key, ticket: Ticket, json: Json = False, url: Url = HERE, token: Token = "") -> None:
    """Print a ticket, its gate and what was said about it."""
    from holdfast.cli.ticketing import show

    raise typer.Exit(show(key, ticket, url, token, as_json=json))


@ticket_app.command("write")
def ticket_write(
    key: Key,
    ticket: Ticket,
    parts: Annotated[
        list[str] | None, typer.Argument(help="Parts as steps=TEXT, or steps=@FILE.", show_default=False)
    ] = None,
    patch: Annotated[Path | None, typer.Option(help="A unified diff to attach.")] = None,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Write parts of a draft, or attach a patch."""
    from holdfast.cli.ticketing import write

    raise typer.Exit(write(key, ticket, parts or [], patch, url, token))


@ticket_app.command("refill")
def ticket_refill(
    key: Key,
    ticket: Ticket,
    take: Annotated[
        str, typer.Option(help="A part written by hand to be taken from the case after all.")
    ] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Fill a draft anew from the case; what people wrote stays."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "refill", {"take": take}, url, token))


@ticket_app.command("repair")
def ticket_repair(
    key: Key,
    ticket: Ticket,
    check: Annotated[str, typer.Argument(help="Which check, as the gate names it.")],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Do what a check of the gate offers as its repair."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "repair", {"check": check}, url, token))


@ticket_app.command("reproduce")
def ticket_reproduce(
    key: Key,
    ticket: Ticket,
    command: Annotated[list[str], typer.Argument(help="A program of the desk and its arguments.")],
    shows: Annotated[str, typer.Option(help="Text its output holds when the fault is there.")] = "",
    times: Annotated[int, typer.Option(help="How often it is run.")] = 3,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Have the desk run the command that shows the fault; what came of it counts in the gate."""
    from holdfast.cli.ticketing import act

    said = {"command": command[0], "arguments": command[1:], "shows": shows, "times": times}
    raise typer.Exit(act(key, ticket, "reproduce", said, url, token))


@ticket_app.command("ask")
def ticket_ask(key: Key, ticket: Ticket, reason: Reason, url: Url = HERE, token: Token = "") -> None:
    """Ask for the decision to file it although checks are open."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "ask", {"reason": reason}, url, token))


@ticket_app.command("file")
def ticket_file(
    key: Key,
    ticket: Ticket,
    despite: Annotated[bool, typer.Option("--despite", help="Despite checks that are open.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """File a ticket with whoever answers for its component."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "file", {"despite": despite}, url, token))


@ticket_app.command("note")
def ticket_note(
    key: Key,
    reference: Annotated[str, typer.Argument(help="What it is called where it was filed, such as ENG-5521.")],
    address: Annotated[str, typer.Option(help="Where it opens.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Note a ticket that was filed elsewhere by hand."""
    from holdfast.cli.ticketing import note

    raise typer.Exit(note(key, reference, address, url, token))


@ticket_app.command("answer")
def ticket_answer(
    key: Key,
    ticket: Ticket,
    text: Annotated[str, typer.Argument(help="What is answered.")],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Answer what its owner asked or disputed, or say that the fix does not hold."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "answer", {"text": text}, url, token))


@ticket_app.command("withdraw")
def ticket_withdraw(key: Key, ticket: Ticket, reason: Reason, url: Url = HERE, token: Token = "") -> None:
    """Take a filed ticket back."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "withdraw", {"reason": reason}, url, token))


@ticket_app.command("drop")
def ticket_drop(key: Key, ticket: Ticket, url: Url = HERE, token: Token = "") -> None:
    """Give a draft up; its text stays."""
    from holdfast.cli.ticketing import act

    raise typer.Exit(act(key, ticket, "drop", {}, url, token))


@ticket_app.command("outcome")
def ticket_outcome(
    key: Key,
    ticket: Ticket,
    word: Annotated[str, typer.Argument(help="accepted, sent_back, disputed or fixed.")],
    text: Annotated[str, typer.Option(help="The question, or the reason.")] = "",
    lacks: Annotated[str, typer.Option(help="For what it is sent back: steps, impact, ..., other.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Say for the owner what becomes of a ticket."""
    from holdfast.cli.ticketing import owned

    raise typer.Exit(owned(key, ticket, "outcome", {"word": word, "text": text, "lacks": lacks}, url, token))


@ticket_app.command("fix")
def ticket_fix(
    key: Key,
    ticket: Ticket,
    version: Annotated[str, typer.Argument(help="The version that has the fix.")],
    line: Annotated[str, typer.Option(help="The line a hot fix is for, such as 1.0.")] = "",
    build: Annotated[str, typer.Option(help="Its build.")] = "",
    released: Annotated[str, typer.Option(help="Since when it is out, ISO 8601 with a zone.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Name a version that has the fix, or say that it is out."""
    from holdfast.cli.ticketing import owned

    said = {"version": version, "line": line, "build": build, "released_at": released or None}
    raise typer.Exit(owned(key, ticket, "fixes", said, url, token))


@ticket_app.command("share")
def ticket_share(
    key: Key,
    ticket: Ticket,
    other: Annotated[str, typer.Argument(help="Another case with the same defect.")],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Say that another case has the same defect."""
    from holdfast.cli.ticketing import owned

    raise typer.Exit(owned(key, ticket, "share", {"case": other}, url, token))


@ticket_app.command("matrix")
def ticket_matrix(
    key: Annotated[str, typer.Argument(help="A case; without one, every defect.")] = "",
    ticket: Annotated[str, typer.Argument(help="Its ticket, T-1.")] = "",
    customer: Annotated[str, typer.Option(help="Only customers with this in their name.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Also those verified or not affected.")] = False,
    json: Json = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Print which customer stands where with which defect."""
    from holdfast.cli.ticketing import matrix

    raise typer.Exit(matrix(key, ticket, customer, url, token, all_=all_, as_json=json))


@ticket_app.command("customer")
def ticket_customer(
    key: Key,
    ticket: Ticket,
    customer: Annotated[str, typer.Argument(help="Which customer of the ticket.")],
    affected: Annotated[str | None, typer.Option(help="yes, no or unknown.")] = None,
    version: Annotated[str | None, typer.Option(help="What they run now.")] = None,
    workaround: Annotated[str | None, typer.Option(help="What helps until then.")] = None,
    told: Annotated[str | None, typer.Option(help="How they were told of the fix, such as U-3.")] = None,
    verified: Annotated[str | None, typer.Option(help="How it is known that it is fixed there.")] = None,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Say where a customer stands: affected, version, workaround, told, verified."""
    from holdfast.cli.ticketing import place

    said = {
        "affected": affected,
        "version": version,
        "workaround": workaround,
        "told": told,
        "verified": verified,
    }
    raise typer.Exit(place(key, ticket, customer, said, url, token))


@ticket_app.command("export")
def ticket_export(
    key: Key,
    ticket: Ticket,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write it here; else it is printed.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON instead of Markdown.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Export a ticket as it leaves: without secrets and personal data."""
    from holdfast.cli.ticketing import export

    raise typer.Exit(export(key, ticket, out, url, token, as_json=json))
