"""The fixed cast of roles, and a case they meet over; each folder of desk tests imports it."""

from __future__ import annotations

import asyncio
import http.server
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emptying import sql_flush

if TYPE_CHECKING:
    from django.test import Client

    from holdfast.desk.cases.models import Case
    from holdfast.desk.people.models import Customer, Organisation, Person

DIAGNOSIS: dict[str, Any] = {
    "schema": 1,
    "verdict": "abnormal",
    "certainty": "high",
    "certainty_why": "the first candidate stands alone",
    "summary": "route stopped writing its line.",
    "onset": {
        "earliest": "2023-01-29T10:56:07.322Z",
        "latest": "2023-01-29T10:56:13.256Z",
        "given": False,
        "locators": [{"artefact": "A1", "line": 54, "time": "2023-01-29T10:56:07.322Z"}],
    },
    "artefacts": [
        {
            "id": "A1", "name": "bundle.tar/logs/route.log", "kind": "log.plain", "size": 900, "sha256": "0" * 64,
            "first": "2023-01-29T10:55:00Z", "last": "2023-01-29T10:58:00Z", "zone": None, "skew_ms": None,
            "records": 80, "note": "",
        }
    ],
    "findings": [
        {
            "id": "F-01", "rule": "logs.gone_line", "title": "Gone: line in route: line 53", "severity": "warning",
            "confidence": 0.99, "components": ["route"], "first": "2023-01-29T10:56:13.256Z", "last": None,
            "count": 60, "locators": [{"artefact": "A1", "line": 54, "time": "2023-01-29T10:56:07.322Z"}],
            "data": {
                "before": {"count": 29, "of": 29}, "after": {"count": 0, "of": 60}, "way": "gone", "what": "line 53",
                "operation": "", "effect": 0.9, "unexplained": 0.9, "explained_by": "",
            },
        }
    ],
    "components": [
        {
            "name": "route", "score": 0.78, "domain": "service", "reasons": ["F-01"],
            "arguments": [{"sign": "+", "text": "line 53 gone while calls doubled", "finding": "F-01"}],
        },
        {
            "name": "seat", "score": 0.12, "domain": "service", "reasons": [],
            "arguments": [{"sign": "-", "text": "completed 164 of 164", "finding": "F-01"}],
        },
    ],
    "domains": [{"name": "service", "score": 0.81, "domain": "service", "reasons": [], "arguments": []}],
    "timeline": [],
    "coverage": [{"id": "C-1", "kind": "no_log", "title": "19 pods wrote no log", "components": [], "locators": []}],
    "next": [{"id": "R-1", "title": "changes of route", "command": "kubectl rollout history", "separates": []}],
    "facts": {"lines": 80, "spans": 0, "series": 0, "seconds": 0.1},
}  # fmt: skip


TRACES: dict[str, Any] = {
    "all": 1, "failed": 1, "slow": 0, "requests": [{"request": "GET /x", "all": 1, "failed": 1, "slow": 0}],
    "traces": [
        {
            "trace": "c0190de8", "baseline": False, "sort": "failed", "request": "GET /x", "left_out": 0,
            "time": "2023-01-29T10:56:45.942Z", "spans": 1, "components": 1, "ms": 302.5,
            "good": {"number": 0, "median": 0.0, "p95": 0.0}, "origin": None, "path": [], "odd": [], "rows": [],
        }
    ],
}  # fmt: skip
"""What a reading leaves of one trace."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let tests that commit be cleaned up after quickly, append-only tables too."""
    from django.db import connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", sql_flush)
        yield
        with django_db_blocker.unblock():
            _hang_up()


@pytest.fixture
def organisation(db: None) -> Organisation:
    from holdfast.desk.people.commands import found

    return found("Northline Support", "ESC")


@pytest.fixture
def northline(organisation: Organisation) -> Customer:
    from holdfast.desk.people.models import Customer

    return Customer.objects.create(organisation=organisation, name="Northline Rail")


def _admit(organisation: Organisation, name: str, role: str, **more: Any) -> Person:
    from holdfast.desk.people.commands import admit
    from holdfast.desk.people.rights import Role

    return admit(organisation, name, Role(role), **more)


@pytest.fixture
def engineer(organisation: Organisation) -> Person:
    """Owns the escalation."""
    return _admit(organisation, "engineer", "engineer", chip="E1")


@pytest.fixture
def team_mate(organisation: Organisation) -> Person:
    return _admit(organisation, "team_mate", "engineer", chip="E2")


@pytest.fixture
def lead(organisation: Organisation) -> Person:
    return _admit(organisation, "lead", "lead", chip="L1")


@pytest.fixture
def admin(organisation: Organisation) -> Person:
    return _admit(organisation, "admin", "admin", chip="AD")


@pytest.fixture
def auditor(organisation: Organisation) -> Person:
    return _admit(organisation, "auditor", "auditor")


