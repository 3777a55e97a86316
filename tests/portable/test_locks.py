"""A sealed archive opens for the desk or the passphrase it was sealed for, whole or not at all."""

from __future__ import annotations

import pytest

from holdfast.portable import Archive, Passphrase, Recipient, Refused, lock, opened, receiving_key, recipient
from small_archive import WHOLE, Bytes

SECRET, OTHER = b"s" * 32, b"o" * 32
DESK = Recipient(receiving_key(SECRET).public_key().public_bytes_raw())
WORDS = "correct horse battery"


def sealed(to=DESK):
    return b"".join(lock([WHOLE[:1000], WHOLE[1000:]], to))


def read(data, secret=SECRET, passphrase=""):
    found = opened(Bytes(data), lambda: secret, passphrase)
    Archive(found)
    return found.read(0, found.size)


@pytest.mark.parametrize("to", [DESK, Passphrase(WORDS)])
def test_it_opens_for_whom_it_was_sealed_and_nothing_of_it_lies_open(to):
    made = sealed(to)
    assert read(made, passphrase=WORDS) == WHOLE
    assert b"ESC-1" not in made
    assert b"records" not in made


def test_what_is_not_sealed_is_read_as_it_is():
    assert read(WHOLE) == WHOLE


def test_another_desk_does_not_open_it():
    with pytest.raises(Refused, match="sealed for another desk"):
        read(sealed(), OTHER)


def test_a_wrong_passphrase_or_none_does_not_open_it():
    made = sealed(Passphrase(WORDS))
    with pytest.raises(Refused, match="give it"):
        read(made)
    with pytest.raises(Refused, match="another passphrase"):
        read(made, passphrase="wrong horse battery")


def test_no_changed_byte_of_a_sealed_archive_is_taken():
    made = sealed()
    for at in range(len(made)):
        with pytest.raises(Refused):
            read(made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :])


def test_a_cut_one_is_refused():
    made = sealed()
    for end in (10, 300, len(made) - 1):
        with pytest.raises(Refused):
            read(made[:end])


def test_a_newer_seal_is_refused_by_its_format():
    with pytest.raises(Refused, match="sealed in format 2"):
        read(sealed().replace(b'"format": 1', b'"format": 2', 1))


def test_a_key_that_was_mistyped_is_noticed():
    written = str(DESK)
    assert recipient(written) == DESK
    for wrong in (
        written[:-1],
        written.replace("hfdesk1", "hfdesk2"),
        written[:-6] + "AAAAAA",
        "",
        "hfdesk1-",
    ):
        with pytest.raises(ValueError, match="hfdesk1"):
            recipient(wrong)


def test_a_short_passphrase_is_none():
    with pytest.raises(ValueError, match="at least 12"):
        Passphrase("short")


def test_a_passphrase_is_not_printed():
    assert WORDS not in repr(Passphrase(WORDS))
