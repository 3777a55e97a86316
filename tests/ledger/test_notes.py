"""Notes, keys and checkpoints: only what was signed by whom it should be is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ledger.checkpoints import Checkpoint, cosigned, read, seen_at
from holdfast.ledger.notes import COSIGNATURE, BadNote, Note, SigningKey, VerifierKey
from small_log import Log

# The example of C2SP signed-note: a note and the key it verifies with.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_example_verifies() -> None:
    note = Note.parse(EXAMPLE)

    note.require(VerifierKey.parse(EXAMPLE_KEY))
    with pytest.raises(BadNote, match="not signed"):
        Note(note.text.replace("answer", "anwser"), note.signatures).require(VerifierKey.parse(EXAMPLE_KEY))


@given(st.integers(0, len(EXAMPLE) - 1), st.integers(0, 7))
def test_no_changed_bit_of_a_signed_note_is_taken(at: int, bit: int) -> None:
    with pytest.raises(BadNote):
        Note.parse(EXAMPLE[:at] + chr(ord(EXAMPLE[at]) ^ (1 << bit)) + EXAMPLE[at + 1 :]).require(
            VerifierKey.parse(EXAMPLE_KEY)
        )


@pytest.mark.parametrize("spare", "NOP")
def test_a_signature_is_written_in_one_way_only(spare: str) -> None:
    with pytest.raises(BadNote, match="a signature line reads"):
        Note.parse(EXAMPLE.replace("nAM=", f"nA{spare}="))


def test_keys_keep_their_form_and_never_print_their_secret() -> None:
    key = SigningKey.make("desk.example/log")

    assert VerifierKey.parse(str(key.verifier)) == key.verifier
    assert SigningKey.parse(key.secret_text()) == key
    assert key.seed.hex() not in repr(key)
    assert str(key.seed) not in repr(key)


@pytest.mark.parametrize(
    "text", ["", "a+b", "name+00000000+AAAA", "two words+1+2", "PRIVATE+KEY+n+00000000+AAAA"]
)
def test_what_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(text)
    with pytest.raises(BadNote) as refused:
        SigningKey.parse(text)
    assert not text or text not in str(refused.value)


@given(st.text())
def test_arbitrary_text_is_no_note(text: str) -> None:
    key = SigningKey.make("desk.example/log").verifier
    with pytest.raises(BadNote):
        read(Note.parse(text), key)


def test_a_checkpoint_of_another_log_is_not_believed(log: Log) -> None:
    stranger = SigningKey("other.example/log", log.key.seed)

    with pytest.raises(BadNote, match="is of desk"):
        read(log.checkpoint(5).signed(stranger), stranger.verifier)


@pytest.mark.parametrize("text", ["o\n-1\nAAAA\n", "o\n01\nAAAA\n", "o\n1\nAAAA\n", "o\n1\n", "\n1\nx\n"])
def test_a_checkpoint_has_a_size_and_a_root(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.of(Note(text))


def test_a_witness_signs_when_it_saw_the_checkpoint(log: Log) -> None:
    witness = SigningKey.make("witness.example", COSIGNATURE)

    note = Note.parse(str(cosigned(log.notes[-1], witness, 1_790_000_000)))

    assert seen_at(note, witness.verifier) == 1_790_000_000
    assert seen_at(log.notes[-1], witness.verifier) is None
    assert read(note, log.key.verifier).size == 300
    forged = (witness.name, witness.verifier.id, (1).to_bytes(8, "big") + note.signatures[-1][2][8:])
    assert seen_at(Note(note.text, (forged,)), witness.verifier) is None
    with pytest.raises(BadNote, match="cosignature key"):
        cosigned(note, log.key, 0)
