"""Where derivatives go: a folder or an archive that appears whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PACKED = (".tar.gz", ".tgz")
_MODE = 0o644


class OutputUnusable(ValueError):
    """The place for the derivatives cannot be used; says why and what was left as it was."""


def is_packed(out: Path) -> bool:
    """Tell whether an output's name asks for an archive."""
    return out.name.lower().endswith(_PACKED)


@contextlib.contextmanager
def place(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` that becomes `out` when all went well, and vanishes otherwise."""
    if out.exists() and (is_packed(out) or not out.is_dir() or any(out.iterdir())):
        raise OutputUnusable(f"{out} exists and is not empty; choose another place, nothing was changed")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = (out.parent / f".{out.name}.lock").open("wb")
    except OSError as error:
        raise told(error, out) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputUnusable(
                f"another redaction is writing to {out}; wait for it or choose another place"
            ) from error
        making = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            yield making
            _pack(making, out) if is_packed(out) else _move(making, out)
        finally:
            shutil.rmtree(making, ignore_errors=True)
            Path(lock.name).unlink(missing_ok=True)


def _move(making: Path, out: Path) -> None:
    if out.exists():
        if any(out.iterdir()):
            raise OutputUnusable(f"{out} was filled meanwhile; nothing of it was changed")
        out.rmdir()
    making.chmod(0o755)
    os.rename(making, out)


def _pack(making: Path, out: Path) -> None:
    """Write a folder's files as an archive, in order, without owner and times: equal files make equal archives."""
    part = making / ".part"
    stem = next(out.name[: -len(one)] for one in _PACKED if out.name.lower().endswith(one)) or "redacted"
    names = sorted(path.name for path in making.iterdir())
    try:
        with part.open("wb") as target:
            with (
                gzip.GzipFile("", "wb", 6, target, 0) as packed,
                tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
            ):
                for name in names:
                    info = tarfile.TarInfo(f"{stem}/{name}")
                    info.size, info.mode = (making / name).stat().st_size, _MODE
                    with (making / name).open("rb") as source:
                        archive.addfile(info, source)
            target.flush()
            os.fsync(target.fileno())
        os.link(part, out)  # unlike a rename it never takes the place of a file that came meanwhile
    except FileExistsError as error:
        raise OutputUnusable(f"{out} was written meanwhile; it was not changed") from error
    except OSError as error:
        raise told(error, out) from error


def write(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())


def told(error: OSError, out: Path) -> OutputUnusable:
    """Return what to tell of a place that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputUnusable(f"the disk is full; nothing was written to {out}, the originals are untouched")
    return OutputUnusable(f"{out} cannot be written: {error}; the originals are untouched")
