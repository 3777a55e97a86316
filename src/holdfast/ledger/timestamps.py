"""Time-stamps of an authority (RFC 3161) over a checkpoint: a witness that needs no key exchange with us."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.x509 import load_pem_x509_certificates

from holdfast.ledger.notes import Note

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest


class BadTimestamp(ValueError):
    """A time-stamp that is not one, or not of this checkpoint, or not of this authority."""


def request_for(note: Note) -> TimeStampRequest:
    """Return the query to send (its `as_bytes()`, as `application/timestamp-query`)."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    asked = TimestampRequestBuilder().data(note.text.encode()).hash_algorithm(HashAlgorithm.SHA256)
    return asked.nonce(nonce=True).cert_request(cert_request=True).build()


def require_answer(token: bytes, asked: TimeStampRequest, note: Note) -> None:
    """Refuse an answer that is no token, of another checkpoint, or to another query (RFC 3161, 2.4.2).

    Whether its authority is one to trust is for whoever verifies, who names its roots.
    """
    from rfc3161_client import decode_timestamp_response

    try:
        info = decode_timestamp_response(token).tst_info
    except ValueError as error:
        raise BadTimestamp(f"the answer is no time-stamp: {error}") from error
    if info.message_imprint.message != sha256(note.text.encode()).digest():
        raise BadTimestamp("the time-stamp is of something else")
    if info.nonce != asked.nonce:
        raise BadTimestamp("the time-stamp answers another query")


def stamped_at(token: bytes, note: Note, roots: bytes) -> datetime:
    """Return when the authority saw the checkpoint; BadTimestamp unless its chain ends in one of the PEM roots."""
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        answer = decode_timestamp_response(token)
        builder = VerifierBuilder()
        for root in load_pem_x509_certificates(roots):
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(answer, note.text.encode())
    except (ValueError, VerificationError) as error:
        raise BadTimestamp(f"the time-stamp does not hold: {error}") from error
    return answer.tst_info.gen_time
