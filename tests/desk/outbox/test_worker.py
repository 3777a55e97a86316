"""A job is done once, whoever dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from holdfast.desk.outbox import jobs, worker
from holdfast.desk.outbox.commands import cancel, enqueue, publish
from holdfast.desk.outbox.models import Event, Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def handles(monkeypatch):
    """Register a handler for the time of a test."""
    monkeypatch.setattr(jobs, "_handlers", {})

    def register(handler):
        jobs.handles("test")(handler)

    return register


def queued(**payload):
    with transaction.atomic():
        return enqueue("test", payload)


def state(job):
    job.refresh_from_db()
    return job.state


def test_a_job_runs_and_its_outcome_is_stored_with_it_being_done(handles):
    handles(lambda run: lambda: publish("test.stored", job=run.job.id) and None)
    job = queued()
    assert worker.work_once("w")
    assert state(job) == "done"
    assert list(Event.objects.values_list("kind", flat=True)) == ["job.queued", "test.stored", "job.done"]


def test_there_is_nothing_to_do_twice(handles):
    handles(lambda run: lambda: None)
    queued()
    assert worker.work_once("w")
    assert not worker.work_once("w")


def test_progress_is_published_and_renews_the_lease(handles):
    def handler(run):
        before = run.job.lease_until
        run.beat(41, "reading 3 of 5 files")
        assert run.job.lease_until > before
        return lambda: None

    handles(handler)
    job = queued()
    worker.work_once("w")
    assert (state(job), job.percent, job.progress) == ("done", 41, "reading 3 of 5 files")


def test_a_cancelled_job_stops_at_its_next_sign_of_life_and_stores_nothing(handles):
    def handler(run):
        cancel(run.job)
        run.beat(1)
        raise AssertionError("went on")

    handles(handler)
    job = queued()
    worker.work_once("w")
    assert state(job) == "cancelled"


def test_a_waiting_job_is_cancelled_at_once(handles):
    job = queued()
    cancel(job)
    assert state(job) == "cancelled"
    assert not worker.work_once("w")


def test_a_worker_that_lost_its_lease_stores_nothing(handles):
    def handler(run):
        Job.objects.update(worker="another")
        return lambda: publish("test.stored") and None

    handles(handler)
    job = queued()
    worker.work_once("w")
    assert state(job) == "running"
    assert not Event.objects.filter(kind="test.stored").exists()


def test_a_failing_job_is_tried_three_times_and_says_what_happened(handles, caplog):
    def handler(run):
        raise OSError("disk full")

    handles(handler)
    job = queued()
    for _ in range(3):
        assert worker.work_once("w")
    assert (state(job), job.attempts) == ("failed", 3)
    assert "disk full" in job.error


def test_what_cannot_be_done_is_not_tried_again(handles):
    def handler(run):
        raise jobs.Refused("there is no such time")

    handles(handler)
    job = queued()
    worker.work_once("w")
    assert (state(job), job.attempts, job.error) == ("failed", 1, "there is no such time")


def test_a_job_that_kills_its_workers_is_given_up(handles):
    job = queued()
    Job.objects.update(state="running", attempts=3, lease_until=timezone.now() - timedelta(seconds=1))
    assert not worker.work_once("w")
    assert state(job) == "failed"
    assert "died 3 times" in job.error


@pytest.mark.django_db(transaction=True)
def test_a_deed_that_is_rolled_back_was_never_told_of():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        publish("test.nothing")
    with transaction.atomic():
        publish("test.nothing")
        transaction.set_rollback(True)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_hold_the_same_job():
    for _ in range(20):
        queued()
    taken: list[int] = []

    def take():
        while (job := worker.claim(threading.current_thread().name)) is not None:
            taken.append(job.id)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 20


_WORKER = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "holdfast.web.settings"
import django
django.setup()
from django.conf import settings
from holdfast.desk.outbox import jobs, worker
jobs._handlers.clear()

@jobs.handles("test")
def slow(run):
    run.beat(1, "started by " + sys.argv[1])
    while sys.argv[1] == "first":
        time.sleep(0.1)
    return lambda: None

print("up", flush=True)
worker.work(lambda: False, pause=0.05)
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_is_replaced_by_another_that_finishes():
    job = queued()
    first = _start("first")
    try:
        _until(lambda: state(job) == "running" and job.progress == "started by first")
        first.send_signal(signal.SIGKILL)
        first.wait()
        Job.objects.update(lease_until=timezone.now())  # instead of waiting ten seconds
        second = _start("second")
        try:
            _until(lambda: state(job) == "done")
        finally:
            second.kill()
            second.wait()
    finally:
        first.kill()
        first.wait()
    assert job.attempts == 2


def _start(name):
    from django.conf import settings

    database = settings.DATABASES["default"]
    environment = {**os.environ, "HOLDFAST_DATABASE_URL": ""}
    if connection.vendor == "postgresql":
        where = f"{database['USER']}@{database['HOST']}:{database['PORT']}"
        environment["HOLDFAST_DATABASE_URL"] = f"postgresql://{where}/{database['NAME']}"
        code = _WORKER
    else:
        target = f"settings.DATABASES['default']['NAME'] = {str(connection.settings_dict['NAME'])!r}"
        code = _WORKER.replace(
            "import django\n", f"from django.conf import settings\n{target}\nimport django\n", 1
        )
    return subprocess.Popen([sys.executable, "-c", code, name], env=environment)


def _until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
