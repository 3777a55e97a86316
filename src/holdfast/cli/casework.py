"""`holdfast case`: what goes to a desk through its API."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn


def open_case(
    title: str, evidence: list[Path], severity: int, url: str, token: str, *, baseline: Sequence[Path] = ()
) -> int:
    """Declare a case, send its evidence, have it investigated; print its address; return the exit code."""
    import httpx

    from holdfast.web.serving import open_case as declare

    files = [*evidence, *baseline]
    missing = [path for path in files if not path.exists()]
    if missing:
        print(f"holdfast: no such file: {missing[0]}", file=sys.stderr)
        return 2
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks = {path.name: bar.add_task(path.name, total=path.stat().st_size) for path in files}

        def step(name: str, done: int, total: int) -> None:
            if name in tasks:
                bar.update(tasks[name], completed=done, total=total)

        try:
            said = {"title": title, "severity": severity, "source": "cli"}
            address = declare(url, token, said, evidence, baseline=baseline, progress=step)
        except httpx.HTTPError as error:
            print(f"holdfast: the desk at {url} did not take the case: {error}", file=sys.stderr)
            return 2
    print(address)
    return 0


def ask(url: str, token: str, show: Callable[[Any], None], method: str, address: str, **options: Any) -> int:
    """Call the desk's API and show what it answers; return the exit code."""
    return asked(url, token, show, lambda sender: sender.call(method, address, **options))


def asked(url: str, token: str, show: Callable[[Any], None], question: Callable[[Any], Any]) -> int:
    """Ask a desk something and show what it answers, or say what it refuses; return the exit code."""
    import httpx

    from holdfast.web.sending import Sender

    with Sender(url, token, lambda *_: None) as sender:
        try:
            answer = question(sender)
        except httpx.HTTPStatusError as refused:
            print(f"holdfast: {_said(refused.response)}", file=sys.stderr)
            return 2
        except httpx.HTTPError as error:
            print(f"holdfast: the desk at {url} does not answer: {error}", file=sys.stderr)
            return 2
    show(answer)
    return 0


def _said(answer: Any) -> str:
    """Return what the desk says went wrong, in its own words."""
    try:
        error = answer.json()["error"]
        parts = (error["message"].rstrip(".") + ".", error["kept"], error["next"])
        return " ".join(part for part in parts if part)
    except (ValueError, KeyError, TypeError):
        return f"the desk answered {answer.status_code}"


def links(key: str, url: str, token: str, deed: str = "", said: dict[str, Any] | None = None) -> int:
    """Do something about a case's links, or only list them; return the exit code."""
    address = f"/cases/{key}/{deed or 'links'}"
    return ask(
        url, token, _show_links, "POST" if deed else "GET", address, **({"json": said} if deed else {})
    )


def _show_links(answer: Any) -> None:
    for one in answer["items"]:
        there = f"{one['key']}  {one['title']} ({one['state']})" if one["key"] else one["reference"]
        merged = "  merged" if one["merges"] else ""
        print(f"{one['id']:>5}  {one['word']:<14}{there}  {one['url']}".rstrip() + merged)
    if not answer["items"]:
        print("no links")


def brief(key: str, as_json: bool, url: str, token: str) -> int:
    """Print the brief of a case; return the exit code."""
    if as_json:
        return ask(url, token, lambda said: print(json.dumps(said, indent=2)), "GET", f"/cases/{key}/brief")
    return asked(
        url, token, lambda text: print(text, end=""), lambda sender: sender.text(f"/cases/{key}/brief.md")
    )


def impact(key: str, url: str, token: str, deed: str = "", said: dict[str, Any] | None = None) -> int:
    """Say something about impact or constraints, or only show them; return the exit code."""
    address = f"/cases/{key}/{deed or 'impact/numbers'}"
    return ask(
        url, token, _show_impact, "POST" if deed else "GET", address, **({"json": said} if deed else {})
    )


def _show_impact(answer: Any) -> None:
    for one in answer["numbers"]:
        whole = f" of {one['whole']}" if one["whole"] is not None else ""
        amount = f"{one['number']}{whole} {one['unit']}".rstrip()
        print(f"{one['what']:<10}{amount:<20}since {one['since']}  {one['source']}")
    for one in answer["constraints"]:
        until = f", until {one['until']}" if one["until"] else ""
        print(f"{one['number']:>5}  {one['text']}{until}  {one['source']}")
    if not answer["numbers"] and not answer["constraints"]:
        print("no numbers and no constraints")


