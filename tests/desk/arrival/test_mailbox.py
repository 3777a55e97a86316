"""A mailbox is read from a real IMAP server."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from holdfast.desk.arrival import hooks, keeping, mailbox
from holdfast.desk.arrival.models import Arrival

DOVECOT = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)
pytestmark = [pytest.mark.django_db, pytest.mark.skipif(DOVECOT is None, reason="no dovecot here")]


@pytest.fixture
def imap(tmp_path):
    """A dovecot of this user's own on a free port; return its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    me = pwd.getpwuid(os.getuid())
    group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
    root = os.getuid() == 0
    owner = pwd.getpwnam("nobody") if root else me
    home = tmp_path / "home"
    home.mkdir()
    if root:
        os.chown(home, owner.pw_uid, owner.pw_gid)
        for folder in (tmp_path, *tmp_path.parents):
            if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
                folder.chmod(0o755)
    (tmp_path / "passwords").write_text(f"desk:{{PLAIN}}s3cret:{owner.pw_uid}:{owner.pw_gid}::{home}\n")
    (tmp_path / "dovecot.conf").write_text(f"""
base_dir = {tmp_path}/run
log_path = {tmp_path}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/mail
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {"dovecot" if root else me.pw_name}
default_internal_group = {"dovecot" if root else group}
default_login_user = {"dovenull" if root else me.pw_name}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {tmp_path}/passwords
}}
userdb {{
  driver = passwd-file
  args = {tmp_path}/passwords
}}
""")
    process = subprocess.Popen([str(DOVECOT), "-F", "-c", str(tmp_path / "dovecot.conf")])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"imap://desk:s3cret@127.0.0.1:{port}/INBOX"
    process.terminate()
    process.wait(10)


def put(url, *mails):
    port = int(url.rpartition(":")[2].partition("/")[0])
    with imaplib.IMAP4("127.0.0.1", port) as server:
        server.login("desk", "s3cret")
        for one in mails:
            server.append("INBOX", "", None, one)


def mail(number, size=10):
    lines = b"x" * 70 + b"\r\n"
    return f"From: a@b.example\r\nSubject: {number}\r\nMessage-ID: <{number}@b>\r\n\r\n".encode() + lines * (
        size // 72 + 1
    )


def test_what_is_new_is_kept_once_and_marked(imap, organisation, admin, settings, tmp_path):
    settings.DATA, settings.IMAP_URL, settings.IMAP_ADDRESS = tmp_path / "data", imap, "support@desk.example"
    hooks.declare_mailbox(organisation, "support@desk.example", by=admin)
    big = mail(2, 3 * 2**20)
    put(imap, mail(1), big)
    mailbox.read_mailbox()
    mailbox.read_mailbox()
    assert Arrival.objects.count() == 2
    assert keeping.whole(Arrival.objects.get(message_id="<2@b>")) == big
    put(imap, mail(1), mail(3))
    mailbox.read_mailbox()
    assert Arrival.objects.count() == 3


def test_a_mail_beyond_the_limit_stays_in_the_mailbox(imap, organisation, admin, settings, tmp_path):
    settings.DATA, settings.MAIL_LIMIT = tmp_path / "data", 100_000
    box = hooks.declare_mailbox(organisation, "support@desk.example", by=admin)
    put(imap, mail(1, 300_000), mail(2))
    assert mailbox.poll(imap, box) == 1
    assert Arrival.objects.get().message_id == "<2@b>"


def test_an_address_nobody_declared_leaves_the_mail_where_it_is(settings, imap):
    settings.IMAP_URL, settings.IMAP_ADDRESS = imap, "nobody@desk.example"
    put(imap, mail(1))
    mailbox.read_mailbox()
    assert not Arrival.objects.exists()
