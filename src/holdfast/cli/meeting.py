"""`holdfast case room` and `holdfast case handover`: what they do, through the desk's API."""

from __future__ import annotations

import sys
from typing import Any

from holdfast.cli import casework

HANDING = ("show", "add", "read", "ask", "answer", "take-over", "withdraw")


def room(key: str, line: str, url: str, token: str) -> int:
    """Show the war room of a case, open or close it, or write a line in it; return the exit code."""
    at = f"/cases/{key}/room"
    if not line:
        return casework.ask(url, token, _room, "GET", at)
    if line in ("open", "close"):
        return casework.ask(url, token, _room, "POST", at if line == "open" else f"{at}/close")
    return casework.ask(url, token, _room, "POST", f"{at}/line", json={"text": line})


def reading(key: str, line: str, url: str, token: str) -> int:
    """Say what would become of a line, and do nothing; return the exit code."""

    def told(found: dict[str, Any]) -> None:
        print(found["reads"])

    return casework.ask(url, token, told, "POST", f"/cases/{key}/room/reading", json={"text": line})


def hand_over(key: str, to: str, at: str, url: str, token: str) -> int:
    """Begin to hand a case over; return the exit code."""
    body = {"to": to} | ({"effect_at": at} if at else {})
    return casework.ask(url, token, _hand_over, "POST", f"/cases/{key}/hand-overs", json=body)


def handing(key: str, number: str, deed: str, what: str, text: str, url: str, token: str) -> int:
    """Do one of HANDING to HO-1, HO-2, ...; return the exit code."""
    digits = number.upper().removeprefix("HO-")
    if not digits.isdecimal() or deed not in HANDING:
        print(f"holdfast: write a hand-over such as HO-1 and one of {', '.join(HANDING)}", file=sys.stderr)
        return 2
    at = f"/cases/{key}/hand-overs/{int(digits)}"
    if deed == "show":
        return casework.ask(url, token, _hand_over, "GET", at)
    if deed == "read":
        return _read(at, what, url, token)
    if deed == "answer" and not what.isdecimal():
        print("holdfast: name the question by its number, as `show` prints it", file=sys.stderr)
        return 2
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "add": ("items", {"title": what, "text": text}),
        "ask": ("questions", {"item": what, "text": text}),
        "answer": ("answers", {"question": int(what or 0) if what.isdecimal() else 0, "text": text}),
        "take-over": ("take-over", {}),
        "withdraw": ("withdraw", {}),
    }
    path, body = bodies[deed]
    return casework.ask(url, token, _hand_over, "POST", f"{at}/{path}", json=body)


def _read(at: str, item: str, url: str, token: str) -> int:
    """Acknowledge an item as it is now: its words are shown, and are what is acknowledged."""
    seen: list[str] = []

    def found(hand: dict[str, Any]) -> None:
        seen.extend(one["text"] for one in hand["items"] if one["key"] == item)

    code = casework.ask(url, token, found, "GET", at)
    if code or not seen:
        if not code:
            print(
                f"holdfast: there is no item {item or 'without a name'}; `show` lists them", file=sys.stderr
            )
        return code or 2
    print(seen[0])
    return casework.ask(url, token, _left, "POST", f"{at}/read", json={"item": item, "seen": seen[0]})


def _left(hand: dict[str, Any]) -> None:
    print(f"acknowledged; {hand['left']} to go")


def _room(found: dict[str, Any]) -> None:
    print(f"{'open' if found['open'] else 'closed'}  {found['now']}")
    for one in found["duties"]:
        away = "" if one["here"] or not one["person"] else " (away)"
        print(f"{one['duty']:<15}{one['person'] or 'nobody'}{away}")
    for one in found["actions"]:
        over = "over" if one["overdue"] else "until"
        print(f"A-{one['number']}  {one['person']}, {over} {one['due_at'][11:16]}: {one['what']}")
    if found["next_update_at"]:
        print(f"next update {found['next_update_at'][:16].replace('T', ' ')} UTC")


def _hand_over(hand: dict[str, Any]) -> None:
    print(
        f"HO-{hand['number']}  {hand['state']}  {hand['giver']} to {hand['receiver']}, {hand['left']} to read"
    )
    print(f"answers for the case: {hand['owner'] or 'nobody'}")
    for one in hand["items"]:
        mark = "read" if one["acknowledged_at"] else "must" if one["must"] else ""
        print(f"{mark:<5} {one['key']:<16} {one['title']}: {one['text']}")
        _asked(one["questions"])
    _asked(hand["questions"])


def _asked(questions: list[dict[str, Any]]) -> None:
    for one in questions:
        print(f"      {one['id']}. {one['person']} asks: {one['text']}  {one['answer'] or '(no answer yet)'}")
