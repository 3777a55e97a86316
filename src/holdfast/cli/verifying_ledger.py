"""What `holdfast ledger` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from holdfast.ledger.notes import COSIGNATURE, SIGNATURE, BadNote, Note, SigningKey, VerifierKey
from holdfast.ledger.verifying import Unusable, Verdict, verify
from holdfast.ledger.witness import Refused, Request, Witness, server


def run(
    export: Path, key: str, witnesses: Sequence[str], held: Sequence[Path], authorities: Path | None
) -> int:
    """Verify and say what was found; return the exit code."""
    console = Console(stderr=True)
    try:
        trusted = _key(key) if key else None
        notes = [Note.parse(path.read_text()) for path in held]
        roots = authorities.read_bytes() if authorities else b""
        with console.status("reading") as status:
            verdict = verify(
                export,
                key=trusted,
                witnesses=[_key(one) for one in witnesses],
                held=notes,
                authorities=roots,
                progress=lambda done: status.update(f"{done:,} entries"),
            )
    except (Unusable, BadNote, OSError, UnicodeDecodeError) as error:
        return _failed(error)
    _print(verdict, len(held))
    return 0 if verdict.holds else 1


def _print(verdict: Verdict, held: int) -> None:
    console = Console(highlight=False)
    told = f"{verdict.proven:,} of {verdict.entries:,} entries"
    console.print(
        f"{'holds' if verdict.holds else 'DOES NOT HOLD'}: {told} proven, {verdict.checkpoints} checkpoints"
    )
    console.print(f"log: {escape(verdict.origin)}")
    if not verdict.key_given:
        console.print("key: the export's own; compare it with the one you were given, or name it with --key")
        console.print(f"     {escape(verdict.key)}", soft_wrap=True)
    for name, size, when in verdict.witnessed[-20:]:
        at = datetime.fromtimestamp(when, UTC)
        console.print(f"seen by {escape(name)}: {size:,} entries at {at:%Y-%m-%d %H:%M:%S} UTC")
    if not verdict.witnessed and not held:
        console.print(
            "no witness asked: a log rewritten as a whole by its owner would not show (--witness, --held)"
        )
    for fault in verdict.faults[:50]:
        console.print(f"- {escape(fault)}", soft_wrap=True)
    if len(verdict.faults) > 50:
        console.print(f"- and {len(verdict.faults) - 50} more")


def make(name: str, out: Path, *, witness: bool) -> int:
    """Make a key; never overwrite one."""
    try:
        key = SigningKey.make(name, COSIGNATURE if witness else SIGNATURE)
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _failed(f"{out} exists; a key that signs a log is not replaced, choose another name")
    except (BadNote, OSError) as error:
        return _failed(error)
    with os.fdopen(handle, "w") as file:
        file.write(key.secret_text() + "\n")
    print(key.verifier)
    return 0


def watch(key: Path, log: str, memory: Path, listen: str, request: Path | None) -> int:
    """Cosign one request, or answer over HTTP until interrupted."""
    try:
        witness = Witness(SigningKey.parse(key.read_text()), _key(log), memory)
        if request is not None:
            print(witness.cosign(Request.parse(request.read_text())), end="")
            return 0
        host, colon, port = listen.rpartition(":")
        if not colon or not port.isdecimal():
            return _failed("name a --request, or --listen host:port")
        with server(witness, host or "127.0.0.1", int(port)) as running:
            print(f"witness listens on {running.server_address[0]!s}:{running.server_port}", file=sys.stderr)
            running.serve_forever()
    except Refused as refused:
        return _failed(refused, 1)
    except KeyboardInterrupt:
        return 0
    except (BadNote, OSError, UnicodeDecodeError) as error:
        return _failed(error)
    return 0


def export(out: Path) -> int:
    """Write the whole ledger of the desk on this machine."""
    from holdfast.web import serving

    serving.set_up()
    serving.migrate()
    from holdfast.desk.audit.keeping import signing_key
    from holdfast.desk.audit.queries import export_all
    from holdfast.desk.audit.sequencing import log_what_happened

    log_what_happened()
    number = export_all(out)
    print(
        f"{number:,} entries in {out}; verify with: holdfast ledger verify {out} --key {signing_key().verifier}"
    )
    return 0


def _key(given: str) -> VerifierKey:
    """Read a key as written, or from the file it names."""
    path = Path(given)
    return VerifierKey.parse(path.read_text() if len(given) < 1000 and path.is_file() else given)


def _failed(reason: object, code: int = 2) -> int:
    print(f"holdfast: {reason}", file=sys.stderr)
    return code
