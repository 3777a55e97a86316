"""A brief says only what is written, where it is written, and only to who may read it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from holdfast.desk.brief.sentences import LONGEST, Section, Sentence, markdown, sentence
from holdfast.desk.brief.writing import brief
from holdfast.desk.cases import commands, marks
from holdfast.desk.cases.models import Case
from holdfast.desk.cases.telling import Message, tell
from holdfast.desk.impact.commands import Counted, constrain, count
from holdfast.desk.investigation.commands import keep
from holdfast.desk.investigation.hypotheses import Claim, Plan, plan_test, propose
from holdfast.desk.links.commands import link

pytestmark = pytest.mark.django_db


def all_of(found):
    return {one.text: one for section in found.sections for one in section.sentences}


@pytest.fixture
def told(case, engineer, developer, declare, diagnosis):
    """A case with something in every section."""
    commands.acknowledge(case, by=engineer)
    commands.join(case, developer, "reads the change", by=engineer)
    keep(case, diagnosis, artefacts=[])
    count(case, Counted("requests", 7, "F-01", whole=31), by=engineer)
    constrain(case, "no restart before 18:00", by=engineer)
    one = propose(case, Claim("the flag reads the wrong table", "rows of v1", "the flag is off"), by=engineer)
    plan_test(one, Plan("switch the flag off", "7 become 0"), by=engineer)
    marks.plan(case, "ask for the flag's history", by=engineer, blocked_on="the customer")
    tell(case, Message("We read your logs."), by=engineer)
    link(case, "caused_by", declare("The release of Monday"), by=engineer)
    return Case.objects.select_related("organisation", "customer", "owner").get(id=case.id)


def test_every_sentence_has_its_place_and_every_place_opens(told, engineer, signed_in):
    found, browser = brief(engineer, told), signed_in(engineer)
    assert [section.title for section in found.sections] == [
        "What is broken, for whom",
        "How large it is",
        "What the customer does not allow",
        "What is known",
        "What is ruled out",
        "What is still open",
        "Who does what",
        "What happens next",
        "Linked",
        "What was written last",
        "The customer was told last",
    ]
    for one in all_of(found).values():
        assert one.text.endswith((".", "…", "!", "?"))
        assert one.label
        page = browser.get(one.address)
        assert page.status_code == 200
        if (entry := re.search(r"#(entry-\d+)$", one.address)) is not None:
            assert f'id="{entry[1]}"' in page.content.decode()


def test_the_same_timeline_gives_the_same_brief(told, engineer):
    first = brief(engineer, told)
    assert brief(engineer, told) == first
    commands.comment(told, "something new", by=engineer)
    again = brief(engineer, Case.objects.select_related("organisation", "customer", "owner").get(id=told.id))
    assert again.head != first.head


def test_a_reader_gets_only_what_they_may_see(told, engineer, developer, customer):
    inside, outside = all_of(brief(engineer, told)), all_of(brief(customer, told))
    assert any("The release of Monday" in text for text in inside)
    assert not any("The release of Monday" in text for text in all_of(brief(developer, told)))
    assert set(outside) < set(inside)
    assert not any(word in text for text in outside for word in ("flag", "route", "restart", "7 of 31"))
    assert any("We read your logs." in text for text in outside)


def test_markdown_keeps_what_looks_like_markup_as_text():
    hostile = Sentence("<script>x</script> [click](javascript:x) # *b*", "entry 1", "/cases/ESC-1/")
    text = markdown("a | b", "foot", [Section("What", (hostile,))], "https://desk.example")
    assert r"\<script\>x\</script\> \[click\](javascript:x) \# \*b\*" in text
    assert text.endswith("foot\n")
    assert "[entry 1](https://desk.example/cases/ESC-1/)" in text


def test_a_long_or_broken_text_becomes_one_sentence():
    assert sentence("a\n\nb\tc") == "a b c."
    assert sentence("Really?") == "Really?"
    assert len(sentence("word " * 1000)) < LONGEST


def test_page_markdown_and_json_say_the_same(told, engineer, signed_in):
    browser: Client = signed_in(engineer)
    page = browser.get("/cases/ESC-1/brief").content.decode()
    text = browser.get("/api/v1/cases/ESC-1/brief.md")
    assert text.headers["Content-Type"] == "text/markdown; charset=utf-8"
    said = browser.get("/api/v1/cases/ESC-1/brief").json()
    sentences = [one for section in said["sections"] for one in section["sentences"]]
    assert len(sentences) == len(all_of(brief(engineer, told)))
    for label in ("F-01", "route.log:54", "H1"):
        assert label in page
        assert label in text.content.decode()
        assert label in {one["label"] for one in sentences}


def test_old_entries_are_pages_back(case, engineer, signed_in):
    for number in range(130):
        commands.comment(case, f"line {number}", by=engineer)
    browser = signed_in(engineer)
    newest = browser.get("/cases/ESC-1/").content.decode()
    assert 'id="entry-71"' not in newest
    assert "?upto=71#timeline" in newest
    older = browser.get("/cases/ESC-1/?upto=71").content.decode()
    assert 'id="entry-71"' in older
    assert 'id="entry-72"' not in older
    assert "timeline?kind=&amp;upto=71" in older
    assert 'id="entry-1"' in browser.get("/cases/ESC-1/timeline?upto=11&kind=state").content.decode()
