"""`holdfast case`: the commands on cases of a desk and their options; what they do is in `casework`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli import archives
from holdfast.cli.meetings import case_room, handover_app
from holdfast.cli.options import HERE, Key, Reason, Token, Url
from holdfast.cli.tickets import ticket_app

case_app = typer.Typer(no_args_is_help=True, help="Cases on a Holdfast desk, through its API.")

profile_app = typer.Typer(no_args_is_help=True, help="Sets of policies for one sort of organisation.")
environment_app = typer.Typer(no_args_is_help=True, help="How a case's system was set up at a moment.")
case_app.add_typer(environment_app, name="environment")
case_app.add_typer(ticket_app, name="ticket")
case_app.add_typer(handover_app, name="handover")
case_app.command("room")(case_room)
case_app.command("export")(archives.case_export)
case_app.command("import")(archives.case_import)
case_app.command("receiving-key")(archives.receiving_key)


@case_app.command("open")
def case_open(
    title: Annotated[str, typer.Option(help="One line: what is broken for whom.")],
    evidence: Annotated[list[Path] | None, typer.Option(help="Bundle to attach; may be repeated.")] = None,
    baseline: Annotated[
        list[Path] | None, typer.Option(help="Evidence of the same system when it was well; may be repeated.")
    ] = None,
    severity: Annotated[int, typer.Option(help="1 (highest) to 4.", min=1, max=4)] = 2,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Declare a case on a desk, attach evidence and start its investigation."""
    from holdfast.cli.casework import open_case

    raise typer.Exit(open_case(title, evidence or [], severity, url, token, baseline=baseline or []))


@case_app.command("links")
def case_links(key: Key, url: Url = HERE, token: Token = "") -> None:
    """List the links of a case that you may see both ends of."""
    from holdfast.cli.casework import links

    raise typer.Exit(links(key, url, token))