def environments(key: str, url: str, token: str) -> int:
    """List the environments of a case; return the exit code."""
    return ask(url, token, _show_environments, "GET", f"/cases/{key}/environments")


def _show_environments(answer: Any) -> None:
    for one in answer["items"]:
        about = "  ".join(part for part in (one["version"], one["region"]) if part)
        print(
            f"E{one['number']:<4}{one['name']:<32}{one['at']}  {one['settings_count']} settings  {about}".rstrip()
        )
    if not answer["items"]:
        print("no environments")


def add_environment(key: str, said: dict[str, Any], file: Path | None, url: str, token: str) -> int:
    """Record an environment from a file, from a file of the evidence, or by its version alone."""
    if file is not None:
        try:
            said |= {"text": file.read_text("utf-8-sig")}
        except (OSError, UnicodeDecodeError) as error:
            print(f"holdfast: {file} cannot be read as text: {error}", file=sys.stderr)
            return 2

    def show(made: Any) -> None:
        print(f"E{made['number']} {made['name']}: {made['settings_count']} settings, {made['masked']} masked")

    return ask(url, token, show, "POST", f"/cases/{key}/environments", json=said)


def diff_environments(key: str, first: int, second: int, url: str, token: str) -> int:
    """Print what the second environment has otherwise; return the exit code."""
    return ask(url, token, _show_difference, "GET", f"/cases/{key}/environments/{first}/diff/{second}")


def _show_difference(answer: Any) -> None:
    for name in ("first", "second"):
        one = answer[name]
        print(f"{'---' if name == 'first' else '+++'} E{one['number']} {one['name']} {one['at']}")
    for one in answer["changed"]:
        print(f"- {one['path']} = {one['before']}\n+ {one['path']} = {one['after']}")
    for sign, name in (("-", "removed"), ("+", "added")):
        for one in answer[name]:
            print(f"{sign} {one['path']} = {one['value']}")
    differ = sum(len(answer[name]) for name in ("changed", "removed", "added"))
    print(f"{differ} differ, {answer['same']} alike")


def profiles(url: str, token: str) -> int:
    """List the profiles of a desk; return the exit code."""

    def show(found: Any) -> None:
        for one in found:
            print(f"{one['name']:<18}{one['title']}. {one['says']}")

    return asked(url, token, show, lambda sender: sender.call("GET", "/profiles"))


def apply_profile(
    name: str,
    organisation: str,
    dry_run: bool,
    agree: Callable[[list[str]], bool],
    url: str,
    token: str,
    case: str = "",
) -> int:
    """Show what a profile changes and apply it; `agree` is asked when versions of one's own are overtaken.

    With a case its application is asked for there, which is needed where nobody publishes alone.
    """
    query = {"params": {"organisation": organisation}}
    plan: dict[str, Any] = {}
    code = ask(url, token, plan.update, "GET", f"/profiles/{name}", **query)
    changes = [step for step in plan.get("steps", ()) if step["changes"]]
    for step in changes:
        print(f"{step['kind']} {step['name']}")
        print("".join(f"  {line}\n" for line in step["lines"] if line[:1] in "+-"), end="")
    if code or dry_run or not changes:
        print(
            "" if changes or code else f"{name} holds, nothing to publish",
            end="" if changes or code else "\n",
        )
        return code
    own = [f"{step['kind']} {step['name']}" for step in changes if step["own"]]
    if own and not agree(own):
        print("nothing was published")
        return 1

    said: dict[str, Any] = {"overtake": bool(own)}

    def asked_for(made: Any) -> None:
        print(f"{case} D-{made['number']} {made['state']}: {made['what']}")

    def show(made: Any) -> None:
        print("".join(f"published {one}\n" for one in made["published"]), end="")

    if case:
        said |= {"profile": name}
        return ask(url, token, asked_for, "POST", f"/cases/{case}/decisions/policies", json=said)
    return ask(url, token, show, "POST", f"/profiles/{name}/apply", json=said, **query)
