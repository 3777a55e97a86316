"""Mail arrives over a real connection, is kept, finds its case, and never starts a loop."""

from __future__ import annotations

import asyncio
import base64
import smtplib
import threading
import tracemalloc
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.desk.arrival import asking, hooks, keeping, listening, mail, mime, taking, words
from holdfast.desk.arrival.models import Arrival
from holdfast.desk.cases.models import Case, Entry
from holdfast.desk.outbox import letters
from holdfast.desk.outbox.models import Job, Letter
from holdfast.desk.outbox.worker import work_once

pytestmark = pytest.mark.django_db
VOUCH = "mx.example; dmarc=pass header.from=northline.example"


@pytest.fixture
def box(organisation, admin, settings, tmp_path):
    settings.DATA, settings.MAIL_VOUCHER = tmp_path, "mx.example"
    return hooks.declare_mailbox(organisation, "Support@Desk.example", by=admin)


@pytest.fixture
def cid(customer):
    customer.email = "cid@northline.example"
    customer.save()
    return customer


def written(subject="Search fails", text="It fails since 10:56 UTC.", vouch=VOUCH, **headers):
    message = EmailMessage()
    if vouch:
        message["Authentication-Results"] = vouch
    message["From"], message["To"] = (
        headers.pop("sender", "Cid <cid@northline.example>"),
        "support@desk.example",
    )
    message["Subject"], message["Message-ID"] = (
        subject,
        headers.pop("id", f"<{abs(hash((subject, text)))}@northline.example>"),
    )
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def arrive(box, message, envelope="cid@northline.example"):
    """Keep a mail and have a worker read it."""
    raw = message if isinstance(message, bytes) else message.as_bytes()
    arrival, created = taking.mail_arrived(
        box.organisation, keeping.keep(box.organisation, [raw], 2**30), envelope
    )
    while work_once("test"):
        pass
    arrival.refresh_from_db()
    return arrival, created


def test_a_known_persons_mail_becomes_a_case_with_its_attachments(box, cid, northline):
    message = written()
    message.add_attachment(b"\x00\x01" * 5000, maintype="application", subtype="gzip", filename="../logs.gz")
    arrival, _ = arrive(box, message)
    case = arrival.case
    assert (arrival.state, case.title, case.source, case.customer) == (
        "taken",
        "Search fails",
        "mail",
        northline,
    )
    assert (case.declared_by, case.impact) == (cid, "It fails since 10:56 UTC.")
    artefact = case.artefacts.get()
    assert (artefact.name, artefact.size) == ("../logs.gz", 10_000)
    assert keeping.whole(arrival) == message.as_bytes()


def test_a_mail_that_comes_twice_is_taken_once(box, cid):
    first, _ = arrive(box, written())
    again, created = arrive(box, written())
    assert (created, again.id, Case.objects.count()) == (False, first.id, 1)


def test_the_same_mail_for_two_organisations_is_one_for_each(box, cid, stranger):
    from holdfast.desk.arrival.models import Mailbox
    from holdfast.desk.people.models import Organisation

    other = Mailbox.objects.create(
        organisation=Organisation.objects.get(prefix="ELS"), address="x@els.example"
    )
    arrive(box, written())
    there, created = arrive(other, written())
    assert created
    assert (there.state, Case.objects.filter(organisation=other.organisation).count()) == ("waiting", 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sender": "who@else.example"}, "who@else.example is not known here"),
        ({"vouch": ""}, "nobody vouches"),
        ({"vouch": "mx.example; dmarc=fail"}, "nobody vouches"),
        ({"vouch": "evil.example; dmarc=pass"}, "nobody vouches"),
        ({"subject": ""}, "no title"),
    ],
)
def test_a_mail_nobody_can_be_sure_of_waits_with_the_reason(box, cid, change, why):
    arrival, _ = arrive(box, written(**change))
    assert arrival.state == "waiting"
    assert why in arrival.reason
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "automatic"),
        ({"Auto_Submitted": "auto-generated; x=y"}, "automatic"),
        ({"Precedence": "bulk"}, "Precedence: bulk"),
        ({"List_Id": "<l.example>"}, "mailing list"),
        ({"X_Holdfast": "1"}, "come back"),
        ({"sender": "MAILER-DAEMON@northline.example"}, "mail system"),
    ],
)
def test_a_programs_mail_is_refused_and_stays_visible(box, cid, headers, why):
    arrival, _ = arrive(box, written(**headers))
    assert arrival.state == "refused"
    assert why in arrival.reason
    assert Letter.objects.count() == Case.objects.count() == 0


