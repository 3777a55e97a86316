"""What a reading keeps is sealed, and opens anywhere without being opened as a whole."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from counting import Counting
from holdfast.desk.investigation import commands, kept
from holdfast.desk.vault.looking_after import seal_all
from holdfast.diagnostics.viewing import Wanted, open_page
from holdfast.diagnostics.viewing.pages import REDACTED
from holdfast.sealing import Damaged

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DATA = tmp_path
    return tmp_path


def left_by_a_reading(folder, data, columns=None, templates=()):
    folder.mkdir(parents=True)
    for form in ("data", "redacted"):
        (folder / f"A1.{form}").write_bytes(data)
    for name, values in (columns or {}).items():
        np.save(folder / f"A1.{name}.npy", values)
    if columns:
        texts = {"templates": list(templates), "components": ["c"]}
        for form in ("", "redacted."):
            (folder / f"A1.{form}log.json").write_bytes(orjson.dumps(texts))
    return folder


def test_the_texts_are_sealed_the_numbers_stay(folder, case):
    spool = left_by_a_reading(folder / "spool" / "kept", b"canary one\ncanary two\n")
    np.save(spool / "A1.line.npy", np.arange(2))
    kept.seal_reading(spool, f"{case.id}-7-1", case.id)
    place = folder / "readings" / f"{case.id}-7-1"
    marks = ["A1.data", "A1.data.marks.npy", "A1.line.npy", "A1.redacted", "A1.redacted.marks.npy"]
    assert sorted(path.name for path in place.iterdir()) == marks
    assert b"canary" not in (place / "A1.data").read_bytes()
    assert kept.open_kept(place / "A1.data")[7:10] == b"one"


def test_a_text_of_another_reading_or_artefact_does_not_open_in_its_place(folder, case):
    for number in (7, 8):
        spool = left_by_a_reading(folder / "spool" / str(number), b"reading %d\n" % number)
        kept.seal_reading(spool, f"{case.id}-{number}-1", case.id)
    places = [folder / "readings" / f"{case.id}-{number}-1" / "A1.data" for number in (7, 8)]
    places[1].write_bytes(places[0].read_bytes())
    with pytest.raises(Damaged):
        kept.open_kept(places[1])[:]


def test_a_reading_of_before_there_were_seals_opens_and_is_sealed_over(folder, case, diagnosis):
    name = f"{case.id}-3-1"
    place = left_by_a_reading(folder / "readings" / name, b"canary\nsecond\n")
    made = commands.keep(case, diagnosis, artefacts=[], folder=name)
    for _ in range(2):
        assert [row.text for row in kept.page_of(made, "A1").rows(0, 9)] == ["canary", "second"]
        seal_all()
    assert b"canary" not in (place / "A1.data").read_bytes()


def test_of_ten_million_sealed_lines_any_window_opens_by_opening_a_few_frames(folder, case):
    count = 10_000_000
    numbers = np.arange(count)
    columns = {
        "line": (numbers + 1).astype(np.int32),
        "time": numbers.astype(np.int64),
        "level": (numbers % 7).astype(np.int8),
        "template": (numbers % 2).astype(np.int32),
        "component": np.zeros(count, np.int32),
        "ids": np.full(count, -1, np.int32),
    }
    templates = [{"id": "T0", "count": 1}, {"id": "T1", "count": 1}]
    spool = left_by_a_reading(folder / "spool" / "kept", b"10:56:07 INFO x\n" * count, columns, templates)
    kept.seal_reading(spool, f"{case.id}-7-1", case.id)
    place, looked_at = folder / "readings" / f"{case.id}-7-1", []
    for line in (1, 5_000_001, 9_999_900):
        for wanted in (Wanted(), Wanted(levels=("ERROR",)), Wanted(template="T1", levels=("INFO", "WARN"))):
            opener = Counting(kept.open_kept)
            page = open_page(place, "A1", opener, REDACTED)
            assert page.rows(page.place(line, wanted), 60, wanted)[0].line >= line
            looked_at.append(opener.lines.looked_at)
    assert min(looked_at) >= 60 * 16
    assert max(looked_at) < count * 16 / 250
