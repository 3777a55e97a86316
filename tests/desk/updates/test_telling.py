"""A few words to the customer go the way of every update: checked, decided, without secrets. Else they wait."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.desk.cases import lines
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.telling import Message, Waits, tell
from holdfast.desk.links.merging import merge
from holdfast.desk.updates.models import Promise, Update
from holdfast.desk.updates.telling import tell_duplicates

pytestmark = pytest.mark.django_db

SOUND = "We rolled the release back; 0 of 240 searches fail since 11:10 UTC."
PROMISING = "It is definitely fixed and will never happen again."


def updates(case: Case) -> list[str]:
    return list(case.entries.filter(kind="update").values_list("text", flat=True))


def test_what_nothing_stands_against_is_sent_in_the_same_breath(case: Any, engineer: Any) -> None:
    lines.write(case, f"/update {SOUND}", by=engineer)

    update, promise = Update.objects.get(), Promise.objects.get()
    assert update.state == "sent"
    assert update.sent_text == updates(case)[0] + "\n"
    assert update.sent_text.splitlines()[:3] == [case.title, "", SOUND]
    assert "What we know" not in update.sent_text
    assert update.sent_text.rstrip().endswith(f"Next update by {update.next_at:%d %b %H:%M} UTC.")
    assert promise.due_at == update.next_at


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PROMISING, "Nobody can know this"),
        ("Sign in with password=hunter2secretX9.", "Whoever reads it can use it"),
        ("It is probably the cache.", "probably"),
        ("Write to bob.smith@example.org.", "tells who somebody is"),
    ],
)
def test_what_the_checker_finds_waits_as_a_draft_with_its_reason(
    case: Any, engineer: Any, text: str, why: str
) -> None:
    with pytest.raises(Waits, match=f"U-1 is kept as a draft.*{why}") as waits:
        lines.write(case, f"/update {text}", by=engineer)

    assert "hunter2" not in str(waits.value)
    assert (Update.objects.get().state, Update.objects.get().known) == ("draft", text)
    assert updates(case) == []


def test_who_may_not_send_alone_leaves_a_draft_to_whoever_may(
    case: Any, developer: Any, engineer: Any
) -> None:
    from holdfast.desk.cases.commands import join

    join(case, developer, "reads the change", by=engineer)
    with pytest.raises(Waits, match="telling a customer the known facts is decided by"):
        tell(case, Message(SOUND), by=developer)

    assert updates(case) == []


@pytest.mark.parametrize("text", [PROMISING, SOUND])
def test_the_line_says_beforehand_what_will_become_of_it(case: Any, engineer: Any, text: str) -> None:
    reads = lines.read(case, f"/update {text}", by=engineer)

    assert Update.objects.count() == 0
    assert reads.startswith(
        "told to the customer at once" if text == SOUND else "a draft to the customer, not sent"
    )


def test_every_door_says_that_it_waits(case: Any, engineer: Any, signed_in: Any) -> None:
    browser = signed_in(engineer)
    page = browser.post("/cases/ESC-1/note", {"text": f"/update {PROMISING}"}, follow=True)
    room = browser.post(
        "/cases/ESC-1/room/say", {"text": f"/update {PROMISING}"}, headers={"X-Requested-With": "fetch"}
    )
    rest = browser.post(
        "/api/v1/cases/ESC-1/updates", json.dumps({"text": PROMISING}), content_type="application/json"
    )

    assert "U-1 is kept as a draft on the page Updates" in page.content.decode()
    assert "U-2 is kept as a draft" in room.json()["waits"]
    assert (rest.status_code, "U-3 is kept as a draft" in rest.json()["error"]["message"]) == (409, True)
    assert updates(case) == []
    assert "U-1" in browser.get("/cases/ESC-1/updates").content.decode()


def test_duplicates_are_told_each_on_their_own_case(declare: Any, case: Any, engineer: Any) -> None:
    other = declare("Search is slow")
    merge(other, case, by=engineer, reason="one cause")

    with pytest.raises(Waits, match="ESC-2: U-1 is kept"):
        tell_duplicates(case, PROMISING, by=engineer)
    tell_duplicates(case, SOUND, by=engineer)

    assert SOUND in updates(other)[0]
    assert updates(case) == []
