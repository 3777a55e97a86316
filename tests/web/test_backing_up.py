"""A backup restores a whole desk elsewhere: its cases, its evidence, its ledger. What is wrong is refused untouched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import pytest

from holdfast.sealing.keys import fresh_key, written

SEALED = """
from holdfast.web import serving
serving.migrate()
from holdfast.desk.cases import commands as cases
from holdfast.desk.people import commands as people
from holdfast.desk.people.rights import Role
from holdfast.desk.vault import commands as vault
house = people.found("Northline", "ESC")
engineer = people.admit(house, "engineer", Role.ENGINEER)
case = cases.declare(house, cases.Escalation(title="It fails", severity=1), by=engineer, source="test").case
lines = [f"2023-01-29 10:55:{n:02d}.000 INFO route - canary {n}" for n in range(60)]
data = ("\\n".join(lines) + "\\n").encode()
upload = vault.begin(case, "app.log", len(data), by=engineer)
vault.take(upload, 0, [data])
vault.complete(upload)
"""
DESK = f"""{SEALED}
from holdfast.desk.investigation.commands import investigate
from holdfast.desk.outbox.worker import work_once
investigate(case, by=engineer)
while work_once("w"):
    pass
from holdfast.desk.audit.sequencing import log_what_happened
log_what_happened()
"""
LOOK = """
import django, json
from holdfast.web import serving
serving.set_up()
from holdfast.desk.audit.keeping import signing_key, size
from holdfast.desk.cases.chain import verify
from holdfast.desk.cases.models import Case
from holdfast.desk.investigation import queries
from holdfast.desk.investigation.kept import page_of
from holdfast.desk.vault.looking_after import check_all
case = Case.objects.select_related("organisation").get()
page = page_of(queries.newest(case), "A1")
from holdfast.desk.cases import commands
from holdfast.desk.people.models import Person
print(json.dumps({
    "title": case.title, "chain": verify(case), "entries": case.entries_count, "check": check_all(),
    "line": page.rows(7, 1)[0].text, "ledger": size(), "key": str(signing_key().verifier),
}))
commands.comment(case, "goes on", by=Person.objects.get(username="engineer"))
"""


@pytest.fixture
def key():
    return written(fresh_key())


@pytest.fixture
def own_database():
    """Return what makes an empty database beside the one under test; none where SQLite is tested."""

    def made(name):
        address = os.environ.get("HOLDFAST_TEST_DATABASE_URL", "")
        if not address:
            return ""
        import psycopg

        with psycopg.connect(address.rpartition("/")[0] + "/postgres", autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}"')
            server.execute(f'CREATE DATABASE "{name}"')
        return f"{address.rpartition('/')[0]}/{name}"

    return made


@pytest.fixture
def desks(tmp_path, key, own_database):
    """Environments of a desk to back up and of an empty one."""

    def at(name, database=None):
        more = {
            "HOLDFAST_DATA": str(tmp_path / name),
            "HOLDFAST_VAULT_KEYS": key,
            "DJANGO_SETTINGS_MODULE": "holdfast.web.settings",
        }
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        address = own_database(f"backup_{name}_{worker}") if database is None else database
        return {**os.environ, **more, "HOLDFAST_DATABASE_URL": address, "HOLDFAST_LOG_LEVEL": "ERROR"}

    return at


def run(environment, *arguments):
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def cli(environment, *arguments):
    return run(environment, "-m", "holdfast.cli", *map(str, arguments))


def test_a_desk_is_the_same_after_a_restore_elsewhere(desks, tmp_path):
    here, there, out = desks("here"), desks("there"), tmp_path / "desk.zip"
    made = run(here, "-c", DESK)
    assert made.returncode == 0, made.stderr[-2000:]
    before = json.loads(run(here, "-c", LOOK.rpartition("commands.comment")[0]).stdout)
    assert before["check"][0] >= 1
    assert (before["chain"], before["check"][1]) == ("", [])
    done = cli(here, "backup", out)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "which are not in it" in done.stdout
    content = out.read_bytes()
    secret = (tmp_path / "here" / "ledger.key").read_bytes().strip()
    assert here["HOLDFAST_VAULT_KEYS"].encode() not in content
    assert secret not in content

    restored = cli(there, "restore", out)
    assert restored.returncode == 0, restored.stderr[-3000:]
    looked = run(there, "-c", LOOK)
    assert looked.returncode == 0, looked.stderr[-3000:]
    assert json.loads(looked.stdout.splitlines()[0]) == before
    again = cli(there, "restore", out)
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_what_is_wrong_is_refused_before_anything_is_put_in_place(desks, tmp_path):
    here, out = desks("here"), tmp_path / "desk.zip"
    assert run(here, "-c", SEALED).returncode == 0
    assert cli(here, "backup", out).returncode == 0
    assert "exists" in cli(here, "backup", out).stderr

    other_key = desks("other-key") | {"HOLDFAST_VAULT_KEYS": written(fresh_key())}
    refused = cli(other_key, "restore", out)
    assert refused.returncode == 2
    assert "it takes the master keys k-" in refused.stderr
    no_key = desks("no-key") | {"HOLDFAST_VAULT_KEYS": ""}
    assert "put the master keys k-" in cli(no_key, "restore", out).stderr

    damaged, forged, half = tmp_path / "damaged.zip", tmp_path / "forged.zip", tmp_path / "half.zip"
    rewritten(out, damaged, lambda name, data: data[:-1] + b"x" if name.startswith("data/vault") else data)
    rewritten(out, forged, None, add=("data/../../evil", b"x"))
    half.write_bytes(out.read_bytes()[: out.stat().st_size // 2])
    (tmp_path / "text.zip").write_text("nothing")
    empty = desks("empty")
    for bad, why in (
        (damaged, "not what was backed up"),
        (forged, "does not belong"),
        (half, "cannot be read"),
    ):
        refused = cli(empty, "restore", bad)
        assert refused.returncode == 2, bad
        assert why in refused.stderr
    assert cli(empty, "restore", tmp_path / "text.zip").returncode == 2
    assert not (tmp_path / "empty" / "vault").exists()
    assert not (tmp_path / "evil").exists()


def rewritten(source, target, change, add=None):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        for name in manifest["files"]:
            new.writestr(name, change(name, old.read(name)) if change else old.read(name))
        if add:
            new.writestr(*add)
            manifest["files"][add[0]] = "0" * 64
        new.writestr("manifest.json", json.dumps(manifest))
