"""Opens evidence into artefacts: each a file of ours with its bytes, whatever it was wrapped in."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from holdfast.diagnostics.analysers.contract import Opened
from holdfast.diagnostics.artefacts import Artefact
from holdfast.diagnostics.bundle import codecs
from holdfast.diagnostics.bundle.ahead import Ahead
from holdfast.diagnostics.bundle.limits import LimitHit, Limits
from holdfast.diagnostics.bundle.spool import Readable, Spool, Spooled
from holdfast.diagnostics.findings import Finding, Severity

_PATIENCE = 64
"""Reads of nothing that are an end and no more."""
_BROKEN: tuple[type[BaseException], ...] = (
    *codecs.BROKEN,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    zlib.error,
)
_EXTENSIONS = {".gz", ".bz2", ".xz", ".zst", ".tgz", ".tbz2", ".txz", ".tzst", ".tar", ".zip"}


@dataclass(slots=True)
class Bundle:
    """What was opened, and what could not be."""

    opened: list[Opened] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def partial(self) -> bool:
        """Tell whether something given could not be read whole."""
        return any(finding.severity >= Severity.WARNING for finding in self.findings)


def open_bundle(
    paths: Sequence[Path],
    folder: Path,
    limits: Limits | None = None,
    *,
    prefix: str = "A",
    progress: Callable[[str, int], None] | None = None,
    hashed: bool = True,
) -> Bundle:
    """Open files, folders and archives. Decompressed bytes go to `folder`; plain files stay where they are.

    prefix: of the artefact ids. progress: told the name and size of each artefact as it is opened.
    hashed: whether decompressed artefacts are hashed on the way; plain files never are.
    Raises FileNotFoundError for a path that does not exist; nothing else about the input raises.
    """
    opening = _Opening(Spool(folder, limits or Limits(), hashed), prefix, progress)
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
        opening.path(path, path.name)
    opening.duplicates()
    return opening.bundle


class _Opening:
    def __init__(self, spool: Spool, prefix: str, progress: Callable[[str, int], None] | None) -> None:
        self.spool, self.prefix, self.progress = spool, prefix, progress
        self.limits = spool.limits
        self.bundle = Bundle()
        self.names: Counter[str] = Counter()

    def path(self, path: Path, name: str) -> None:
        """Open a file or folder of the file system; links and devices in a folder are left alone."""
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
                below = f"{name}/{entry.name}"
                if entry.is_symlink() or not (entry.is_dir(follow_symlinks=False) or entry.is_file()):
                    self._left(below, "a link, device or socket")
                else:
                    self._guarded(partial(self.path, Path(entry.path), below), below)
        elif stat.S_ISREG(mode):
            self._guarded(partial(self._file, path, name), name)
        else:
            self._left(name, "a device or socket")

    def _guarded(self, act: Callable[[], None], name: str) -> None:
        try:
            act()
        except LimitHit as hit:
            self._report(hit.rule, f"{name} {hit}", Severity.ERROR)
        except _BROKEN as error:
            self._report("bundle.unreadable", f"{name} could not be opened: {error}", Severity.WARNING)

    def _file(self, path: Path, name: str) -> None:
        with path.open("rb") as stream:
            head = stream.read(codecs.MAGIC)
            stream.seek(0)
            if self._container(head, stream, name, 0, seekable=True):
                return
        self._artefact(name, Spooled(path, path.stat().st_size, ""))

    def _container(self, head: bytes, stream: BinaryIO, name: str, depth: int, *, seekable: bool) -> bool:
        """Open a container; False when the head announces none. Too deep a one is kept as it is."""
        codec, zipped, tarred = codecs.codec(head), head.startswith(b"PK\x03\x04"), _is_tar(head)
        if not (codec or zipped or tarred):
            return False
        if depth >= self.limits.depth:
            self._report(
                "bundle.too_deep", f"{name} lies {depth} containers deep; kept unopened", Severity.WARNING
            )
            return False
        if codec:
            self._compressed(codec, stream, name, depth)
        elif tarred:
            self._tar(stream, name, depth)
        else:
            self._zip(stream, name, depth, seekable=seekable)
        return True

    def _compressed(self, codec: str, stream: BinaryIO, name: str, depth: int) -> None:
        with Ahead(codecs.decompress(codec, stream, self.limits)) as inner:
            self._member(inner, _without_suffix(name), depth + 1)

    def _member(self, stream: Readable, name: str, depth: int) -> None:
        """Take in one member: open it if it is a container itself, else keep its bytes."""
        try:
            head = _filled(stream, codecs.MAGIC)
        except _BROKEN as error:
            self._report("bundle.truncated", f"{name} cannot be decompressed: {error}", Severity.WARNING)
            return
        if codecs.codec(head) or _is_tar(head) or head.startswith(b"PK\x03\x04"):
            whole = cast("BinaryIO", _Rejoined(head, stream))
            if self._container(head, whole, name, depth, seekable=False):
                return
            self._artefact(name, self.spool.keep(whole, _BROKEN))
            return
        self._artefact(name, self.spool.keep(stream, _BROKEN, head))

    def _tar(self, stream: BinaryIO, name: str, depth: int) -> None:
        seen = 0
        try:
            with tarfile.open(
                fileobj=_Finite(stream), mode="r|", errorlevel=0, encoding="utf-8", errors="surrogateescape"
            ) as tar:
                for member in tar:
                    seen += 1
                    within = f"{name}/{_clean(member.name, self.limits)}"
                    inner = tar.extractfile(member) if member.isreg() else None
                    if inner is not None:
                        self._guarded(partial(self._member, inner, within, depth + 1), within)
                    elif not member.isdir():
                        self._left(within, "a link or device")
        except LimitHit:
            raise
        except _BROKEN as error:
            self._report(
                "bundle.truncated", f"{name} breaks off after {seen} members: {error}", Severity.WARNING
            )

    def _zip(self, stream: BinaryIO, name: str, depth: int, *, seekable: bool) -> None:
        if not seekable:
            kept = self.spool.keep(stream, _BROKEN)
            stream = kept.path.open("rb")
        with stream, zipfile.ZipFile(stream) as archive:
            for info in archive.infolist():
                within = f"{name}/{_clean(info.filename, self.limits)}"
                if info.is_dir():
                    continue
                if stat.S_ISLNK(info.external_attr >> 16):
                    self._left(within, "a link")
                elif info.flag_bits & 1:
                    self._report(
                        "bundle.encrypted", f"{within} is encrypted; kept unopened", Severity.WARNING
                    )
                elif info.file_size > self.limits.ratio_from and info.file_size > self.limits.ratio * max(
                    info.compress_size, 1
                ):
                    grown = info.file_size // max(info.compress_size, 1)
                    self._report(
                        "bundle.bomb", f"{within} would grow {grown} times; refused as a bomb", Severity.ERROR
                    )
                else:
                    self._guarded(partial(self._zip_member, archive, info, within, depth), within)

    def _zip_member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, depth: int) -> None:
        with archive.open(info) as inner:
            self._member(cast("Readable", inner), name, depth + 1)

    def _artefact(self, name: str, kept: Spooled) -> None:
        if len(self.bundle.opened) >= self.limits.members:
            raise LimitHit(
                "bundle.too_many", f"is past the limit of {self.limits.members:,} files; left unread"
            )
        if kept.rule == "bundle.bomb":
            kept.path.unlink()
            self._report(kept.rule, f"{name} {kept.cut}", Severity.ERROR)
            return
        if kept.cut:
            self._report(kept.rule, f"{name} {kept.cut}; what came before was kept", Severity.WARNING)
        identity = f"{self.prefix}{len(self.bundle.opened) + 1}"
        artefact = Artefact(identity, name, kept.size, kept.sha256, note=kept.cut)
        self.bundle.opened.append(Opened(artefact, kept.path))
        self.names[name] += 1
        if self.progress:
            self.progress(name, kept.size)

    def _left(self, name: str, what: str) -> None:
        self._report("bundle.left_out", f"{name} is {what}; left alone", Severity.INFO)

    def _report(self, rule: str, title: str, severity: Severity) -> None:
        self.bundle.findings.append(Finding(rule, title, severity, 1.0))

    def duplicates(self) -> None:
        """Say which names stand for several artefacts; all of them are read."""
        for name, count in self.names.items():
            if count > 1:
                self._report(
                    "bundle.duplicate",
                    f"{name} stands {count} times in the evidence; all were read",
                    Severity.INFO,
                )


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were already taken."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        super().__init__()
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            size = len(self._head) if size < 0 else size
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._rest.read(size)


class _Finite(io.RawIOBase):
    """A stream that says so when somebody goes on reading behind its end: a member may claim to be of any size, and
    `tarfile` would read nothing as often as that takes."""

    def __init__(self, stream: Readable) -> None:
        super().__init__()
        self._stream, self._empty = stream, 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._empty = 0 if data else self._empty + 1
        if self._empty > _PATIENCE:
            raise EOFError("a member claims more than there is")
        return data


def _filled(stream: Readable, size: int) -> bytes:
    """Read until `size` bytes or the end: a stream may give less at a time."""
    parts: list[bytes] = []
    while size > 0:
        data = stream.read(size)
        if not data:
            break
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _is_tar(head: bytes) -> bool:
    """Recognise a tar by the checksum of its first header, which old ones without a magic have too."""
    if len(head) < 512 or not head[0]:
        return False
    try:
        said = int(head[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        return False
    return said == sum(head[:148]) + 8 * 32 + sum(head[156:512])


def _clean(name: str, limits: Limits) -> str:
    """Return a member's name as it may be shown: no control characters, no lone surrogates, not endless."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[: limits.name]
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text).strip("/") or "unnamed"


def _without_suffix(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    if suffix.lower() in (".tgz", ".tbz2", ".txz", ".tzst"):
        return stem
    return stem if suffix.lower() in _EXTENSIONS else name