def test_a_bounce_is_known_by_its_empty_envelope(box, cid):
    assert arrive(box, written(), envelope="")[0].state == "refused"


def test_a_flood_of_one_sender_waits(box, cid, monkeypatch):
    monkeypatch.setattr(mail, "RATE", 3)
    states = [arrive(box, written(text=f"mail {n}"))[0].state for n in range(5)]
    assert states == ["taken"] * 3 + ["waiting"] * 2


def test_an_answer_finds_its_case_by_our_mail_and_is_shared(box, cid, case, engineer, settings):
    settings.MAIL_URL = "smtp://127.0.0.1:1"
    letter = letters.post(
        cid.email, "Please", "logs", sender=box.address, organisation_id=box.organisation_id, case_id=case.id
    )
    Job.objects.all().delete()
    said = (
        "Here they are.\n\nOn Tue, 3 Mar 2026 at 10:00, Support <support@desk.example> wrote:\n> send logs\n"
    )
    arrival, _ = arrive(box, written("Re: Please", said, vouch="", In_Reply_To=letter.message_id))
    entry = Entry.objects.filter(case=case, kind="comment").get()
    assert (arrival.case, entry.text, entry.shared, entry.person) == (case, "Here they are.", True, cid)


def test_an_answer_finds_its_case_by_the_signed_token_and_by_no_guess(box, cid, case):
    arrival, _ = arrive(box, written(f"AW: Ticket search {mail.token(case)}", "works again", vouch=""))
    assert arrival.case == case
    guessed, _ = arrive(box, written("Re: Ticket search [ESC-1 aaaaaaaaaaaaa]", "let me in"))
    assert guessed.case != case


def test_a_token_does_not_let_a_stranger_in(box, cid, case):
    arrival, _ = arrive(box, written(f"Re: {mail.token(case)}", "hello", sender="x@evil.example"))
    assert (arrival.state, "answers ESC-1" in arrival.reason) == ("waiting", True)
    assert not Entry.objects.filter(kind="comment").exists()


def test_an_answer_of_a_person_who_may_not_see_the_case_waits(box, tier1, case):
    tier1.email = "t1@desk.example"
    tier1.save()
    arrival, _ = arrive(box, written(f"Re: {mail.token(case)}", "hello", sender="t1@desk.example"))
    assert "may not see" in arrival.reason


def test_an_engineers_answer_by_mail_stays_internal(box, case, engineer):
    engineer.email = "e1@desk.example"
    engineer.save()
    arrive(box, written(f"Re: {mail.token(case)}", "looks like the cache", sender="e1@desk.example"))
    assert not Entry.objects.get(kind="comment").shared


def test_a_worker_that_dies_leaves_the_mail_to_the_next_round(box, cid):
    from datetime import timedelta

    taking.mail_arrived(
        box.organisation, keeping.keep(box.organisation, [written().as_bytes()], 2**30), "x@y"
    )
    Job.objects.all().delete()
    Arrival.objects.update(received_at=Arrival.objects.get().received_at - timedelta(minutes=5))
    taking.read_left_over()
    work_once("test")
    assert Arrival.objects.get().state == "taken"


# --- the connection itself


@pytest.fixture
def listener(transactional_db, box):
    """A listener of each kind in a thread, as a mail server would meet it."""
    loop, ports, ready, done = asyncio.new_event_loop(), {}, threading.Event(), asyncio.Event()

    async def serve():
        servers = {kind: await listening.listen(kind, "127.0.0.1", 0) for kind in ("smtp", "lmtp")}
        ports.update({kind: one.sockets[0].getsockname()[1] for kind, one in servers.items()})
        ready.set()
        await done.wait()
        for one in servers.values():
            one.close()
        await asyncio.sleep(0.2)  # the conversations say good-bye

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    yield ports
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["smtp", "lmtp"])
def test_a_mail_server_hands_mail_over(listener, kind):
    client = (smtplib.LMTP if kind == "lmtp" else smtplib.SMTP)("127.0.0.1", listener[kind])
    message = written(text="one\n.two begins with a dot\n..three\n")
    raw = message.as_bytes(policy=policy.SMTP)
    client.sendmail("cid@northline.example", ["support+tag@desk.example"], raw)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("cid@northline.example", ["nobody@desk.example"], raw)
    client.quit()
    arrival = Arrival.objects.get()
    assert keeping.whole(arrival) == raw
    assert Job.objects.get(kind="take-mail").payload == {
        "arrival": arrival.id,
        "envelope": "cid@northline.example",
    }


