"""`holdfast case ticket`, `holdfast tickets`: drafts, filing, what becomes of them, the matrix of customers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdfast.cli import casework

Show = Callable[[Any], None]


def number_of(text: str) -> int | None:
    """Return the number of `T-1`; None when it is none, which is said."""
    digits = text.upper().removeprefix("T-")
    if digits.isdecimal() and len(digits) < 10:
        return int(digits)
    print("holdfast: write a ticket such as T-1", file=sys.stderr)
    return None


def listed(key: str, url: str, token: str, *, as_json: bool) -> int:
    """Print a case's tickets, or everybody's where no case is named; return the exit code."""
    return casework.ask(
        url, token, _json if as_json else _list, "GET", f"/cases/{key}/tickets" if key else "/tickets"
    )


def begin(key: str, component: str, url: str, token: str) -> int:
    """Begin a ticket filled from the case and print it with its gate; return the exit code."""
    return casework.ask(url, token, _print, "POST", f"/cases/{key}/tickets", json={"component": component})


def note(key: str, reference: str, address: str, url: str, token: str) -> int:
    """Note a ticket filed elsewhere; return the exit code."""
    said = {"reference": reference, "url": address}
    return casework.ask(url, token, _print, "POST", f"/cases/{key}/tickets/note", json=said)


def show(key: str, ticket: str, url: str, token: str, *, as_json: bool) -> int:
    """Print one ticket; return the exit code."""
    if (number := number_of(ticket)) is None:
        return 2
    return casework.ask(url, token, _json if as_json else _print, "GET", f"/cases/{key}/tickets/{number}")


def write(key: str, ticket: str, parts: list[str], patch: Path | None, url: str, token: str) -> int:
    """Write parts given as `steps=TEXT` or `steps=@FILE`, and attach a patch; return the exit code."""
    number, said = number_of(ticket), {}
    if number is None:
        return 2
    try:
        for part in parts:
            name, _, text = part.partition("=")
            said[name] = Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
        body: dict[str, Any] = {"parts": said} | ({"patch": patch.read_text("utf-8")} if patch else {})
    except OSError as error:
        print(f"holdfast: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except UnicodeDecodeError:
        print("holdfast: a part is text in UTF-8; attach anything else to the case", file=sys.stderr)
        return 2
    return casework.ask(url, token, _print, "PUT", f"/cases/{key}/tickets/{number}", json=body)


def act(key: str, ticket: str, deed: str, said: dict[str, Any], url: str, token: str) -> int:
    """Do something to a ticket of a case: file, ask, refill, repair, answer, withdraw, drop; return the exit code."""
    if (number := number_of(ticket)) is None:
        return 2
    told: Show = _asked if deed == "ask" else _line if deed == "drop" else _print
    return casework.ask(url, token, told, "POST", f"/cases/{key}/tickets/{number}/{deed}", json=said)


def owned(key: str, ticket: str, deed: str, said: dict[str, Any], url: str, token: str) -> int:
    """Speak for the owner, name a fix, or share a ticket with a case; return the exit code."""
    if (number := number_of(ticket)) is None:
        return 2
    told: Show = _fix if deed == "fixes" else _print
    return casework.ask(url, token, told, "POST", f"/tickets/{key}/{number}/{deed}", json=said)


def export(key: str, ticket: str, out: Path | None, url: str, token: str, *, as_json: bool) -> int:
    """Write a ticket as Markdown or JSON, as it leaves; return the exit code."""
    if (number := number_of(ticket)) is None:
        return 2

    def told(found: dict[str, Any]) -> None:
        text = (
            json.dumps(found["document"], indent=2, ensure_ascii=False) + "\n"
            if as_json
            else found["markdown"]
        )
        if out is None:
            print(text, end="")
        else:
            out.write_text(text, "utf-8")
            print(out)

    try:
        return casework.ask(url, token, told, "GET", f"/cases/{key}/tickets/{number}/document")
    except OSError as error:
        print(f"holdfast: {out} could not be written: {error.strerror}", file=sys.stderr)
        return 2


def matrix(key: str, ticket: str, customer: str, url: str, token: str, *, all_: bool, as_json: bool) -> int:
    """Print who of the customers stands where: with one ticket, or with every defect; return the exit code."""
    told: Show = _json if as_json else _rows
    if ticket:
        if (number := number_of(ticket)) is None:
            return 2
        return casework.ask(url, token, told, "GET", f"/tickets/{key}/{number}/customers")
    asked = {"customer": customer, "all": all_}
    return casework.ask(url, token, told, "GET", "/tickets/matrix", params=asked)


def place(key: str, ticket: str, customer: str, said: dict[str, Any], url: str, token: str) -> int:
    """Say where a customer stands with a ticket; return the exit code."""
    if (number := number_of(ticket)) is None:
        return 2
    found: list[dict[str, Any]] = []
    code = casework.ask(url, token, found.extend, "GET", f"/tickets/{key}/{number}/customers")
    row = next((one["id"] for one in found if one["customer"].lower() == customer.lower()), None)
    if code or row is None:
        if not code:
            print(f"holdfast: {customer} is not among the customers of {ticket}", file=sys.stderr)
        return 2
    return casework.ask(url, token, _rows, "PUT", f"/tickets/{key}/{number}/customers/{row}", json=said)


def _json(found: Any) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False))


def _list(found: list[dict[str, Any]]) -> None:
    for one in found:
        _line(one)
    if not found:
        print("no tickets")


def _line(one: dict[str, Any]) -> None:
    name = one["reference"] or f"T-{one['number']}"
    print(f"{one['case']} T-{one['number']}  {name}  {one['state']}  P{one['priority']}  {one['summary']}")


def _asked(found: dict[str, Any]) -> None:
    print(f"asked: {', '.join(found['asked'])}" if found["asked"] else "nothing to ask: it is yours to file")


def _fix(one: dict[str, Any]) -> None:
    line = f" for {one['line']}" if one["line"] else ""
    print(
        f"{one['version']} has the fix{line}, {'out since ' + one['released_at'] if one['released_at'] else 'not out'}"
    )


def _print(one: dict[str, Any]) -> None:
    _line(one)
    for name, text in one["parts"].items():
        if text:
            print(f"\n{name}\n  " + text.replace("\n", "\n  "))
    for run in one["reproductions"][:1]:
        print(f"\n$ {run['line']}\n{run['outcome']}, {run['hits']} of {len(run['codes'])} times")
    if one["checks"]:
        print(f"\ngate  {one['met']} of {len(one['checks'])}")
    for check in one["checks"]:
        if check["verdict"] != "met":
            print(f"{check['verdict']}  {check['check']}: {check['says']}" + _repair(check))
    for said in one["exchanges"]:
        print(f"{said['at'][:16]}  {said['word']}  {said['author']}: {said['text']}")


def _repair(check: dict[str, Any]) -> str:
    return f" (repair: {check['repair']})" if check["repair"] else ""


def _rows(found: list[dict[str, Any]]) -> None:
    for one in found:
        told = "told" if one["told_at"] else "not told"
        install = f", install {one['install']}" if one["install"] else ""
        version = one["version"] or "?"
        print(
            f"{one['reference']}  {one['customer']}  runs {version}: {one['stands']}{install}, {told}  {one['case']}"
        )
    if not found:
        print("no customers")