@case_app.command("link")
def case_link(
    key: Key,
    relation: Annotated[
        str, typer.Argument(help="parent, duplicate_of, caused_by, incident, problem, change or same_as.")
    ],
    to: Annotated[str, typer.Argument(help="A case, or with --outside an id in another system.")],
    outside: Annotated[bool, typer.Option("--outside", help="It is kept outside the desk.")] = False,
    address: Annotated[str, typer.Option(help="Its address, if it is outside.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Link a case to another, or to an incident, a problem or a change outside."""
    from holdfast.cli.casework import links

    there = {"reference": to, "url": address} if outside or address else {"to": to}
    raise typer.Exit(links(key, url, token, "links", {"relation": relation, **there}))


@case_app.command("unlink")
def case_unlink(
    key: Key,
    number: Annotated[int, typer.Argument(help="Number of the link, as listed.")],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """End a link; it stays on both timelines."""
    from holdfast.cli.casework import links

    raise typer.Exit(links(key, url, token, f"links/{number}/end", {}))


@case_app.command("merge")
def case_merge(
    key: Key,
    into: Annotated[str, typer.Argument(help="The case that goes on.")],
    reason: Reason,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Merge a duplicate into the case that goes on; its own clocks stop."""
    from holdfast.cli.casework import links

    raise typer.Exit(links(key, url, token, "merge", {"into": into, "reason": reason}))


@case_app.command("unmerge")
def case_unmerge(key: Key, reason: Reason, url: Url = HERE, token: Token = "") -> None:
    """Take a merge back; the case is in its old state again."""
    from holdfast.cli.casework import links

    raise typer.Exit(links(key, url, token, "unmerge", {"reason": reason}))


@case_app.command("brief")
def case_brief(
    key: Key,
    json: Annotated[bool, typer.Option("--json", help="As JSON instead of Markdown.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Print a case in facts, each with its place: pick it up in five minutes."""
    from holdfast.cli.casework import brief

    raise typer.Exit(brief(key, json, url, token))


@case_app.command("impact")
def case_impact(
    key: Key,
    what: Annotated[str, typer.Argument(help="users, requests, money or tenants; none lists them.")] = "",
    number: Annotated[int, typer.Argument(help="How many.", min=0)] = 0,
    source: Annotated[
        str, typer.Option(help="customer, #12 for an entry, F-03 for a finding, route.log:54 for a place.")
    ] = "customer",
    of: Annotated[int | None, typer.Option(help="Of how many.", min=0)] = None,
    unit: Annotated[str, typer.Option(help="Currency of money, such as EUR.")] = "",
    since: Annotated[str, typer.Option(help="Since when, ISO 8601 with a zone; else the report.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Say how many are affected and how that is known, or list what holds."""
    from holdfast.cli.casework import impact

    said = {
        "what": what,
        "number": number,
        "source": source,
        "whole": of,
        "unit": unit,
        "since": since or None,
    }
    raise typer.Exit(impact(key, url, token, "impact/numbers", said) if what else impact(key, url, token))


@case_app.command("constraint")
def case_constraint(
    key: Key,
    text: Annotated[str, typer.Argument(help="What the customer does not allow or cannot bear.")],
    until: Annotated[str, typer.Option(help="Until when, ISO 8601 with a zone.")] = "",
    source: Annotated[str, typer.Option(help="As for impact.")] = "customer",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Write down a constraint of the customer."""
    from holdfast.cli.casework import impact

    said = {"text": text, "until": until or None, "source": source}
    raise typer.Exit(impact(key, url, token, "constraints", said))


@case_app.command("decisions")
def case_decisions(
    key: Key,
    json: Annotated[bool, typer.Option("--json", help="As the API says it.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List a case's decisions: what waits for whom, what was decided."""
    from holdfast.cli.deciding import show as run

    raise typer.Exit(run(key, url, token, as_json=json))


@case_app.command("ask")
def case_ask(
    key: Key,
    what: Annotated[str, typer.Argument(help="What is to be decided.")],
    right: Annotated[str, typer.Option(help="What kind of decision: see the policy decision-rights.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    risk: Annotated[str, typer.Option(help="What may go wrong.")] = "",
    undo: Annotated[str, typer.Option(help="How it is undone.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Ask for a decision; one that is yours to take is taken at once."""
    from holdfast.cli.deciding import ask as run

    said = {"what": what, "right": right, "reason": reason, "risk": risk, "undo": undo}
    raise typer.Exit(run(key, said, url, token))


@case_app.command("decide")
def case_decide(
    key: Key,
    number: Annotated[str, typer.Argument(help="Which decision, D-4.")],
    deed: Annotated[str, typer.Argument(help="approve, refuse, withdraw, break-glass or review.")],
    text: Annotated[str, typer.Option(help="Why; needed to refuse, to break glass and to review.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Answer a decision that waits, take it back, break its glass, or review that."""
    from holdfast.cli.deciding import decide as run

    raise typer.Exit(run(key, number, deed, text, url, token))


@case_app.command("mitigations")
def case_mitigations(
    key: Annotated[str, typer.Argument(help="The case; without one, all temporary fixes in place.")] = "",
    json: Annotated[bool, typer.Option("--json", help="As the API says it.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List mitigations: what is in place, since when, and until when it may stay."""
    from holdfast.cli.mitigating import show as run

    raise typer.Exit(run(key, url, token, as_json=json))


@case_app.command("mitigate")
def case_mitigate(
    key: Key,
    pattern: Annotated[str, typer.Argument(help="restart, flag, config, rollback, traffic, cache or limit.")],
    what: Annotated[str, typer.Argument(help="What exactly is done.")],
    undo: Annotated[str, typer.Option(help="How it is undone; empty: as the pattern says.")] = "",
    probe: Annotated[str, typer.Option(help="How it is verified, as JSON; see the guide.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Propose a mitigation; the decision it needs is asked for."""
    from holdfast.cli.mitigating import propose as run

    raise typer.Exit(run(key, {"pattern": pattern, "what": what, "undo": undo}, probe, url, token))


@case_app.command("mitigation")
def case_mitigation(
    key: Key,
    number: Annotated[str, typer.Argument(help="Which mitigation, M-1.")],
    deed: Annotated[
        str, typer.Argument(help="start, verify, held, failed, rolled-back, rollback-failed or replace.")
    ],
    text: Annotated[str, typer.Option(help="What was observed, or how it went.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Start a mitigation, have it verified, say how it went or how undoing it went."""
    from holdfast.cli.mitigating import act as run

    raise typer.Exit(run(key, number, deed, text, url, token))


@case_app.command("updates")
def case_updates(
    key: Key,
    json: Annotated[bool, typer.Option("--json", help="As the API says it.")] = False,
    url: Url = HERE,
    token: Token = "",
) -> None:
    """List the updates of a case, with its drafts."""
    from holdfast.cli.updating import listed as run

    raise typer.Exit(run(key, url, token, as_json=json))


@case_app.command("draft")
def case_draft(
    key: Key,
    audience: Annotated[str, typer.Argument(help="customer, executive, internal or status.")] = "customer",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Begin an update filled from the case, and print what the checker says of it."""
    from holdfast.cli.updating import begin as run

    raise typer.Exit(run(key, audience, url, token))


@case_app.command("tell")
def case_tell(
    key: Key,
    text: Annotated[str, typer.Argument(help="What the customer is told.")],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Tell the customer in a few words; what may not be sent is kept as a draft, and says why."""
    from holdfast.cli.updating import tell as run

    raise typer.Exit(run(key, text, url, token))


@case_app.command("update")
def case_update(
    key: Key,
    number: Annotated[str, typer.Argument(help="Which update, U-1.")],
    deed: Annotated[str, typer.Argument(help="show, ask or send.")] = "show",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Show an update with its check, ask for the decisions it takes, or send it."""
    from holdfast.cli.updating import act as run

    raise typer.Exit(run(key, number, deed, url, token))


@case_app.command("promise")
def case_promise(
    key: Key,
    number: Annotated[str, typer.Argument(help="Which promise, P-1.")],
    said: Annotated[str, typer.Argument(help="How it was kept, or why it moves.")],
    due: Annotated[str, typer.Option(help="The new time, ISO 8601 with a zone, when it moves.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Say that a promise was kept, or promise another time."""
    from holdfast.cli.updating import settle as run

    raise typer.Exit(run(key, number, said, due, url, token))


@environment_app.command("list")
def environment_list(key: Key, url: Url = HERE, token: Token = "") -> None:
    """List the environments of a case."""
    from holdfast.cli.casework import environments

    raise typer.Exit(environments(key, url, token))


@environment_app.command("add")
def environment_add(
    key: Key,
    name: Annotated[str, typer.Argument(help="Whose and when: customer prod, last week.")],
    file: Annotated[Path | None, typer.Argument(help="JSON, YAML, .env, INI or properties.")] = None,
    artefact: Annotated[
        str, typer.Option(help="A file of the evidence instead: 12 in the vault, A7 in the diagnosis.")
    ] = "",
    version: Annotated[str, typer.Option(help="What runs there.")] = "",
    region: Annotated[str, typer.Option(help="Where it runs.")] = "",
    at: Annotated[str, typer.Option(help="As of when, ISO 8601 with a zone; else now.")] = "",
    format: Annotated[  # noqa: A002
        str, typer.Option(help="json, yaml, env, ini or properties, where it is not found out.")
    ] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Record an environment; values whose key says secret are masked."""
    from holdfast.cli.casework import add_environment

    said = {"name": name, "artefact": artefact, "version": version, "region": region, "format": format}
    raise typer.Exit(add_environment(key, said | {"at": at or None}, file, url, token))


@environment_app.command("diff")
def environment_diff(
    key: Key,
    first: Annotated[int, typer.Argument(help="1 for E1.")],
    second: Annotated[int, typer.Argument(help="2 for E2.")],
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Print what the second environment has otherwise than the first."""
    from holdfast.cli.casework import diff_environments

    raise typer.Exit(diff_environments(key, first, second, url, token))


@profile_app.command("list")
def profile_list(url: Url = HERE, token: Token = "") -> None:
    """List the profiles of a desk."""
    from holdfast.cli.casework import profiles

    raise typer.Exit(profiles(url, token))


@profile_app.command("apply")
def profile_apply(
    name: Annotated[str, typer.Argument(help="start-up, growth, enterprise, regulated, service-provider.")],
    organisation: Annotated[str, typer.Option(help="Prefix of its cases; yours when left out.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Overtake your own versions without asking.")] = False,
    case: Annotated[str, typer.Option("--ask", help="Ask for it on this case: ESC-142.")] = "",
    url: Url = HERE,
    token: Token = "",
) -> None:
    """Publish the policies of a profile; says first which of your own versions it would overtake.

    Exit code: 0 done, 1 you did not agree, 2 refused.
    """
    from holdfast.cli.casework import apply_profile

    def agree(own: list[str]) -> bool:
        return yes or typer.confirm(f"Overtake your own {', '.join(own)}?")

    raise typer.Exit(apply_profile(name, organisation, dry_run, agree, url, token, case))
