"""The gate: what leaves has neither secrets nor personal data in it, and what is ours stays."""

from __future__ import annotations

import pytest

from holdfast.desk.outbox import letters
from holdfast.desk.vault import gate, keys, storage

pytestmark = pytest.mark.django_db
SECRET = "ghp_9fKq2LmZx81TbVnR4sWcY7uJ3dHgA0PeoXi5"
MAIL = "jonas.ekberg@northline.example"


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    settings.MAIL_URL = "smtp://127.0.0.1:9"


def test_the_same_value_has_one_pseudonym_in_a_case_and_another_in_the_next(declare):
    one, other = declare(), declare()
    first = gate.redacted(f"ask {MAIL}", one)
    assert MAIL not in first
    assert gate.redacted(f"ask {MAIL}", one) == first
    assert gate.redacted(f"ask {MAIL}", other) != first
    assert gate.redacted(first, one) == first


def test_several_texts_stay_several(case):
    texts = [f"token {SECRET}", "", "two\nlines", f"{MAIL}\n"]
    made = gate.redacted_all(texts, case)
    assert len(made) == 4
    assert made[1:3] == ["", "two\nlines"]
    assert SECRET not in "".join(made)
    assert MAIL not in "".join(made)


def test_a_letter_passes_it_whoever_writes_it_and_words_of_ours_stay(case):
    link = "https://desk.example/status/stop/Kp93hf82hfK39fj29fkd"
    letter = letters.post(
        "a@b.example",
        f"Broken {SECRET} [ESC-1 k3j4h5]",
        f"{MAIL} wrote {SECRET}. To stop: {link}",
        sender="desk@desk.example",
        organisation_id=case.organisation_id,
        case_id=case.id,
        ours=("[ESC-1 k3j4h5]", link),
    )
    assert SECRET not in letter.subject + letter.text
    assert MAIL not in letter.text
    assert letter.subject.endswith("[ESC-1 k3j4h5]")
    assert letter.text.endswith(link)


def test_a_letter_of_no_case_passes_it_too(organisation):
    letter = letters.post("a@b.example", "s", SECRET, sender="d@d.example", organisation_id=organisation.id)
    assert SECRET not in letter.text


def test_after_the_cases_key_is_destroyed_texts_leave_under_another_one(case):
    from django.utils import timezone

    before = gate.redacted(f"ask {MAIL}", case)
    key = keys.held(storage.case_scope(case.id))
    key.shredded_at, key.wrapped = timezone.now(), b""
    key.save()
    after = gate.redacted(f"ask {MAIL}", type(case).objects.get(id=case.id))
    assert MAIL not in after
    assert after != before


def test_finds_are_told_to_a_checker_without_changing_anything(case):
    found = gate.find(f"the token {SECRET}", case)
    assert [gate.is_secret(one) for one in found] == [True]
    assert gate.find("nothing here") == ()