@pytest.mark.django_db(transaction=True)
def test_a_mail_hidden_in_another_stays_within_it(listener):
    import socket

    with socket.create_connection(("127.0.0.1", listener["smtp"])) as line:
        read = line.makefile("rb")
        read.readline()
        for word in (b"EHLO x", b"MAIL FROM:<a@b>", b"RCPT TO:<support@desk.example>", b"DATA"):
            line.sendall(word + b"\r\n")
            while read.readline()[3:4] == b"-":
                pass
        smuggled = b"\n.\r\nMAIL FROM:<admin@desk.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\nhi"
        line.sendall(b"Subject: a\r\n\r\nbody" + smuggled + b"\r\n.\r\nQUIT\r\n")
        assert read.readline().startswith(b"250")
        assert read.readline().startswith(b"221")
        read.close()
    assert Arrival.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_mail_beyond_the_limit_is_refused_with_what_to_do(listener, settings):
    settings.MAIL_LIMIT = 100_000
    client = smtplib.LMTP("127.0.0.1", listener["lmtp"])
    client.ehlo_or_helo_if_needed()
    assert client.docmd("MAIL", "FROM:<a@b> SIZE=200000")[0] == 552
    for word in ("MAIL FROM:<a@b>", "RCPT TO:<support@desk.example>", "DATA"):
        client.docmd(word)
    client.send(b"Subject: x\r\n\r\n" + b"y" * 200_000 + b"\r\n.\r\n")
    assert client.getreply() == (552, b"5.3.4 larger than 100000 bytes; send the evidence as an upload")
    client.quit()
    assert not Arrival.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_megabytes_are_streamed(listener, cid, settings, tmp_path):
    payload = base64.encodebytes(b"\x00log line\n" * 3_900_000)
    boundary = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee file\r\n--b\r\n"
    part = (
        b"Content-Type: application/octet-stream; name=big.log\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    head = f"Authentication-Results: {VOUCH}\r\nFrom: cid@northline.example\r\nSubject: big\r\nMessage-ID: <big@x>\r\n"
    raw = head.encode() + boundary + part + payload.replace(b"\n", b"\r\n") + b"\r\n--b--\r\n"
    assert len(raw) > 50 * 10**6
    client = smtplib.LMTP("127.0.0.1", listener["lmtp"])
    client.sendmail("cid@northline.example", ["support@desk.example"], raw)
    client.quit()
    tracemalloc.start()
    work_once("test")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    artefact = Arrival.objects.get().case.artefacts.get()
    assert (artefact.name, artefact.size) == ("big.log", 39_000_000)
    assert peak < 12 * 2**20


# --- reading


def read(raw, settings, tmp_path):
    settings.DATA = tmp_path
    path = tmp_path / "mail"
    path.write_bytes(raw)
    with path.open("rb") as file:
        return mime.read(file)


def test_nested_parts_names_and_encodings(settings, tmp_path):
    message = EmailMessage()
    message["Subject"] = "Größe ≠ egal"
    message.set_content("plain äöü")
    message.add_alternative("<p>html</p>", subtype="html")
    message.add_attachment("a\nb\n", filename="größe.txt")
    inner = written("inner", "inside")
    message.add_attachment(inner)
    found = read(message.as_bytes(), settings, tmp_path)
    assert found.header("Subject") == "Größe ≠ egal"
    assert found.plain[0].strip() == "plain äöü"
    assert found.attachments[0].name == "größe.txt"
    assert found.attachments[1].name.endswith(".rfc822")


def test_parts_without_end_and_wild_nesting_are_read_as_far_as_they_go(settings, tmp_path):
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(400))
    assert read(b"Subject: deep\n" + deep + b"\nend", settings, tmp_path).header("Subject") == "deep"
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1000
    assert any("were left out" in note for note in read(many, settings, tmp_path).notes)


