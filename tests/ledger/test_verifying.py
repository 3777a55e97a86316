"""An export proves what happened, to anybody; whatever is changed in it shows."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from holdfast.cli.application import app
from holdfast.ledger import verifying
from holdfast.ledger.checkpoints import cosigned
from holdfast.ledger.notes import COSIGNATURE, SigningKey, VerifierKey
from holdfast.ledger.verifying import Unusable, verify
from holdfast.ledger.witness import Request
from small_log import Log

Exported = Callable[..., Path]


def holdfast(*words: object) -> Result:
    return CliRunner().invoke(app, ["ledger", *map(str, words)])


def second(folder: Path, key: VerifierKey, held: Path | None = None) -> bool:
    """What the other verifier, in another language, says."""
    words = ["node", str(Path(__file__).with_name("verifier.mjs")), str(folder), str(key)]
    done = subprocess.run(
        [*words, *([str(held)] if held else [])], capture_output=True, text=True, timeout=60
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def test_a_whole_log_holds_and_another_program_agrees(log: Log, unpacked: Exported) -> None:
    folder = unpacked()

    verdict = verify(folder, key=log.key.verifier)

    assert (verdict.faults, verdict.proven, verdict.entries) == ([], 300, 300)
    assert (verdict.checkpoints, verdict.openings) == (4, 300)
    assert second(folder, log.key.verifier)


@pytest.mark.parametrize("at_once", [1, 100, 5000])
def test_it_holds_however_much_is_read_at_once(
    unpacked: Exported, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    folder, seen = unpacked(), list[int]()
    monkeypatch.setattr(verifying, "AT_ONCE", at_once)

    verdict = verify(folder, progress=seen.append)

    assert (verdict.faults, verdict.proven, seen[-1]) == ([], 300, 300)


def test_an_entry_without_end_is_refused_before_it_fills_the_memory(
    unpacked: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpacked()
    monkeypatch.setattr(verifying, "AT_ONCE", 1000)
    monkeypatch.setattr(verifying, "MOST_LINE", 5000)
    with (folder / "entries.jsonl").open("ab") as file:
        file.write(b"x" * 6001)

    with pytest.raises(Unusable, match="longer than 5000 bytes"):
        verify(folder)


def test_a_last_entry_that_is_cut_off_shows(unpacked: Exported) -> None:
    folder = unpacked()
    raw = (folder / "entries.jsonl").read_bytes()
    (folder / "entries.jsonl").write_bytes(raw[:-1])

    assert verify(folder).faults == ["the last entry is cut off"]


def test_a_part_holds_by_its_proofs_and_another_program_agrees(log: Log, unpacked: Exported) -> None:
    folder = unpacked(part=[0, 6, 42, 255, 256, 299])

    verdict = verify(folder, key=log.key.verifier)

    assert (verdict.faults, verdict.proven, verdict.openings) == ([], 6, 6)
    assert second(folder, log.key.verifier)


def test_what_was_erased_keeps_its_proof(log: Log, unpacked: Exported) -> None:
    log.openings = [one for one in log.openings if one[0] % 2]

    verdict = verify(unpacked(), key=log.key.verifier)

    assert (verdict.faults, verdict.proven, verdict.openings) == ([], 300, 150)


def test_a_value_told_otherwise_shows(log: Log, unpacked: Exported) -> None:
    folder = unpacked()
    told = (folder / "openings.jsonl").read_text().replace("person 3", "person 4", 1)
    (folder / "openings.jsonl").write_text(told)

    assert verify(folder, key=log.key.verifier).faults == [
        "what is told of `by` in entry 3 is not what was logged"
    ]


def flipped(rng: random.Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ 1 << rng.randrange(8)]) + raw[place + 1 :]


def deleted(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    lines.pop(rng.randrange(len(lines)))
    return b"".join(lines)


def swapped(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    first, other = rng.sample(range(len(lines)), 2)
    lines[first], lines[other] = lines[other], lines[first]
    return b"".join(lines)


def truncated(rng: random.Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw))]


def doubled(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return b"".join(lines)


CHANGES = [flipped, deleted, swapped, truncated, doubled]
# In a part the lines stand for themselves: their order says nothing.
TRIED = [(change, None) for change in CHANGES] + [
    (change, [0, 6, 42, 255, 299]) for change in (flipped, deleted, truncated)
]


@pytest.mark.parametrize(("change", "part"), TRIED)
def test_every_change_of_entries_shows(
    log: Log, unpacked: Exported, part: list[int] | None, change: Callable[[random.Random, bytes], bytes]
) -> None:
    folder = unpacked(part=part)
    whole, rng = (folder / "entries.jsonl").read_bytes(), random.Random(5)
    changed = {other for _ in range(400) if (other := change(rng, whole)) != whole}
    for other in changed:
        (folder / "entries.jsonl").write_bytes(other)
        assert not verify(folder, key=log.key.verifier).holds or _says_the_same(other, whole)
    assert len(changed) >= 5  # of a part there are only five lines to delete


def _says_the_same(other: bytes, whole: bytes) -> bool:
    """Whether an end of a line is all that differs."""
    return [json.loads(line) for line in other.split(b"\n") if line] == [
        json.loads(line) for line in whole.split(b"\n") if line
    ]


def test_every_single_bit_matters(tmp_path: Path) -> None:
    small = Log()
    small.append(20)
    shutil.unpack_archive(small.export(tmp_path / "small.zip"), tmp_path / "small")
    place = tmp_path / "small" / "entries.jsonl"
    entries = place.read_bytes()
    (tmp_path / "small" / "openings.jsonl").write_bytes(b"")
    for bit in range(0, len(entries) * 8, 3):
        changed = bytearray(entries)
        changed[bit // 8] ^= 1 << bit % 8
        place.write_bytes(changed)
        assert not verify(tmp_path / "small", key=small.key.verifier).holds


def test_a_log_rewritten_with_the_true_key_shows_to_who_held_a_checkpoint(log: Log, tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.write_text(str(log.notes[2]))
    other = Log(key=log.key)
    other.append(100)
    other.append(200)
    export = other.export(tmp_path / "other.zip")

    assert verify(export, key=log.key.verifier).holds  # a forged whole holds by itself: hence witnesses
    said = holdfast("verify", export, "--key", log.key.verifier, "--held", held)

    assert said.exit_code == 1
    assert "the log was rewritten" in said.output
    shutil.unpack_archive(export, tmp_path / "other")
    assert not second(tmp_path / "other", log.key.verifier, held)


def test_a_log_cut_before_what_was_held_shows(log: Log, tmp_path: Path) -> None:
    short = Log(log.key, log.tiles, log.entries[:100], notes=log.notes[:3])
    short.openings = log.openings[:100]

    verdict = verify(short.export(tmp_path / "short.zip"), key=log.key.verifier, held=[log.notes[3]])

    assert any("it was cut" in fault for fault in verdict.faults)


def test_two_views_signed_for_one_size_show(log: Log, unpacked: Exported) -> None:
    other = Log(key=log.key)
    other.append(100)
    folder = unpacked()
    with (folder / "checkpoints.jsonl").open("a") as file:
        file.write(json.dumps({"note": str(other.notes[0]), "timestamps": []}) + "\n")

    assert any("two views" in fault for fault in verify(folder, key=log.key.verifier).faults)


def test_another_key_proves_nothing(unpacked: Exported) -> None:
    verdict = verify(unpacked(), key=SigningKey.make("desk.example/log").verifier)

    assert not verdict.holds
    assert verdict.proven == 0


def test_it_says_who_saw_the_log_and_when(log: Log, tmp_path: Path) -> None:
    witness = SigningKey.make("witness.example", COSIGNATURE)
    log.notes[-1] = cosigned(log.notes[-1], witness, 1_790_000_000)
    words = ["--key", str(log.key.verifier), "--witness", str(witness.verifier)]

    said = holdfast("verify", log.export(tmp_path / "export.zip"), *words)

    assert said.exit_code == 0
    assert "holds: 300 of 300 entries proven" in said.output
    assert "seen by witness.example: 300 entries at 2026-09-21" in said.output


@pytest.mark.parametrize("name", ["manifest.json", "entries.jsonl", "checkpoints.jsonl", "openings.jsonl"])
def test_arbitrary_bytes_never_hold_and_never_crash(log: Log, unpacked: Exported, name: str) -> None:
    folder, rng = unpacked(), random.Random(3)
    for _ in range(60):
        (folder / name).write_bytes(rng.randbytes(rng.randrange(400)) + b"\n")
        with contextlib.suppress(Unusable):
            assert not verify(folder, key=log.key.verifier).holds


def test_a_file_that_is_no_export_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 not really")

    for name in ("x.zip", "absent"):
        said = holdfast("verify", tmp_path / name)
        assert said.exit_code == 2
        assert "cannot be read" in said.output


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "key"

    printed = holdfast("key", "desk.example/log", "--out", out).output.strip()

    assert SigningKey.parse(out.read_text()).verifier == VerifierKey.parse(printed)
    assert os.stat(out).st_mode & 0o077 == 0
    again = holdfast("key", "desk.example/log", "--out", out)
    assert again.exit_code == 2
    assert "exists" in again.output


def test_a_witness_cosigns_a_request_from_a_file(log: Log, tmp_path: Path) -> None:
    holdfast("key", "witness.example", "--witness", "--out", tmp_path / "key")
    request = tmp_path / "request"
    request.write_text(str(Request(0, (), log.notes[0])))
    words = ["--key", tmp_path / "key", "--log", log.key.verifier, "--memory", tmp_path / "seen"]

    cosigned_note = holdfast("witness", *words, "--request", request)
    request.write_text(str(Request(0, (), log.notes[1])))

    assert (cosigned_note.exit_code, "witness.example" in cosigned_note.output) == (0, True)
    assert holdfast("witness", *words, "--request", request).exit_code == 1
    assert holdfast("witness", *words).exit_code == 2