@pytest.fixture
def tier1(organisation: Organisation) -> Person:
    """Files escalations; this case is not theirs."""
    return _admit(organisation, "tier1", "tier1")


@pytest.fixture
def customer(organisation: Organisation, northline: Customer) -> Person:
    """Works for the customer whose system broke."""
    return _admit(organisation, "customer", "customer", customer=northline)


@pytest.fixture
def developer(organisation: Organisation) -> Person:
    """Was put on the case."""
    return _admit(organisation, "developer", "developer", chip="D1")


@pytest.fixture
def tier2(organisation: Organisation) -> Person:
    """Was not put on this case."""
    return _admit(organisation, "tier2", "tier2")


@pytest.fixture
def manager(organisation: Organisation) -> Person:
    return _admit(organisation, "manager", "manager", chip="M1")


@pytest.fixture
def sre(organisation: Organisation) -> Person:
    """Was put on the case."""
    return _admit(organisation, "sre", "sre", chip="S1")


@pytest.fixture
def success(organisation: Organisation) -> Person:
    return _admit(organisation, "success", "success")


@pytest.fixture
def product(organisation: Organisation) -> Person:
    return _admit(organisation, "product", "product")


@pytest.fixture
def security(organisation: Organisation) -> Person:
    return _admit(organisation, "security", "security")


@pytest.fixture
def executive(organisation: Organisation) -> Person:
    return _admit(organisation, "executive", "executive")


@pytest.fixture
def stranger(db: None) -> Person:
    """An engineer of another organisation: no right to the case."""
    from holdfast.desk.people.commands import found

    return _admit(found("Elsewhere", "ELS"), "stranger", "engineer")


@pytest.fixture
def declare(organisation: Organisation, northline: Customer, engineer: Person) -> Callable[..., Case]:
    """Declare a case of the customer by the engineer."""
    from holdfast.desk.cases.commands import Escalation
    from holdfast.desk.cases.commands import declare as command

    def made(title: str = "Ticket search fails", severity: int = 2, **more: Any) -> Case:
        said = Escalation(title=title, severity=severity, customer="Northline Rail", **more)
        return command(organisation, said, by=engineer, source="test").case

    return made


@pytest.fixture
def case(declare: Callable[..., Case]) -> Case:
    return declare()


@pytest.fixture
def diagnosis() -> dict[str, Any]:
    return DIAGNOSIS


@pytest.fixture
def signed_in() -> Callable[[Person | None], Client]:
    """Return a browser in which a person is signed in."""
    from django.test import Client

    def browser(person: Person | None) -> Client:
        client = Client()
        if person is not None:
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return browser


class _Post(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 hi\r\n")
        data = False
        for line in self.rfile:
            if data:
                self.server.caught.append(line)  # type: ignore[attr-defined]
                if line == b".\r\n":
                    data = False
                    self.wfile.write(b"250 ok\r\n")
            elif line.upper().startswith(b"DATA"):
                data = True
                self.wfile.write(b"354 go\r\n")
            elif line.upper().startswith(b"RCPT") and b"refused" in line:
                self.wfile.write(b"550 no\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")
                if line.upper().startswith(b"QUIT"):
                    return


@pytest.fixture
def mail_server(settings: Any) -> Iterator[Any]:
    """A mail server on loopback the desk sends through; `caught` are the lines it was given."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Post) as one:
        one.caught = []  # type: ignore[attr-defined]
        threading.Thread(target=one.serve_forever, daemon=True).start()
        settings.MAIL_URL = f"smtp://127.0.0.1:{one.server_address[1]}"
        yield one
        one.shutdown()


@pytest.fixture
def shop(settings: Any) -> Iterator[dict[str, Any]]:
    """A small web server on loopback whose answer a test chooses."""
    settings.PROBE_PRIVATE = True
    answers: dict[str, Any] = {"status": 200, "body": b"well", "wait": 0.0, "to": ""}

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(answers["wait"])
            self.send_response(answers["status"])
            if answers["to"]:
                self.send_header("Location", answers["to"])
            self.end_headers()
            self.wfile.write(answers["body"])

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    answers["url"] = f"http://127.0.0.1:{server.server_port}/"
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The desk on a free port with a worker, in threads of this process."""
    import uvicorn

    from holdfast.desk.outbox.worker import work
    from holdfast.web.asgi import application

    settings.DATA = tmp_path
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    )
    stopped = threading.Event()
    threads = [
        threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening]))),
        threading.Thread(target=_working, args=(work, stopped)),
    ]
    for thread in threads:
        thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    stopped.set()
    for thread in threads:
        thread.join(20)


def _hang_up() -> None:
    """End the sessions left open: a browser's loop has a context of its own, and in it a connection of its
    own, and PostgreSQL drops no database that is in use."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def _working(work: Callable[..., None], stopped: threading.Event) -> None:
    from django.db import connections

    try:
        work(stopped.is_set, 0.1)
    finally:
        connections.close_all()
