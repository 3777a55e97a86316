"""Writers and the round are killed at any moment: no entry is lost, none is doubled, every chain holds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from holdfast.desk.cases.chain import verify
from holdfast.desk.cases.models import Case, Entry

pytestmark = pytest.mark.django_db(transaction=True)

WRITER = """
import sys
import time
import django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from holdfast.desk.cases import commands, watching
from holdfast.desk.cases.models import Case
from holdfast.desk.people.models import Person
by, name, number = Person.objects.get(username="engineer"), sys.argv[2], 0
case = Case.objects.select_related("organisation").get(number=1)
while True:
    number += 1
    commands.comment(case, f"{name} {number}", by=by)
    print(number, flush=True)
    time.sleep(0.005)  # SQLite is not fair: who writes without a pause keeps the other out
    if number % 3 == 0:
        watching.attend(case.id)
"""


def started(name: str) -> subprocess.Popen[str]:
    """Start a writer on the database under test."""
    source = str(Path(__file__).parents[3] / "src")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([source, str(Path(__file__).parents[2])])}
    environment["DJANGO_SETTINGS_MODULE"] = "desk_settings"
    command = [sys.executable, "-c", WRITER, str(connection.settings_dict["NAME"]), name]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_killed_writers_lose_nothing_they_said_was_written_and_write_nothing_twice(declare, engineer):
    case = declare(severity=1)
    said: dict[str, int] = {}
    for turn in range(3):
        writers = {name: started(name) for name in (f"a{turn}", f"b{turn}")}
        for writer in writers.values():
            assert writer.stdout is not None
            assert writer.stdout.readline().strip() == "1"
        time.sleep(random.uniform(0.2, 0.8))
        for name, writer in writers.items():
            os.kill(writer.pid, signal.SIGKILL)
            rest, _ = writer.communicate()
            said[name] = max([1, *(int(line) for line in rest.split())])
    case = Case.objects.select_related("organisation").get(id=case.id)
    assert verify(case) == ""
    texts = list(Entry.objects.filter(case=case, kind="comment").values_list("text", flat=True))
    assert len(texts) == len(set(texts))
    for name, number in said.items():
        written = [text for text in texts if text.startswith(f"{name} ")]
        # One more than was said may be there: written, and killed before saying so.
        assert len(written) in (number, number + 1)
        assert set(written) >= {f"{name} {n}" for n in range(1, number + 1)}
    marks = [tuple(entry.data[k] for k in ("clock", "started", "percent")) for entry in _marks(case)]
    assert len(marks) == len(set(marks))


def _marks(case: Case) -> list[Entry]:
    return list(Entry.objects.filter(case=case, data__has_key="clock"))