LINES = (
    b"--b\n",
    b"--b--\n",
    b"\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Transfer-Encoding: base64\n",
    b"=?utf-8?q?=ff?=\n",
    b"Subject: =?x?b?!!?=\n",
    b"aGk=\n",
    b"\x00\xff\n",
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400) | st.lists(st.sampled_from(LINES), max_size=30).map(b"".join))
def test_any_bytes_are_read_without_raising(tmp_path_factory, raw):
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("mail")
    with override_settings(DATA=folder):
        (folder / "mail").write_bytes(raw)
        with (folder / "mail").open("rb") as file:
            found = mime.read(file)
        assert isinstance(mail.said(found), str)
        assert "\n" not in found.header("Subject")
        found.discard()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes.\n\nOn Mon, 2 Mar 2026, Support wrote:\n> question\n> more", "Yes."),
        ("Ja.\n\nAm 02.03.2026 um 10:00 schrieb Support <s@d.example>:\n\n> Frage", "Ja."),
        ("Done\n\n-----Original Message-----\nFrom: x\n\nold", "Done"),
        ("Done\n\nFrom: Support\nSent: Monday\nTo: me\n\nold", "Done"),
        ("Done\n-- \nCid, Northline", "Done"),
        ("> only quoted", "> only quoted"),
        (
            "On Mon, 2 Mar, S wrote:\n> which version?\n4.2\n> and where?\nhere",
            "On Mon, 2 Mar, S wrote:\n> which version?\n4.2\n> and where?\nhere",
        ),
        ("a\u202eevil\u200b text", "aevil text"),
    ],
)
def test_what_was_quoted_is_trimmed_what_was_answered_stays(text, said):
    assert words.newly_said(text) == said


def test_hostile_html_becomes_text():
    html = """<html><head><title>t</title><style>x{}</style></head><body onload=alert(1)><script>alert(1)</script>
    <p>Hello &lt;b&gt;</p><img src=http://track.example/x.gif><a href="http://evil.example">bank.example</a>
    <a href="javascript:alert(1)">press</a><div><div><div>deep"""
    text = words.from_html(html)
    assert "alert" not in text
    assert "track" not in text
    assert "bank.example <http://evil.example>" in text
    assert text.startswith("Hello <b>")
    assert "deep" in text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_html_and_any_text_give_text(text):
    assert isinstance(words.from_html(text), str)
    assert "\x00" not in words.newly_said(text)


# --- sending


def test_the_request_goes_out_once_marked_as_a_programs_and_its_answer_comes_home(
    box, cid, case, engineer, mail_server
):
    from holdfast.desk.arrival.completeness import completeness, rounds_of

    text = asking.request_text(case, completeness(case))
    entry = asking.ask(case, text, by=engineer, to=cid.email, wait=True)
    while work_once("test"):
        pass
    sent = b"".join(mail_server.caught)
    assert b"Auto-Submitted: auto-generated" in sent
    assert mail.token(case).encode() in sent.replace(b"\r\n ", b" ")
    assert entry.shared
    assert Case.objects.get(id=case.id).state == "waiting"
    letter = Letter.objects.get()
    assert letter.sent_at
    arrive(box, written("Re: it", "10:56 UTC", vouch="", References=letter.message_id))
    assert rounds_of(case) == 1
    echo, _ = arrive(box, letters.written(letter).as_bytes())
    assert (echo.state, "come back" in echo.reason) == ("refused", True)


def test_a_recipient_that_is_refused_is_said_and_the_text_kept(box, mail_server, organisation):
    subject = "a\r\nBcc: all@x.example"
    letters.post("refused@x.example", subject, "text", sender=box.address, organisation_id=organisation.id)
    work_once("test")
    job, letter = Job.objects.get(kind="send-letter"), Letter.objects.get()
    assert (job.state, letter.sent_at, letter.text) == ("failed", None, "text")
    assert "refused" in job.error
    assert "\n" not in letter.subject


def test_nobody_but_the_customer_can_be_written_to(box, cid, case, engineer, settings):
    from holdfast.desk.cases.commands import Conflict

    settings.MAIL_URL = "smtp://127.0.0.1:1"
    with pytest.raises(Conflict, match="nothing was sent"):
        asking.ask(case, "hello", by=engineer, to="press@news.example")
    settings.MAIL_URL = ""
    with pytest.raises(Conflict, match="HOLDFAST_MAIL_URL"):
        asking.ask(case, "hello", by=engineer, to=cid.email)
    assert not Entry.objects.filter(kind="update").exists()
